"""Files that are never seen half-written."""

import os
import secrets
from pathlib import Path


def write_atomically(path: Path, content: str | bytes, *, mode: int = 0o600) -> None:
    """Write beside the file, flush to disk, and rename over it: a crash leaves the old content or the new."""
    _ = _draft(path, content, mode).replace(path)
    flush_folder(path.parent)


def write_once(path: Path, content: str) -> str:
    """Write the file unless it is there; returns what it holds. Two processes that begin at once agree on one content."""
    draft = _draft(path, content, 0o600)
    try:
        os.link(draft, path)
    except FileExistsError:
        content = path.read_text("utf-8")
    finally:
        draft.unlink()
    flush_folder(path.parent)  # also of the one who came second: the first may be between its link and its flush
    return content


def flush_folder(folder: Path) -> None:
    """Flush a folder's entries to disk: a name that was just made survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _draft(path: Path, content: str | bytes, mode: int) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")  # of its own: threads of one process draft at once
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            _ = file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(descriptor)
    except BaseException:
        draft.unlink()  # a full disk must not be filled further by what could not be written
        raise
    return draft
