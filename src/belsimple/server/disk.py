"""Room on the disk, checked before anything is started on it: a full disk is told in one line, not in a crash."""

import os
from pathlib import Path

from belsimple.errors import OperatorError


def require_space(folder: Path, needed: int) -> None:
    """Raise `OperatorError` unless `needed` bytes are free for this user where `folder` is."""
    found = os.statvfs(folder)
    free = found.f_bavail * found.f_frsize
    if free < needed:
        raise disk_full(folder, f"{free >> 20} MiB free, {needed >> 20} MiB needed")


def disk_full(folder: Path, detail: str) -> OperatorError:
    """The one line for a disk without room."""
    return OperatorError(f"The disk that holds {folder} is full ({detail})", "Free some space; nothing was lost.")
