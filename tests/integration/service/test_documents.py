"""Documents through the real service: TLS, processes, disk."""

import asyncio
import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from belsimple.database.transaction import Database
from belsimple.files.cipher import CHUNK
from belsimple.files.folder import FolderStore
from belsimple.files.sweep import remove_orphans
from tests.support.service import Service, running_service

MEBIBYTE = 1 << 20
CANARY = b"canary-" + secrets.token_hex(16).encode()


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """One worker, whose memory is looked at."""
    with running_service({"BELSIMPLE_WORKERS": "1"}) as service:
        yield service


async def dossier_of(client: aiohttp.ClientSession) -> str:
    """Some dossier's id."""
    async with client.get("/api/v1/dossiers?limit=1") as answer:
        return (await answer.json())["items"][0]["id"]


async def pieces(size: int, digest: "hashlib._Hash") -> AsyncIterator[bytes]:
    """Bytes that all differ, with the canary in each piece."""
    for number in range(size // MEBIBYTE):
        head = number.to_bytes(8, "big") + CANARY
        piece = head + os.urandom(4096) * (MEBIBYTE // 4096)
        digest.update(piece[:MEBIBYTE])
        yield piece[:MEBIBYTE]


async def sent(client: aiohttp.ClientSession, size: int) -> tuple[str, str]:
    """Upload so many bytes; returns the document's id and the bytes' digest."""
    digest = hashlib.sha256()
    target = f"/api/v1/dossiers/{await dossier_of(client)}/documents?filename=large.bin"
    headers = {"content-type": "application/octet-stream"}
    async with client.post(target, data=pieces(size, digest), headers=headers) as answer:
        assert answer.status == 201, await answer.text()
        document = await answer.json()
    assert document["size"] == size
    return document["id"], digest.hexdigest()


async def received(client: aiohttp.ClientSession, document: str) -> str:
    """Download; returns the bytes' digest."""
    digest = hashlib.sha256()
    async with client.get(f"/api/v1/documents/{document}/content") as answer:
        assert answer.status == 200
        async for piece in answer.content.iter_any():
            digest.update(piece)
    return digest.hexdigest()


async def test_a_hundred_mebibytes_come_back_and_nothing_else_holds_them(service: Service) -> None:
    async with service.signed_in("owner") as client:
        document, digest = await sent(client, 100 * MEBIBYTE)
        assert await received(client, document) == digest
    places = {"blobs": 0, "postgresql": 0, "log": 0, "keys": 0}
    for path in [path for path in service.data.rglob("*") if path.is_file() and not path.is_symlink()]:
        top = path.relative_to(service.data).parts[0]
        places[top] = places.get(top, 0) + 1
        assert not _holds(path, CANARY), path
    assert all(places[name] for name in ("blobs", "postgresql", "keys"))
    assert any("pg_wal" in str(path) for path in (service.data / "postgresql").rglob("*"))
    assert CANARY.decode() not in service.log + service.output


@pytest.mark.slow
async def test_a_gibibyte_grows_the_worker_by_less_than_64_mebibytes(service: Service) -> None:
    async with service.signed_in("owner") as client:
        await received(client, (await sent(client, MEBIBYTE))[0])
        before, most = memory_of(service), [0]
        watching = asyncio.create_task(watch(service, most))
        document, digest = await sent(client, 1024 * MEBIBYTE)
        assert await received(client, document) == digest
        watching.cancel()
        assert most[0] - before < 64 * MEBIBYTE


async def test_a_download_that_fails_late_breaks_the_connection(service: Service) -> None:
    async with service.signed_in("owner") as client:
        earlier = _blobs(service)
        document, _ = await sent(client, 8 * MEBIBYTE)
        (blob,) = _blobs(service) - earlier
        content = bytearray(blob.read_bytes())
        content[6 * MEBIBYTE] ^= 1
        blob.write_bytes(content)
        with pytest.raises(aiohttp.ClientPayloadError):
            await received(client, document)
        blob.write_bytes(content[: 16 * (CHUNK + 16)][: 5 * (CHUNK + 16)])
        with pytest.raises(aiohttp.ClientPayloadError):
            await received(client, document)


async def test_a_client_that_goes_away_leaves_nothing(service: Service) -> None:
    async with service.signed_in("owner") as client:
        earlier = _blobs(service)

        async def body() -> AsyncIterator[bytes]:
            for _ in range(20):
                yield os.urandom(MEBIBYTE)
            await asyncio.sleep(60)

        target = f"/api/v1/dossiers/{(dossier := await dossier_of(client))}/documents?filename=cut.bin"
        uploading = asyncio.create_task(_post(client, target, body()))
        while len(_blobs(service)) == len(earlier):
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        uploading.cancel()
        async with asyncio.timeout(10):
            while _blobs(service) != earlier:
                await asyncio.sleep(0.05)
        async with client.get(f"/api/v1/dossiers/{dossier}/documents") as answer:
            assert "cut.bin" not in [one["filename"] for one in (await answer.json())["items"]]


async def test_a_killed_worker_leaves_what_the_sweep_removes(service: Service) -> None:
    async with service.signed_in("owner") as client:
        earlier = _blobs(service)

        async def body() -> AsyncIterator[bytes]:
            for _ in range(8):
                yield os.urandom(MEBIBYTE)
            for pid in service.pids_of("web"):
                if pid != service.pids_of("web")[0]:
                    os.kill(pid, 9)
            await asyncio.sleep(5)

        target = f"/api/v1/dossiers/{await dossier_of(client)}/documents?filename=killed.bin"
        with pytest.raises(aiohttp.ClientError):
            await _post(client, target, body())
    left = _blobs(service) - earlier
    assert [path.suffix for path in left] == [".part"]
    url = service.command("database", "url", "--role", "worker").stdout.strip()
    database = await Database.open(url, part="worker", size=1)
    try:
        later = datetime.now(UTC) + timedelta(days=2)
        assert await remove_orphans(database, FolderStore(service.data / "blobs"), now=later) == (0, 1)
    finally:
        await database.close()
    assert _blobs(service) == earlier
    async with service.signed_in("owner") as client:  # a new worker has taken over
        document, digest = await sent(client, MEBIBYTE)
        assert await received(client, document) == digest


async def _post(client: aiohttp.ClientSession, target: str, body: AsyncIterator[bytes]) -> int:
    async with client.post(target, data=body) as answer:
        return answer.status


def _blobs(service: Service) -> set[Path]:
    return {path for path in (service.data / "blobs").rglob("*") if path.is_file()}


def _holds(path: Path, wanted: bytes) -> bool:
    kept = b""
    with path.open("rb") as file:
        while piece := file.read(MEBIBYTE):
            if wanted in kept + piece:
                return True
            kept = piece[-len(wanted) :]
    return False


def memory_of(service: Service) -> int:
    """Resident bytes of part web's processes together."""
    page = os.sysconf("SC_PAGE_SIZE")
    return page * sum(int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) for pid in service.pids_of("web"))


async def watch(service: Service, most: list[int]) -> None:
    while True:
        most[0] = max(most[0], memory_of(service))
        await asyncio.sleep(0.1)
