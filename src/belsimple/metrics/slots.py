"""One file of counters for each process of a part, kept from one process to the next.

prometheus-client would name the files for process ids: every restart would leave some behind, for ever. Here a process
takes the first slot of its part that nobody holds and goes on counting where the one before it stopped.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

FOLDER: Final = "metrics"
_MOST: Final = 1024


@contextmanager
def readable_by_group() -> Iterator[None]:
    """The files that are made meanwhile can be read by their group: the worker, which reads them, may be another user."""
    before = os.umask(0o027)
    try:
        yield
    finally:
        _ = os.umask(before)


def claim(folder: Path, part: str) -> str:
    """Take a slot of `part` for as long as this process lives; returns its name. The kernel drops the claim at its end."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for number in range(_MOST):
        name = f"{part}-{number}"
        with readable_by_group():
            descriptor = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        if _locked(descriptor):
            return name  # the descriptor stays open: it is the claim
        os.close(descriptor)
    raise RuntimeError(f"more than {_MOST} processes of part {part}")


def forget_the_dead(folder: Path) -> None:
    """Remove the gauges of slots that nobody holds: what a process that is gone was waiting for is over. Counters stay."""
    for lock in folder.glob("*.lock"):
        with suppress(FileNotFoundError):
            descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
            try:
                if _locked(descriptor):
                    for gauge in folder.glob(f"gauge_*_{lock.stem}.db"):
                        gauge.unlink(missing_ok=True)
            finally:
                os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
