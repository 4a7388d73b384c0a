# ruff: noqa: A002 - handlers name their parameters as the path does
"""Files that a page's form sends without any script: stored as uploads of the API are, all of them or none."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import pytest
import pytest_asyncio

from belsimple.files.vault import Vault
from belsimple.modules import Answer, Form, FormUpload, Transaction, endpoint
from belsimple.web import form_uploads, uploads
from belsimple_dossiers import documents
from tests.support.api import Api, Response
from tests.support.databases import ONE_PROFILE
from tests.support.world import World

from .conftest import MEBIBYTE, Send, blobs, served
from .test_interrupted_uploads import nothing_stays
from .test_quota import allow

pytestmark = ONE_PROFILE
BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
FORM = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
GONE: dict[str, Any] = {"type": "http.disconnect"}
PIECE = b"x" * 65536
Post = Callable[..., Awaitable[Response]]


class Remark(Form, frozen=True):
    remark: str
    secret: bool = False


async def _admit(transaction: Transaction, id: UUID) -> None:
    await documents.require_dossier(transaction, id)


@endpoint("POST", "/attaching/{id}/attach", permission="dossiers:write", summary="Attach", admit=_admit)
async def attach(
    transaction: Transaction, id: UUID, body: Remark, uploads: list[FormUpload]
) -> Answer[Literal[200], Any]:
    names = [(await documents.add_document(transaction, id, one.filename, one)).filename for one in uploads]
    if body.remark == "fail":
        raise RuntimeError("after the rows")
    return Answer(200, {"names": names, "types": [one.media_type for one in uploads], "remark": body.remark})


@endpoint("POST", "/attaching/{id}/files", permission="dossiers:write", summary="Attach without fields")
async def attach_only(transaction: Transaction, id: UUID, uploads: list[FormUpload]) -> None:
    for one in uploads:
        await documents.add_document(transaction, id, one.filename, one)


@pytest_asyncio.fixture
async def api(world: World, vault: Vault) -> AsyncIterator[Api]:
    """Part web, with a page's endpoints."""
    async with Api.serving(world.installed, (*served(), attach, attach_only), vault) as api:
        yield api


def field(name: str, value: str | bytes) -> bytes:
    """A text field, as a browser writes it."""
    value = value.encode() if isinstance(value, str) else value
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"


