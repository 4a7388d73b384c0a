"""Blobs in a bucket of an S3-compatible store, by obstore."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast
from uuid import UUID

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import S3Store

from belsimple.files.cipher import SEALED_CHUNK, Buffer
from belsimple.files.place import Bucket
from belsimple.files.stores import BlobName, StoredBlob, StoreUnavailable, in_thread

if TYPE_CHECKING:
    from obstore.store import S3Config

T = TypeVar("T")
PART: Final = 5 * SEALED_CHUNK
"""Bytes of a part of a multipart upload: just over the 5 MiB that S3 asks for; it takes 10,000 of them."""
_PARTS: Final = 10_000
_AT_ONCE: Final = 2
_WINDOW: Final = 4 * SEALED_CHUNK
_SECONDS: Final = 20.0
_ABORT_SECONDS: Final = 30.0
_ABANDONED: Final = bytearray()


class BucketStore:
    """The blobs under a prefix of a bucket."""

    largest = PART * _PARTS

    def __init__(self, place: Bucket) -> None:
        """Nothing is asked of the store yet; what it answers may be waited for twenty seconds and not longer."""
        limits = timedelta(seconds=_SECONDS)
        config: S3Config = {
            "region": place.region,
            "access_key_id": place.key_id,
            "secret_access_key": place.secret,
            "unsigned_payload": True,  # what is sent carries its own proof, under a key that the store does not have
        }
        if place.endpoint:
            config["endpoint"] = place.endpoint
        self._store = S3Store(
            place.bucket,
            prefix=place.prefix or None,
            config=config,
            client_options={
                "connect_timeout": timedelta(seconds=3),
                "timeout": limits,
                "allow_http": (place.endpoint or "").startswith("http://"),  # settings allow that on loopback only
            },
            retry_config={"max_retries": 2, "retry_timeout": limits},
        )

    async def draft(self, name: BlobName) -> "BucketDraft":
        """Begin a blob; nothing is sent before its first part is full."""
        return BucketDraft(self._store, str(name))

    async def open(self, name: BlobName, start: int, stop: int) -> "BucketBlob":
        """Read from `start` up to `stop`; the first bytes are there when this returns."""
        blob = BucketBlob(self._store, str(name), start, stop)
        await blob.fetch()
        return blob

    async def delete(self, names: Sequence[BlobName]) -> None:
        """Remove blobs."""
        with _told():
            await obstore.delete_async(self._store, [str(name) for name in names])

    async def discard_draft(self, name: BlobName) -> None:
        """A multipart upload that was cut off is the bucket's own to remove, by its lifecycle rule."""

    async def list(self) -> AsyncIterator[list[StoredBlob]]:
        """Everything under the prefix."""
        with _told():
            async for batch in cast("Any", obstore).list(self._store, chunk_size=1000):
                yield [blob for entry in batch for blob in _stored(entry)]


class BucketDraft:
    """A blob being sent: whole when it fits into one part, else in parts, two at once."""

    def __init__(self, store: S3Store, path: str) -> None:
        self._store = store
        self._path = path
        self._part = bytearray(PART)
        self._filled = 0
        self._full: asyncio.Queue[bytearray | memoryview | None] = asyncio.Queue(1)
        self._sending: asyncio.Task[Any] | None = None
        self._complete = False

    async def write(self, size: int, fill: Callable[[memoryview], None]) -> None:
        """Fill a stretch of the part in hand. Raises what sending raised."""
        if self._filled == PART:
            await self._hand_over(self._part)
            self._part, self._filled = bytearray(PART), 0
        await in_thread(fill, memoryview(self._part)[self._filled : self._filled + size])
        self._filled += size

    async def complete(self) -> None:
        """Send what is left and have the store put it together."""
        rest = memoryview(self._part)[: self._filled]
        with _told():
            if self._sending is None:
                await obstore.put_async(self._store, self._path, rest, mode="create", use_multipart=False)
            else:
                await self._hand_over(rest)
                await self._hand_over(None)
                await self._sending
        self._complete, self._part = True, bytearray()

    async def discard(self) -> None:
        """Have the store drop the parts; remove the blob if it is complete."""
        if self._sending is not None and not self._sending.done():
            # Not cancelled, which would leave the parts: their source fails, and obstore aborts the multipart upload.
            while not self._full.empty():
                self._full.get_nowait()
            self._full.put_nowait(_ABANDONED)
            _ = await asyncio.wait([self._sending], timeout=_ABORT_SECONDS)
            self._sending.cancel()
        if self._complete:
            with _told():
                await obstore.delete_async(self._store, self._path)

    async def _hand_over(self, part: bytearray | memoryview | None) -> None:
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())
        putting = asyncio.ensure_future(self._full.put(part))
        try:
            # Whichever comes first: a store that has failed takes no more parts.
            await asyncio.wait([putting, self._sending], return_when=asyncio.FIRST_COMPLETED)
        finally:
            putting.cancel()
        if self._sending.done():
            with _told():
                self._sending.result()

    async def _send(self) -> None:
        await obstore.put_async(
            self._store, self._path, self._parts(), chunk_size=PART, max_concurrency=_AT_ONCE, use_multipart=True
        )

    async def _parts(self) -> AsyncIterator[Buffer]:
        while (part := await self._full.get()) is not None:
            if part is _ABANDONED:
                raise StoreUnavailable("abandoned")
            yield part


class BucketBlob:
    """A stretch of a blob, asked for a few chunks at a time: one long answer would outlast any bound on an answer's time."""

    def __init__(self, store: S3Store, path: str, start: int, stop: int) -> None:
        self._store = store
        self._path = path
        self._next = start
        self._stop = stop
        self._kept = memoryview(b"")

    async def fetch(self) -> None:
        """Ask for the next bytes."""
        end = min(self._next + _WINDOW, self._stop)
        with _told():
            piece = await obstore.get_range_async(self._store, self._path, start=self._next, end=end)
        self._kept = memoryview(bytes(piece))
        self._next = end

    async def read(self, size: int, use: Callable[[Buffer], T]) -> T:
        """The next bytes, asked for when none are left. A window is whole chunks: `size` never reaches over its end."""
        if not self._kept and self._next < self._stop:
            await self.fetch()
        content, self._kept = self._kept[:size], self._kept[size:]
        return await in_thread(use, content)

    async def close(self) -> None:
        """Nothing is open between two requests."""


def _stored(entry: Any) -> Iterator[StoredBlob]:
    with contextlib.suppress(ValueError):  # not ours
        tenant, file = entry["path"].split("/")
        yield StoredBlob(BlobName(UUID(tenant), UUID(file)), entry["last_modified"])


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Errors of obstore as Python's own, without their messages: those quote the address and the store's answer."""
    try:
        yield
    except NotFoundError:
        raise FileNotFoundError from None
    except AlreadyExistsError:
        raise FileExistsError from None
    except BaseError as error:
        raise StoreUnavailable(type(error).__name__) from None
