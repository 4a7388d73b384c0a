"""Uploads that do not come to their end: nothing of them stays."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from belsimple.files.cipher import CHUNK
from belsimple.web import uploads
from tests.support.databases import ONE_PROFILE
from tests.support.world import World

from .conftest import MEBIBYTE, Send, Upload, blobs

pytestmark = ONE_PROFILE
PIECE = b"x" * 65536
GONE: dict[str, Any] = {"type": "http.disconnect"}


async def nothing_stays(world: World, folder: Path) -> None:
    """No blob, no draft, no row, no usage."""
    assert blobs(folder) == []
    assert await world.observe("select from files.file where tenant_id = $1", await world.tenant_id()) == []
    assert await world.observe("select from dossiers.document where tenant_id = $1", await world.tenant_id()) == []


@pytest.mark.parametrize("pieces", [0, 1, CHUNK // len(PIECE), 30])
async def test_a_client_that_goes_away_leaves_nothing(
    upload: Upload, world: World, tmp_path: Path, pieces: int
) -> None:
    async def body() -> AsyncIterator[Any]:
        for _ in range(pieces):
            yield PIECE
        yield GONE

    with pytest.raises(IndexError):  # there was nobody to answer
        await upload(pieces=body())
    await nothing_stays(world, tmp_path)


async def test_fewer_bytes_than_declared_are_no_file(upload: Upload, world: World, tmp_path: Path) -> None:
    with pytest.raises(IndexError):
        await upload(b"short", headers={"content-length": "500"})
    await nothing_stays(world, tmp_path)


async def test_more_than_a_document_may_have_is_refused_before_and_while_it_comes(
    upload: Upload, world: World, tmp_path: Path
) -> None:
    before = await upload(b"x", headers={"content-length": str(20 * MEBIBYTE + 1)})
    while_coming = await upload(pieces=[PIECE] * (20 * 16 + 1))
    assert (before.status, before.problem, while_coming.status) == (413, "too-large", 413)
    await nothing_stays(world, tmp_path)


async def test_a_client_that_drips_is_let_go(
    upload: Upload, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "GRACE_SECONDS", 0.5)

    async def drip() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.05)
            yield b"x"

    refused = await upload(pieces=drip())
    assert (refused.status, refused.problem) == (408, "request-timeout")
    await nothing_stays(world, tmp_path)


async def test_a_silent_client_is_let_go(
    upload: Upload, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "SILENCE_SECONDS", 0.3)

    async def silence() -> AsyncIterator[bytes]:
        yield PIECE
        await asyncio.sleep(60)

    assert (await upload(pieces=silence())).status == 408
    await nothing_stays(world, tmp_path)


async def test_an_upload_refused_in_its_transaction_leaves_nothing(
    send: Send, upload: Upload, dossier: str, world: World, tmp_path: Path
) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield PIECE
        assert (await send("DELETE", f"/api/v1/dossiers/{dossier}", headers={"if-match": '"1"'})).status == 204

    assert (await upload(pieces=body())).status == 404
    await nothing_stays(world, tmp_path)


async def test_a_dossier_that_is_not_there_takes_in_nothing(upload: Upload, world: World, tmp_path: Path) -> None:
    taken: list[int] = []

    async def body() -> AsyncIterator[bytes]:
        taken.append(1)
        yield PIECE

    missing = await upload(pieces=body(), target="/api/v1/dossiers/01910000-0000-7000-8000-000000000000/documents")
    assert missing.status == 404
    assert len(taken) <= 1  # what runs out after a refusal is thrown away
    await nothing_stays(world, tmp_path)
