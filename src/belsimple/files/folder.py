"""Blobs in a folder: one folder a tenant, one file a blob."""

import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID

from belsimple.atomic import flush_folder
from belsimple.files.cipher import SEALED_CHUNK, Buffer
from belsimple.files.stores import BlobName, StoredBlob, in_thread

T = TypeVar("T")
_DRAFT: Final = ".part"
_BATCH: Final = 1000
_FLUSH_EVERY: Final = 256 * 1024 * 1024
"""Bytes between two flushes: else the last one of a large upload would have everything still to do."""


class FolderStore:
    """The blobs of `folder`, each readable by its owner alone."""

    largest = 1 << 62

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def draft(self, name: BlobName) -> "FolderDraft":
        """Begin a blob in a file beside its place."""
        return await in_thread(FolderDraft, self._path(name))

    async def open(self, name: BlobName, start: int, stop: int) -> "FolderBlob":  # noqa: ARG002 - a file may be read on
        """Read from `start`. Raises FileNotFoundError."""
        return await in_thread(FolderBlob, self._path(name), start)

    async def delete(self, names: Sequence[BlobName]) -> None:
        """Remove blobs."""
        await in_thread(_unlink, [self._path(name) for name in names])

    async def discard_draft(self, name: BlobName) -> None:
        """Remove what a killed upload left."""
        await in_thread(_unlink, [_draft_of(self._path(name))])

    async def list(self) -> AsyncIterator[list[StoredBlob]]:
        """Everything in the folder."""
        entries = self._entries()
        while batch := await in_thread(lambda: list(islice(entries, _BATCH))):
            yield batch

    def _path(self, name: BlobName) -> Path:
        return self._folder / str(name.tenant) / str(name.file)

    def _entries(self) -> Iterator[StoredBlob]:
        for tenant in self._folder.iterdir() if self._folder.is_dir() else ():
            for file in tenant.iterdir() if tenant.is_dir() else ():
                with contextlib.suppress(ValueError, FileNotFoundError):  # not ours, or gone meanwhile
                    name = BlobName(UUID(tenant.name), UUID(file.name.removesuffix(_DRAFT)))
                    modified = datetime.fromtimestamp(file.stat().st_mtime, UTC)
                    yield StoredBlob(name, modified, finished=not file.name.endswith(_DRAFT))


class FolderDraft:
    """A blob being written: a file beside its place, linked there once it is on the disk."""

    def __init__(self, path: Path) -> None:
        _make_folder(path.parent)
        self._path = path
        self._draft = _draft_of(path)
        self._descriptor = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._buffer = memoryview(bytearray(SEALED_CHUNK))
        self._unflushed = 0
        self._linked = False

    async def write(self, size: int, fill: Callable[[memoryview], None]) -> None:
        """Fill and write in one go."""
        await in_thread(self._write, size, fill)

    def _write(self, size: int, fill: Callable[[memoryview], None]) -> None:
        rest = self._buffer[:size]
        fill(rest)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        self._unflushed += size
        if self._unflushed >= _FLUSH_EVERY:
            os.fdatasync(self._descriptor)
            self._unflushed = 0

    async def complete(self) -> None:
        """Flush, and link into place: never over a file that is there."""
        await in_thread(self._complete)

    def _complete(self) -> None:
        os.fsync(self._descriptor)
        os.link(self._draft, self._path)
        self._linked = True
        self._buffer = memoryview(b"")
        self._close()
        flush_folder(self._path.parent)
        flush_folder(self._path.parent.parent)  # the tenant's folder may be as new as its first blob

    async def discard(self) -> None:
        """Remove the draft, and the blob if this made it."""
        await in_thread(self._discard)

    def _discard(self) -> None:
        self._close()
        if self._linked:
            self._path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        self._draft.unlink(missing_ok=True)


class FolderBlob:
    """A file being read."""

    def __init__(self, path: Path, start: int) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._position = start
        self._buffer = memoryview(bytearray(SEALED_CHUNK))

    async def read(self, size: int, use: Callable[[Buffer], T]) -> T:
        """Read and use in one go."""
        return await in_thread(self._read, size, use)

    def _read(self, size: int, use: Callable[[Buffer], T]) -> T:
        count = os.preadv(self._descriptor, [self._buffer[:size]], self._position)
        self._position += count
        return use(self._buffer[:count])

    async def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def _make_folder(tenant: Path) -> None:
    tenant.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        tenant.mkdir(mode=0o700)
        # Who comes in here is decided by the folder above: where it is shared with the worker, the worker sweeps here too.
        tenant.chmod(0o770)


def _draft_of(path: Path) -> Path:
    return path.with_name(path.name + _DRAFT)


def _unlink(paths: list[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
