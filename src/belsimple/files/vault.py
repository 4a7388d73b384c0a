"""Encrypted files on their way into the store and out of it: a bounded number of chunks in memory, never the whole."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Final
from uuid import UUID, uuid4

import msgspec

from belsimple.files.cipher import CHUNK, TAG, ChunkCipher, chunks_of, place_of_key, sealed_size
from belsimple.files.stores import Blob, BlobName, BlobStore, Draft, in_thread
from belsimple.keys.store import KeyStore, TenantKey
from belsimple.keys.wrapping import Undecipherable, new_key

DISCARD_SECONDS: Final = 60.0


class Room(msgspec.Struct, frozen=True):
    """What a tenant has: its newest key, or none yet, and bytes left."""

    key_version: int | None
    key_check: bytes | None
    room: int


class Sealed(msgspec.Struct, frozen=True):
    """A file that is complete in the store, as the database is told of it."""

    id: UUID
    size: int
    wrapped_key: bytes
    key_version: int
    key_check: bytes


class Content(msgspec.Struct, frozen=True):
    """What the database tells of a file: its size in bytes and what opens it."""

    size: int
    wrapped_key: bytes
    key_version: int
    key_check: bytes


class Vault:
    """The key store and the blob store together."""

    def __init__(self, keys: KeyStore, store: BlobStore, *, limit: int) -> None:
        """`limit`: bytes of the largest file."""
        self._keys = keys
        self._store = store
        self.limit = min(limit, store.largest - TAG * chunks_of(store.largest))

    async def begin(self, tenant: UUID, room: Room) -> "Sealing":
        """Begin a file under a new id and a new key. Raises KeyTrouble and OSError."""
        key = await in_thread(self._tenant_key, tenant, room)
        name = BlobName(tenant, uuid4())
        return Sealing(name, key, await self._store.draft(name))

    def _tenant_key(self, tenant: UUID, room: Room) -> TenantKey:
        if room.key_version is None or room.key_check is None:
            return self._keys.first_key(tenant)
        return self._keys.tenant_key(tenant, room.key_version, room.key_check)

    async def open(self, name: BlobName, content: Content, start: int, stop: int) -> "Opening":
        """The bytes of a file from `start` up to `stop`. Raises KeyTrouble, Undecipherable and OSError."""
        cipher = await in_thread(self._cipher, name, content)
        first, last = start // CHUNK, max(start, stop - 1) // CHUNK
        blob_stop = min((last + 1) * (CHUNK + TAG), sealed_size(content.size))
        blob = await self._store.open(name, first * (CHUNK + TAG), blob_stop)
        return Opening(blob, cipher, content.size, start, stop)

    def _cipher(self, name: BlobName, content: Content) -> ChunkCipher:
        key = self._keys.tenant_key(name.tenant, content.key_version, content.key_check).key
        place = place_of_key(name.tenant, name.file, content.key_version)
        return ChunkCipher(key.unwrap(content.wrapped_key, place), name.tenant, name.file)


class Sealing:
    """A file being encrypted: one chunk fills while a thread seals and writes the one before."""

    def __init__(self, name: BlobName, key: TenantKey, draft: Draft) -> None:
        content_key = new_key()
        self._id = name.file
        self._key = key
        self._wrapped = key.key.wrap(content_key, place_of_key(name.tenant, name.file, key.version))
        self._cipher = ChunkCipher(content_key, name.tenant, name.file)
        self._draft = draft
        self._filling, self._spare = memoryview(bytearray(CHUNK)), memoryview(bytearray(CHUNK))
        self._filled = 0
        self._number = 0
        self._writing: asyncio.Task[None] | None = None

    @property
    def size(self) -> int:
        """Bytes taken in so far."""
        return self._number * CHUNK + self._filled

    async def feed(self, data: bytes) -> None:
        """Take in the next bytes. Raises OSError when the store does not take them."""
        rest = memoryview(data)
        while rest:
            if self._filled == CHUNK:  # and more has come: it is not the last
                await self._write(last=False)
            taken = min(len(rest), CHUNK - self._filled)
            self._filling[self._filled : self._filled + taken] = rest[:taken]
            self._filled += taken
            rest = rest[taken:]

    async def finish(self) -> Sealed:
        """Write the last chunk and make the blob durable. Raises OSError."""
        size = self.size
        await self._write(last=True)
        await self._written()
        await self._draft.complete()
        self._filling = self._spare = memoryview(b"")  # it may wait for the other files of its form
        return Sealed(self._id, size, self._wrapped, self._key.version, self._key.key.check)

    async def discard(self) -> None:
        """Leave nothing in the store."""
        if self._writing is not None:  # its thread holds the draft's buffer and cannot be stopped
            _ = await asyncio.wait([self._writing], timeout=DISCARD_SECONDS)
        await self._draft.discard()

    async def _write(self, *, last: bool) -> None:
        await self._written()
        seal = self._sealer(self._number, self._filling[: self._filled], last=last)
        self._writing = asyncio.create_task(self._draft.write(self._filled + TAG, seal))
        self._filling, self._spare = self._spare, self._filling
        self._number, self._filled = self._number + 1, 0

    def _sealer(self, number: int, chunk: memoryview, *, last: bool) -> Callable[[memoryview], None]:
        return lambda into: self._cipher.seal(number, chunk, into, last=last)

    async def _written(self) -> None:
        if self._writing is not None:
            await self._writing


class Opening:
    """A stretch of a file being decrypted: the next chunk is read and opened while this one is sent."""

    def __init__(self, blob: Blob, cipher: ChunkCipher, size: int, start: int, stop: int) -> None:
        self._blob = blob
        self._cipher = cipher
        self._size = size
        self._start = start
        self._stop = stop

    async def pieces(self) -> AsyncGenerator[bytes]:
        """The plain bytes, in order; none before its chunk has proven genuine. Raises Undecipherable and OSError."""
        numbers = range(self._start // CHUNK, max(self._start, self._stop - 1) // CHUNK + 1)
        coming = self._begin(numbers[0])
        try:
            for number in numbers:
                chunk = await coming
                if number + 1 in numbers:
                    coming = self._begin(number + 1)
                begin, end = max(self._start - number * CHUNK, 0), min(self._stop - number * CHUNK, CHUNK)
                yield chunk if (begin, end) == (0, len(chunk)) else chunk[begin:end]
        finally:
            coming.cancel()
            _ = await asyncio.wait([coming])
            await self._blob.close()

    def _begin(self, number: int) -> asyncio.Task[bytes]:
        length = min(CHUNK, self._size - number * CHUNK)
        last = number == chunks_of(self._size) - 1

        def use(sealed: bytes | bytearray | memoryview) -> bytes:
            if len(sealed) != length + TAG:
                raise Undecipherable  # the blob ends too soon
            return self._cipher.open(number, sealed, last=last)

        return asyncio.create_task(self._blob.read(length + TAG, use))
