"""Documents in an S3-compatible store."""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import obstore
import pytest

from belsimple.database.transaction import Database
from belsimple.files import bucket as s3
from belsimple.files.bucket import PART, BucketStore
from belsimple.files.place import Bucket
from belsimple.files.stores import BlobName, StoreUnavailable
from belsimple.files.sweep import remove_orphans
from belsimple.files.vault import Vault
from belsimple.keys.store import KeyStore
from tests.support.databases import PROFILES, Profile
from tests.support.seaweed import KEY_ID, REGION, SECRET, Seaweed, running_seaweed
from tests.support.world import World

from .conftest import MEBIBYTE, Send, Upload

GONE: dict[str, Any] = {"type": "http.disconnect"}


@pytest.fixture
def profile() -> Profile:
    """One: the store is no matter of the database's."""
    return PROFILES[0]


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    """One server for all."""
    with running_seaweed(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


@pytest.fixture
def place(seaweed: Seaweed) -> Bucket:
    """A prefix of this test's own."""
    return Bucket(
        bucket=seaweed.bucket,
        prefix=f"documents/{uuid4().hex}",
        endpoint=seaweed.endpoint,
        region=REGION,
        key_id=KEY_ID,
        secret=SECRET,
    )


@pytest.fixture
def vault(tmp_path: Path, place: Bucket) -> Vault:
    """Files in that bucket."""
    return Vault(KeyStore(tmp_path / "keys", None), BucketStore(place), limit=100 * MEBIBYTE)


async def stored(place: Bucket) -> list[str]:
    """Names of every object."""
    store = BucketStore(place)
    return [str(blob.name) async for batch in store.list() for blob in batch]


@pytest.mark.parametrize("size", [0, 100_000, PART - 1000, PART + 1, 3 * PART + 12345])
async def test_what_goes_up_comes_down_whole_and_in_ranges(
    send: Send, upload: Upload, place: Bucket, size: int
) -> None:
    content = os.urandom(size)
    made = await upload(content)
    assert made.status == 201, made.body
    address = f"/api/v1/documents/{made.json['id']}/content"
    assert (await send("GET", address)).body == content
    for first, last in ((0, 10), (size // 2, size // 2 + 600_000), (size - 5, size)):
        if 0 <= first < size:
            part = await send("GET", address, headers={"range": f"bytes={first}-{last}"})
            assert part.body == content[first : last + 1]
    names = await stored(place)
    assert len(names) == 1
    raw = bytes(
        await obstore.get_range_async(BucketStore(place)._store, names[0], start=0, length=min(size + 16, 4096))
    )
    assert content[:32] not in raw or size < 32


@pytest.mark.parametrize("pieces", [1, 50, 200])
async def test_an_upload_that_is_cut_off_leaves_no_object_and_no_parts(
    upload: Upload, seaweed: Seaweed, place: Bucket, pieces: int
) -> None:
    async def body() -> AsyncIterator[Any]:
        for _ in range(pieces):
            yield b"x" * 65536
        yield GONE

    with pytest.raises(IndexError):  # nobody to answer
        await upload(pieces=body())
    assert await stored(place) == []
    assert seaweed.unfinished() == 0


async def test_an_upload_refused_at_its_end_leaves_nothing(
    send: Send, upload: Upload, dossier: str, seaweed: Seaweed, place: Bucket
) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"x" * 65536
        await send("DELETE", f"/api/v1/dossiers/{dossier}", headers={"if-match": '"1"'})

    assert (await upload(pieces=body())).status == 404
    assert await stored(place) == []
    assert seaweed.unfinished() == 0


async def test_an_object_is_never_overwritten(place: Bucket) -> None:
    store, name = BucketStore(place), BlobName(uuid4(), uuid4())
    for expected in (None, FileExistsError):
        draft = await store.draft(name)
        await draft.write(5, lambda into: into.__setitem__(slice(None), b"12345"))
        if expected is None:
            await draft.complete()
        else:
            with pytest.raises(expected):
                await draft.complete()
    blob = await store.open(name, 0, 5)
    assert await blob.read(5, bytes) == b"12345"


async def test_deleting_what_is_gone_is_no_error_and_a_missing_object_is_told(place: Bucket) -> None:
    store, name = BucketStore(place), BlobName(uuid4(), uuid4())
    await store.delete([name])
    with pytest.raises(FileNotFoundError):
        await store.open(name, 0, 5)


async def test_orphans_are_swept(upload: Upload, world: World, place: Bucket) -> None:
    await upload(b"known")
    known = await stored(place)
    store = BucketStore(place)
    await obstore.put_async(store._store, f"{uuid4()}/{uuid4()}", b"orphan")
    worker = await Database.open(world.installed.url("worker"), part="worker", size=1)
    try:
        assert await remove_orphans(worker, store) == (0, 0)
        assert await remove_orphans(worker, store, now=datetime.now(UTC) + timedelta(days=2)) == (1, 0)
    finally:
        await worker.close()
    assert await stored(place) == known


async def test_a_store_that_is_down_is_503_soon_and_loses_nothing(
    send: Send, upload: Upload, seaweed: Seaweed, vault: Vault
) -> None:
    kept = (await upload(b"kept")).json["id"]
    working, vault._store = vault._store, BucketStore(_nowhere())
    began = time.monotonic()
    small, large = await asyncio.gather(upload(b"x"), upload(b"x" * (3 * PART)))
    read = await send("GET", f"/api/v1/documents/{kept}/content")
    assert [answer.status for answer in (small, large, read)] == [503] * 3
    assert time.monotonic() - began < 45
    vault._store = working
    assert (await send("GET", f"/api/v1/documents/{kept}/content")).body == b"kept"
    assert (await upload(b"again")).status == 201


async def test_a_store_that_does_not_answer_is_503_in_bounded_time(
    upload: Upload, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and says nothing
        place = _nowhere(silent.getsockname()[1])
        vault._store = BucketStore(place)
        began = time.monotonic()
        assert (await upload(b"x")).status == 503
        assert time.monotonic() - began < 15


async def test_errors_do_not_quote_the_stores_address(seaweed: Seaweed, place: Bucket) -> None:
    wrong = BucketStore(msgspec.structs.replace(place, secret="wrong"))
    draft = await wrong.draft(BlobName(uuid4(), uuid4()))
    await draft.write(1, lambda into: None)
    with pytest.raises(StoreUnavailable) as caught:
        await draft.complete()
    assert "127.0.0.1" not in str(caught.value)


def _nowhere(port: int = 9) -> Bucket:
    return Bucket(
        bucket="nowhere", prefix="", endpoint=f"http://127.0.0.1:{port}", region=REGION, key_id="x", secret="y"
    )
