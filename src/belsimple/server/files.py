"""Files that are never seen half-written."""

import os
from pathlib import Path


def write_atomically(path: Path, content: str | bytes, *, mode: int = 0o600) -> None:
    """Write beside the file, flush to disk, and rename over it: a crash leaves the old content or the new."""
    _ = _draft(path, content, mode).replace(path)


def write_once(path: Path, content: str) -> str:
    """Write the file unless it is there; returns what it holds. Two processes that begin at once agree on one content."""
    draft = _draft(path, content, 0o600)
    try:
        os.link(draft, path)
    except FileExistsError:
        return path.read_text("utf-8")
    finally:
        draft.unlink()
    return content


def _draft(path: Path, content: str | bytes, mode: int) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        _ = file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(descriptor)
    return draft
