"""What a store of blobs does. A blob is named for its tenant and its file, is written once and never changed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

import msgspec

from belsimple.files.cipher import Buffer

T = TypeVar("T")
_THREADS = ThreadPoolExecutor(8, "files")


class BlobName(msgspec.Struct, frozen=True):
    """A file's place: another tenant's blob cannot be named by mistake without naming that tenant."""

    tenant: UUID
    file: UUID

    def __str__(self) -> str:
        return f"{self.tenant}/{self.file}"


class StoredBlob(msgspec.Struct, frozen=True):
    """A blob in a listing; `finished` is false for what an upload in hand, or one that was killed, has written so far."""

    name: BlobName
    modified: datetime
    finished: bool = True


class StoreUnavailable(OSError):
    """The store is down, slow, full or refuses; told without its message, which may quote addresses and names."""


class Draft(Protocol):
    """A blob being written; nobody sees it until it is complete."""

    async def write(self, size: int, fill: Callable[[memoryview], None]) -> None:
        """Append `size` bytes that `fill` puts into the buffer it is given. Runs in a thread."""
        ...

    async def complete(self) -> None:
        """Make it durable and visible. Raises FileExistsError when there is a blob of this name."""
        ...

    async def discard(self) -> None:
        """Leave nothing of it behind, whether it is complete or not."""
        ...


class Blob(Protocol):
    """A stretch of a blob being read."""

    async def read(self, size: int, use: Callable[[Buffer], T]) -> T:
        """What `use`, in a thread, makes of the next `size` bytes; of fewer when the blob ends before."""
        ...

    async def close(self) -> None:
        """Let go of it."""
        ...


class BlobStore(Protocol):
    """A folder or a bucket. Every method raises OSError when the store does not do it, in bounded time."""

    largest: int
    """Bytes of the largest blob it takes."""

    async def draft(self, name: BlobName) -> Draft:
        """Begin a blob."""
        ...

    async def open(self, name: BlobName, start: int, stop: int) -> Blob:
        """Read from `start` up to `stop`. Raises FileNotFoundError."""
        ...

    async def delete(self, names: Sequence[BlobName]) -> None:
        """Remove blobs; one that is gone already is no error."""
        ...

    def list(self) -> AsyncIterator[list[StoredBlob]]:
        """Everything it holds, in batches."""
        ...

    async def discard_draft(self, name: BlobName) -> None:
        """Remove what a killed upload left."""
        ...


async def in_thread(work: Callable[..., T], *arguments: object) -> T:
    """Run blocking work apart from the event loop, in threads of the files' own: a slow disk holds up nothing else."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work, *arguments)
