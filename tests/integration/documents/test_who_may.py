"""Documents are their tenant's, and within it those people's who may: before, while and after bytes flow."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from belsimple.identity import account
from belsimple.web import watch
from tests.support.api import Api, Response
from tests.support.databases import ONE_PROFILE
from tests.support.world import World

from .conftest import Send, Upload, blobs

PIECE = b"x" * 65536
PATHS = ("", "/content", "/content?version=1", "/versions")


def told(answer: Response) -> tuple[int, bytes, dict[str, str]]:
    """All that a client sees of an answer, save the request's own id."""
    return answer.status, answer.body, {name: value for name, value in answer.headers.items() if name != "x-request-id"}


async def test_another_tenants_document_is_byte_for_byte_one_that_does_not_exist(
    api: Api, upload: Upload, dossier: str, world: World, tmp_path: Path
) -> None:
    document = (await upload(b"theirs")).json["id"]
    _, other = await world.another_tenant()
    token = await world.session(other)
    for path in PATHS:
        for method in ("GET", "HEAD"):
            theirs = await api(token, method, f"/api/v1/documents/{document}{path}", headers={"range": "bytes=0-1"})
            missing = await api(token, method, f"/api/v1/documents/{uuid4()}{path}", headers={"range": "bytes=0-1"})
            malformed = await api(token, method, f"/api/v1/documents/nonsense{path}", headers={"range": "bytes=0-1"})
            assert theirs.status == 404
            assert told(theirs) == told(missing) == told(malformed)
    for path in (f"documents/{document}/versions", f"dossiers/{dossier}/documents"):
        theirs = await api(token, "POST", f"/api/v1/{path}?filename=a", pieces=[b"x"])
        missing = await api(
            token, "POST", f"/api/v1/{path.split('/')[0]}/{uuid4()}/{path.split('/')[2]}?filename=a", pieces=[b"x"]
        )
        assert theirs.status == 404
        assert told(theirs) == told(missing)
    assert told(await api(token, "DELETE", f"/api/v1/documents/{document}")) == told(
        await api(token, "DELETE", f"/api/v1/documents/{uuid4()}")
    )
    assert (await api(token, "GET", f"/api/v1/dossiers/{dossier}/documents")).status == 404
    assert len(blobs(tmp_path)) == 1


@ONE_PROFILE
async def test_an_auditor_reads_and_does_not_write(api: Api, upload: Upload, dossier: str, world: World) -> None:
    document = (await upload(b"read me")).json["id"]
    auditor = await world.session(await world.account("auditor"))
    assert (await api(auditor, "GET", f"/api/v1/documents/{document}/content")).body == b"read me"
    for method, path in (
        ("POST", f"dossiers/{dossier}/documents?filename=a"),
        ("POST", f"documents/{document}/versions"),
        ("DELETE", f"documents/{document}"),
    ):
        refused = await api(auditor, method, f"/api/v1/{path}", pieces=[b"x"])
        assert (refused.status, refused.problem) == (403, "forbidden"), path


@ONE_PROFILE
async def test_who_may_not_learns_nothing_of_what_was_wrong(
    api: Api, upload: Upload, dossier: str, world: World
) -> None:
    await upload(b"x")
    auditor = await world.session(await world.account("auditor"))
    for target, kind in (
        (f"dossiers/{uuid4()}/documents?filename=a", "text/plain"),
        (f"dossiers/{dossier}/documents", "text/plain"),
        (f"dossiers/{dossier}/documents?filename=a", "multipart/form-data"),
    ):
        refused = await api(auditor, "POST", f"/api/v1/{target}", pieces=[b"x"], headers={"content-type": kind})
        assert refused.status == 403, target
    assert (await api(None, "POST", f"/api/v1/dossiers/{dossier}/documents?filename=a", pieces=[b"x"])).status == 401


@ONE_PROFILE
async def test_a_permission_lost_while_it_arrives_keeps_nothing(
    api: Api, dossier: str, world: World, tmp_path: Path
) -> None:
    member = await world.account("member")
    token = await world.session(member)

    async def body() -> AsyncIterator[bytes]:
        yield PIECE
        async with world.acting() as transaction:
            await account.change_member(transaction, member_id=member.id, status=None, roles=["auditor"], expected=None)
        yield PIECE

    refused = await api(token, "POST", f"/api/v1/dossiers/{dossier}/documents?filename=a", pieces=body())
    assert (refused.status, refused.problem) == (403, "forbidden")
    assert blobs(tmp_path) == []


@ONE_PROFILE
async def test_a_tenant_suspended_while_it_arrives_keeps_nothing(
    api: Api, dossier: str, world: World, tmp_path: Path
) -> None:
    token = await world.session()

    async def body() -> AsyncIterator[bytes]:
        yield PIECE
        await world.suspend()

    refused = await api(token, "POST", f"/api/v1/dossiers/{dossier}/documents?filename=a", pieces=body())
    assert refused.status == 401
    assert blobs(tmp_path) == []


@ONE_PROFILE
async def test_a_suspended_tenants_documents_are_closed_and_not_lost(
    send: Send, upload: Upload, world: World, tmp_path: Path
) -> None:
    document = (await upload(b"still here")).json["id"]
    await world.suspend()
    assert (await send("GET", f"/api/v1/documents/{document}/content")).status == 401
    assert len(blobs(tmp_path)) == 1
    await world.resume()
    token = await world.session()
    assert (await send("GET", f"/api/v1/documents/{document}/content", token=token)).body == b"still here"


@ONE_PROFILE
async def test_a_long_upload_ends_with_its_session(
    api: Api, dossier: str, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "CHECK_SECONDS", 0.0)
    member = await world.account("member")
    token = await world.session(member)
    sent: list[int] = []

    async def body() -> AsyncIterator[bytes]:
        yield PIECE
        await world.deactivate(member)
        for number in range(300):
            sent.append(number)
            yield PIECE

    refused = await api(token, "POST", f"/api/v1/dossiers/{dossier}/documents?filename=a", pieces=body())
    assert refused.status == 401
    assert refused.headers["set-cookie"].startswith("__Host-")
    assert len(sent) < 200  # at most what runs out after a refusal, and is thrown away
    assert blobs(tmp_path) == []


@ONE_PROFILE
async def test_a_long_download_ends_with_its_session(
    api: Api, upload: Upload, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = (await upload(PIECE * 40)).json["id"]
    member = await world.account("member")
    token = await world.session(member)
    monkeypatch.setattr(watch, "CHECK_SECONDS", 0.0)

    async def ended(self: watch.Watch) -> None:
        await world.deactivate(member)
        await original(self)

    original = watch.Watch.look
    monkeypatch.setattr(watch.Watch, "look", ended)
    with pytest.raises(Exception, match="no-session"):  # half an answer is out: the connection breaks
        await api(token, "GET", f"/api/v1/documents/{document}/content")
