"""A stored file: whatever is done to its blob or to its wrapped key, not one wrong byte comes out of it."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from belsimple.files.cipher import CHUNK, SEALED_CHUNK, TAG, ChunkCipher, sealed_size
from belsimple.files.folder import FolderStore
from belsimple.files.stores import BlobName
from belsimple.files.vault import Content, Room, Sealed, Vault
from belsimple.keys.store import KeyStore
from belsimple.keys.wrapping import Undecipherable

TENANT = uuid4()
CONTENT = os.urandom(3 * CHUNK + 1000)
Damage = Callable[[bytearray], bytes | bytearray]


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """A vault in a folder."""
    return Vault(KeyStore(tmp_path / "keys", None), FolderStore(tmp_path / "blobs"), limit=1 << 30)


async def store(vault: Vault, content: bytes, tenant: UUID = TENANT, *, piece: int = 70_000) -> Sealed:
    """Take a file in."""
    sealing = await vault.begin(tenant, Room(None, None, 1 << 40))
    for start in range(0, len(content), piece):
        await sealing.feed(content[start : start + piece])
    return await sealing.finish()


async def load(vault: Vault, sealed: Sealed, tenant: UUID = TENANT, start: int = 0, stop: int | None = None) -> bytes:
    """Give it out."""
    content = Content(sealed.size, sealed.wrapped_key, sealed.key_version, sealed.key_check)
    opening = await vault.open(BlobName(tenant, sealed.id), content, start, sealed.size if stop is None else stop)
    return b"".join([piece async for piece in opening.pieces()])


def blob(folder: Path, sealed: Sealed, tenant: UUID = TENANT) -> Path:
    """Where it lies."""
    return folder / "blobs" / str(tenant) / str(sealed.id)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 1000])
async def test_every_size_comes_back(vault: Vault, tmp_path: Path, size: int) -> None:
    sealed = await store(vault, CONTENT[:size])
    assert await load(vault, sealed) == CONTENT[:size]
    assert blob(tmp_path, sealed).stat().st_size == sealed_size(size)
    assert CONTENT[:64] not in blob(tmp_path, sealed).read_bytes() or size < 64


@given(where=st.integers(0, sealed_size(len(CONTENT)) - 1), bit=st.integers(0, 7))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_changed_bit_anywhere_is_refused(tmp_path: Path, where: int, bit: int) -> None:
    def flip(stored: bytearray) -> bytearray:
        stored[where] ^= 1 << bit
        return stored

    asyncio.run(_is_refused(tmp_path, flip))


def _swap(stored: bytearray) -> bytes:
    return bytes(stored[SEALED_CHUNK : 2 * SEALED_CHUNK] + stored[:SEALED_CHUNK] + stored[2 * SEALED_CHUNK :])


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(_swap, id="two chunks swapped"),
        pytest.param(lambda stored: stored[: 3 * SEALED_CHUNK], id="cut at a chunk's border"),
        pytest.param(lambda stored: stored[:-1], id="one byte short"),
        pytest.param(lambda stored: stored[:SEALED_CHUNK] + stored[2 * SEALED_CHUNK :], id="a chunk left out"),
        pytest.param(
            lambda stored: stored[:SEALED_CHUNK] + stored[:SEALED_CHUNK] + stored[2 * SEALED_CHUNK :],
            id="a chunk twice",
        ),
        pytest.param(lambda _: b"", id="nothing left"),
    ],
)
async def test_a_rearranged_blob_is_refused(tmp_path: Path, damage: Damage) -> None:
    await _is_refused(tmp_path, damage)


async def _is_refused(folder: Path, damage: Damage) -> None:
    vault = Vault(KeyStore(folder / "keys", None), FolderStore(folder / "blobs"), limit=1 << 30)
    sealed = await store(vault, CONTENT)
    path = blob(folder, sealed)
    path.write_bytes(damage(bytearray(path.read_bytes())))
    with pytest.raises(Undecipherable):
        await load(vault, sealed)


async def test_a_cut_blob_is_refused_even_when_its_recorded_size_agrees(vault: Vault, tmp_path: Path) -> None:
    sealed = await store(vault, CONTENT)
    path = blob(tmp_path, sealed)
    path.write_bytes(path.read_bytes()[: 2 * SEALED_CHUNK])
    with pytest.raises(Undecipherable):  # its last chunk does not say that it is the last
        await load(vault, msgspec.structs.replace(sealed, size=2 * CHUNK))


async def test_bytes_behind_the_end_are_never_given_out(vault: Vault, tmp_path: Path) -> None:
    sealed = await store(vault, CONTENT)
    path = blob(tmp_path, sealed)
    path.write_bytes(path.read_bytes() + os.urandom(SEALED_CHUNK))
    assert await load(vault, sealed) == CONTENT
    with pytest.raises(Undecipherable):
        await load(vault, msgspec.structs.replace(sealed, size=sealed.size + 100))


async def test_a_blob_in_another_files_place_is_refused(vault: Vault, tmp_path: Path) -> None:
    one, two = await store(vault, CONTENT), await store(vault, CONTENT[::-1])
    blob(tmp_path, two).write_bytes(blob(tmp_path, one).read_bytes())
    with pytest.raises(Undecipherable):
        await load(vault, two)


async def test_a_blob_with_its_key_in_another_files_place_is_refused(vault: Vault, tmp_path: Path) -> None:
    one, two = await store(vault, CONTENT), await store(vault, CONTENT[::-1])
    blob(tmp_path, two).write_bytes(blob(tmp_path, one).read_bytes())
    with pytest.raises(Undecipherable):
        await load(vault, msgspec.structs.replace(two, wrapped_key=one.wrapped_key))


async def test_swapped_wrapped_keys_are_refused(vault: Vault) -> None:
    one, two = await store(vault, CONTENT), await store(vault, CONTENT)
    with pytest.raises(Undecipherable):
        await load(vault, msgspec.structs.replace(one, wrapped_key=two.wrapped_key))


async def test_a_wrapped_key_unwraps_for_its_own_file_only(vault: Vault) -> None:
    one, two = await store(vault, b"one"), await store(vault, b"two")
    content = Content(one.size, one.wrapped_key, one.key_version, one.key_check)
    _ = await vault.open(BlobName(TENANT, one.id), content, 0, 1)
    with pytest.raises(Undecipherable):  # before a byte of the blob is looked at
        await vault.open(BlobName(TENANT, two.id), content, 0, 1)


async def test_another_tenants_blob_and_key_are_refused(vault: Vault, tmp_path: Path) -> None:
    other = uuid4()
    theirs, ours = await store(vault, CONTENT, other), await store(vault, b"ours")
    path = tmp_path / "blobs" / str(TENANT) / str(theirs.id)
    path.write_bytes(blob(tmp_path, theirs, other).read_bytes())
    moved = msgspec.structs.replace(theirs, key_check=ours.key_check)
    with pytest.raises(Undecipherable):
        await load(vault, moved, TENANT)


async def test_a_chunk_opens_under_its_own_place_only() -> None:
    key, file = os.urandom(32), uuid4()
    sealed = bytearray(10 + TAG)
    ChunkCipher(key, TENANT, file).seal(0, b"0123456789", sealed, last=True)
    assert ChunkCipher(key, TENANT, file).open(0, sealed, last=True) == b"0123456789"
    for cipher, number, last in (
        (ChunkCipher(key, uuid4(), file), 0, True),
        (ChunkCipher(key, TENANT, uuid4()), 0, True),
        (ChunkCipher(key, TENANT, file), 1, True),
        (ChunkCipher(key, TENANT, file), 0, False),
    ):
        with pytest.raises(Undecipherable):
            cipher.open(number, sealed, last=last)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Vault, Sealed]:
    """One file for all stretches."""
    folder = tmp_path_factory.mktemp("stretches")
    vault = Vault(KeyStore(folder / "keys", None), FolderStore(folder / "blobs"), limit=1 << 30)
    return vault, asyncio.run(store(vault, CONTENT))


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_any_stretch_is_the_slice_of_the_content(stored: tuple[Vault, Sealed], data: st.DataObject) -> None:
    borders = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, len(CONTENT) - 1, len(CONTENT)]
    place = st.sampled_from(borders) | st.integers(0, len(CONTENT))
    start, stop = sorted((data.draw(place), data.draw(place)))
    assert asyncio.run(load(*stored, start=start, stop=stop)) == CONTENT[start:stop]
