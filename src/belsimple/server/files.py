"""Files that are never seen half-written."""

import os
from pathlib import Path


def write_atomically(path: Path, content: str | bytes, *, mode: int = 0o600) -> None:
    """Write beside the file, flush to disk, and rename over it: a crash leaves the old content or the new."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        _ = file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(descriptor)
    _ = draft.replace(path)
