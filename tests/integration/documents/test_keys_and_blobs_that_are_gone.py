"""A key store or a blob that is not what the database knows: refused, told, and made no worse."""

import os
from pathlib import Path

import pytest

from belsimple.files.cipher import CHUNK
from belsimple.files.folder import FolderStore
from belsimple.files.vault import Vault
from belsimple.keys.store import KeyStore
from belsimple.keys.wrapping import Undecipherable
from tests.support.api import Api
from tests.support.databases import ONE_PROFILE
from tests.support.world import World

from .conftest import Send, Upload, blobs, served

pytestmark = ONE_PROFILE


async def test_a_key_store_without_the_registered_key_takes_and_gives_nothing(
    send: Send, upload: Upload, world: World, tmp_path: Path
) -> None:
    document = (await upload(b"x")).json["id"]
    key = tmp_path / "keys" / "tenants" / f"{await world.tenant_id()}.1"
    kept = key.read_text()
    key.unlink()
    for answer in (await send("GET", f"/api/v1/documents/{document}/content"), await upload(b"y")):
        assert (answer.status, answer.problem) == (503, "unavailable")
        assert "retry-after" in answer.headers
    assert not key.exists()  # never a second key
    assert len(blobs(tmp_path)) == 1
    key.write_text(kept)
    assert (await send("GET", f"/api/v1/documents/{document}/content")).body == b"x"


async def test_a_machine_with_another_key_store_takes_in_nothing(
    upload: Upload, dossier: str, world: World, session: bytes, tmp_path: Path
) -> None:
    await upload(b"x")
    elsewhere = tmp_path / "elsewhere"
    other = KeyStore(elsewhere / "keys", None)
    other.first_key(await world.tenant_id())
    vault = Vault(other, FolderStore(elsewhere / "blobs"), limit=1 << 20)
    async with Api.serving(world.installed, served(), vault) as api:
        refused = await api(session, "POST", f"/api/v1/dossiers/{dossier}/documents?filename=a", pieces=[b"x"])
    assert refused.status == 503
    assert blobs(elsewhere) == []


async def test_two_machines_that_make_a_tenants_first_key_apart_do_not_both_register_it(
    world: World, session: bytes, dossier: str, tmp_path: Path
) -> None:
    answers: list[int] = []
    for number in range(2):
        folder = tmp_path / str(number)
        vault = Vault(KeyStore(folder / "keys", os.urandom(32)), FolderStore(folder / "blobs"), limit=1 << 20)
        vault_room = vault.begin

        async def blind(tenant, room, begin=vault_room):
            return await begin(
                tenant, type(room)(None, None, room.room)
            )  # as if both had looked before either registered

        vault.begin = blind
        async with Api.serving(world.installed, served(), vault) as api:
            made = await api(session, "POST", f"/api/v1/dossiers/{dossier}/documents?filename=a", pieces=[b"x"])
            answers.append(made.status)
        assert len(blobs(folder)) == (1 if made.status == 201 else 0)
    assert answers[0] == 201
    assert answers[1] >= 500
    assert len(await world.observe("select from keys.tenant_key where tenant_id = $1", await world.tenant_id())) == 1


async def test_a_blob_that_is_gone_is_our_trouble_and_not_the_callers(
    send: Send, upload: Upload, tmp_path: Path
) -> None:
    document = (await upload(b"x")).json["id"]
    blobs(tmp_path)[0].unlink()
    assert (await send("GET", f"/api/v1/documents/{document}/content")).status == 503


async def test_a_blob_damaged_at_its_start_answers_with_an_error(send: Send, upload: Upload, tmp_path: Path) -> None:
    document = (await upload(b"x" * 100)).json["id"]
    _damage(blobs(tmp_path)[0], 10)
    answer = await send("GET", f"/api/v1/documents/{document}/content")
    assert (answer.status, answer.problem) == (500, "internal")


async def test_a_blob_damaged_further_on_breaks_the_answer_off(send: Send, upload: Upload, tmp_path: Path) -> None:
    document = (await upload(b"x" * (2 * CHUNK))).json["id"]
    _damage(blobs(tmp_path)[0], CHUNK + 1000)
    with pytest.raises(Undecipherable):
        await send("GET", f"/api/v1/documents/{document}/content")
    whole = await send("GET", f"/api/v1/documents/{document}/content", headers={"range": f"bytes=0-{CHUNK - 1}"})
    assert whole.body == b"x" * CHUNK


async def test_another_documents_blob_in_its_place_is_refused(send: Send, upload: Upload, tmp_path: Path) -> None:
    first = (await upload(b"first")).json["id"]
    one = blobs(tmp_path)[0]
    await upload(b"other")
    two = next(path for path in blobs(tmp_path) if path != one)
    one.write_bytes(two.read_bytes())
    assert (await send("GET", f"/api/v1/documents/{first}/content")).status == 500


async def test_a_full_or_unwritable_store_is_503_and_keeps_nothing(
    upload: Upload, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("belsimple.files.folder.os.write", full)
        refused = await upload(b"x" * 3 * CHUNK)
    assert (refused.status, refused.problem) == (503, "unavailable")
    assert blobs(tmp_path) == []
    assert (await upload(b"x")).status == 201


def _damage(blob: Path, place: int) -> None:
    content = bytearray(blob.read_bytes())
    content[place] ^= 1
    blob.write_bytes(content)