def file(content: bytes, name: str = "a.txt", kind: str = "text/plain", input: str = "file") -> bytes:
    """A file, as a browser writes it."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{input}"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'
    return head.encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()
EMPTY = file(b"", "", "application/octet-stream")
REMARK = field("remark", "née")


@pytest.fixture
def post(send: Send, dossier: str) -> Post:
    """Sends parts as a form."""

    async def form(*parts: bytes, piece: int = 65536, path: str = "attach", **options: Any) -> Response:
        body = b"".join((*parts, END))
        pieces = options.pop("pieces", None) or [body[at : at + piece] for at in range(0, len(body), piece)]
        headers = {**FORM, **options.pop("headers", {})}
        return await send("POST", f"/attaching/{dossier}/{path}", pieces=pieces, headers=headers, **options)

    return form


async def stored(send: Send, dossier: str) -> dict[str, bytes]:
    """Every document of the dossier, decrypted."""
    listed = (await send("GET", f"/api/v1/dossiers/{dossier}/documents")).json["items"]
    contents = [await send("GET", f"/api/v1/documents/{one['id']}/content") for one in listed]
    return {one["filename"]: content.body for one, content in zip(listed, contents, strict=True)}


async def test_several_files_and_fields_come_together(send: Send, post: Post, dossier: str, tmp_path: Path) -> None:
    long = os.urandom(3 * MEBIBYTE + 7)
    sent = await post(file(b"one", "één.txt"), REMARK, file(long, "b.bin", "Image/PNG; x=y"), file(b"", "empty"), EMPTY)
    assert (sent.status, sent.json["remark"]) == (200, "née")
    assert sent.json["names"] == ["één.txt", "b.bin", "empty"]
    assert sent.json["types"] == ["text/plain", "image/png", "text/plain"]
    assert await stored(send, dossier) == {"één.txt": b"one", "b.bin": long, "empty": b""}
    assert len(blobs(tmp_path)) == 3


@pytest.mark.parametrize("piece", [1, 2, 7, 61])
async def test_it_does_not_matter_where_the_network_cuts(send: Send, post: Post, dossier: str, piece: int) -> None:
    content = b"\r\n--" + BOUNDARY.encode()[:-1] + b"\r\r\n-" + END[:-5]  # nearly a boundary
    sent = await post(REMARK, file(content, "a"), file(b"\r\n", "b"), piece=piece)
    assert sent.status == 200, sent.body
    assert await stored(send, dossier) == {"a": content, "b": b"\r\n"}


async def test_nothing_of_a_file_lies_on_the_disk_in_the_clear(post: Post, tmp_path: Path) -> None:
    marker = b"a sentence of a client's letter"
    assert (await post(REMARK, file(marker * 50_000))).status == 200
    found = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(found) >= 2
    assert not any(marker in path.read_bytes() for path in found)


@pytest.mark.parametrize("parts", [(REMARK,), (REMARK, EMPTY), (EMPTY,)])
async def test_a_form_without_a_file_asks_for_one(post: Post, parts: tuple[bytes, ...]) -> None:
    refused = await post(*parts)
    assert refused.status == 422
    assert "/file" in refused.pointers
    assert ("/remark" in refused.pointers) == (REMARK not in parts)  # all that is wrong is told at once


@pytest.mark.parametrize(
    ("parts", "pointer"),
    [
        ((file(b"x"),), "/remark"),
        ((file(b"x"), field("remark", "a"), field("secret", "perhaps")), "/secret"),
        ((file(b"x"), REMARK, field("tenant_id", "1")), "/tenant_id"),
        ((REMARK, file(b"x", input="other")), "/other"),
        ((REMARK, file(b"x", "../a")), "/file"),
        ((REMARK, file(b"x", "a\u202etxt.exe")), "/file"),
        ((REMARK, *(file(b"x", f"{n}") for n in range(21))), "/file"),
    ],
)
async def test_what_is_wrong_is_pointed_at_and_nothing_is_kept(
    post: Post, world: World, tmp_path: Path, parts: tuple[bytes, ...], pointer: str
) -> None:
    refused = await post(*parts)
    assert (refused.status, refused.pointers) == (422, [pointer])
    await nothing_stays(world, tmp_path)


async def test_twenty_files_are_not_too_many(send: Send, post: Post, dossier: str) -> None:
    assert (await post(REMARK, *(file(b"x", f"{n}") for n in range(20)))).status == 200
    assert len(await stored(send, dossier)) == 20


async def test_a_form_without_a_struct_takes_no_fields(post: Post) -> None:
    assert (await post(file(b"x"), path="files")).status == 204
    refused = await post(file(b"x"), REMARK, path="files")
    assert (refused.status, refused.pointers) == (422, ["/remark"])


BROKEN = {
    "cut off": file(b"x") + f"--{BOUNDARY}".encode(),
    "no header": f"--{BOUNDARY}\r\n\r\nx\r\n".encode() + END,
    "no name": f"--{BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nx\r\n".encode() + END,
    "other boundary": b"--other\r\n\r\n" * 10,
    "folded header": f'--{BOUNDARY}\r\nContent-Disposition: form-data;\r\n name="file"\r\n\r\n'.encode() + END,
    "not utf-8": field("remark", b"\xff") + file(b"x") + END,
    "nul": field("remark", b"a\0b") + file(b"x") + END,
    "bytes without a name": REMARK + file(b"x", "") + END,
}


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("piece", [5, 65536])
async def test_a_broken_form_is_refused(post: Post, world: World, tmp_path: Path, what: str, piece: int) -> None:
    body = BROKEN[what]
    refused = await post(pieces=[body[at : at + piece] for at in range(0, len(body), piece)])
    assert (refused.status, refused.problem) == (400, "malformed")
    await nothing_stays(world, tmp_path)


@pytest.mark.parametrize("pieces", [[b"x"], [b"\r\n", b"GET / HTTP/1.1\r\n"], [b"\n" * 200, b"-"]])
async def test_nothing_may_follow_the_end(post: Post, world: World, tmp_path: Path, pieces: list[bytes]) -> None:
    refused = await post(pieces=[REMARK + file(b"x") + END, *pieces])
    assert (refused.status, refused.problem) == (400, "malformed")
    await nothing_stays(world, tmp_path)


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/mixed; boundary=x",
        "multipart/form-data; boundary=" + "x" * 71,
        "",
    ],
)
async def test_what_is_no_such_form_is_refused(post: Post, kind: str) -> None:
    assert (await post(REMARK, file(b"x"), headers={"content-type": kind})).status == 415


async def test_the_api_still_takes_no_form(send: Send, dossier: str) -> None:
    target = f"/api/v1/dossiers/{dossier}/documents?filename=a"
    assert (await send("POST", target, pieces=[file(b"x"), END], headers=FORM)).status == 415


async def test_fields_have_a_bound_of_their_own(post: Post, world: World, tmp_path: Path) -> None:
    assert (await post(field("remark", "x" * 65536), file(b"x", "1"))).status == 200
    halves = (field("remark", "x" * 40000), field("secret", "x" * 40000))
    long_header = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{"n" * 5000}"\r\n\r\nx\r\n'.encode()
    many = [field(f"n{number}", "") for number in range(150)]
    for parts in (halves, [long_header], many):
        assert (await post(file(b"y", "2"), *parts)).status == 413
    assert len(blobs(tmp_path)) == 1


async def test_each_file_has_the_limit_of_a_document(post: Post, world: World, tmp_path: Path) -> None:
    fits = b"x" * (20 * MEBIBYTE)
    assert (await post(REMARK, file(b"small"), file(fits, "b"))).status == 200
    before = len(blobs(tmp_path))
    refused = await post(REMARK, file(b"small"), file(fits + b"x", "b"))
    assert (refused.status, refused.problem) == (413, "too-large")
    declared = await post(REMARK, headers={"content-length": str(20 * 20 * MEBIBYTE + 2 * MEBIBYTE)})
    assert (declared.status, declared.problem) == (413, "too-large")
    assert len(blobs(tmp_path)) == before


async def test_all_files_together_stay_within_the_quota(send: Send, post: Post, world: World, tmp_path: Path) -> None:
    await allow(world, 1000)
    streamed = await post(REMARK, file(b"x" * 600), file(b"x" * 401, "b"))
    declared = await post(REMARK, headers={"content-length": str(3 * MEBIBYTE)})
    assert [(one.status, one.problem) for one in (streamed, declared)] == [(413, "quota-exceeded")] * 2
    await nothing_stays(world, tmp_path)
    assert (await post(REMARK, file(b"x" * 600), file(b"x" * 400, "b"))).status == 200


async def test_over_the_quota_nothing_more_is_taken_in(post: Post, world: World, tmp_path: Path) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield REMARK + file(b"x" * 600) + file(b"x" * 600, "b")
        raise AssertionError("the rest was read")

    await allow(world, 1000)
    refused = await post(pieces=body(), headers={"expect": "100-continue"})
    assert (refused.status, refused.problem) == (413, "quota-exceeded")
    await nothing_stays(world, tmp_path)


async def test_what_the_handler_refuses_leaves_nothing(post: Post, world: World, tmp_path: Path) -> None:
    assert (await post(field("remark", "fail"), file(b"x"), file(b"y", "b"))).status == 500
    await nothing_stays(world, tmp_path)


@pytest.mark.parametrize("after", [0, 1, 40])
async def test_a_client_that_goes_away_leaves_nothing(post: Post, world: World, tmp_path: Path, after: int) -> None:
    async def body() -> AsyncIterator[Any]:
        yield REMARK + file(b"whole", "whole") + file(b"", "part").removesuffix(b"\r\n")
        for _ in range(after):
            yield PIECE
        yield GONE

    with pytest.raises(IndexError):  # there was nobody to answer
        await post(pieces=body())
    await nothing_stays(world, tmp_path)


async def test_a_client_that_drips_is_let_go(
    post: Post, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "GRACE_SECONDS", 0.4)

    async def drip() -> AsyncIterator[bytes]:
        yield REMARK + file(b"whole") + file(b"", "b").removesuffix(b"\r\n")
        while True:
            await asyncio.sleep(0.05)
            yield b"x"

    assert (await post(pieces=drip())).status == 408
    await nothing_stays(world, tmp_path)


async def test_who_may_not_is_told_before_the_first_byte(
    api: Api, world: World, send: Send, dossier: str, tmp_path: Path
) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    waits = {"expect": "100-continue"}
    target, missing = (f"/attaching/{one}/attach" for one in (dossier, UUID(int=5)))
    auditor = await world.session(await world.account("auditor"))
    assert (await api(None, "POST", target, pieces=never(), headers=FORM | waits)).status == 401
    assert (await api(auditor, "POST", target, pieces=never(), headers=FORM | waits)).status == 403
    assert (await api(auditor, "POST", target, pieces=never(), headers=waits)).status == 403
    assert (await send("POST", missing, pieces=never(), headers=FORM | waits)).status == 404
    assert blobs(tmp_path) == []


async def test_memory_is_let_go_of_between_the_files_of_a_form(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    receptions: list[Any] = []

    class Watched(form_uploads._Reception):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            receptions.append(self)

    monkeypatch.setattr(form_uploads, "_Reception", Watched)
    assert (await post(REMARK, file(b"x" * 2_000_000, "a"), file(b"y", "b"))).status == 200
    held = [sealing._filling.nbytes + sealing._draft._buffer.nbytes for sealing in receptions[0].sealings]
    assert held == [0, 0]
