"""Where tests keep what they throw away."""

import os
from functools import cache
from pathlib import Path

_MEMORY = "/dev/shm"
_DISK = "/tmp"
_ENOUGH = 6 << 30
"""Bytes. Two workers hold some clusters and services each, of up to 400 MB with their write-ahead logs."""


@cache
def scratch() -> str:
    """A folder in memory where there is room, or /tmp.

    PostgreSQL makes a thousand files for each database. On a disk that takes ten times the processor time, whether or not it
    waits for the disk, and the suite makes hundreds of databases. To lose power is not what these tests are about.
    """
    try:
        memory = os.statvfs(_MEMORY)
    except OSError:
        return _DISK
    room = min(memory.f_bavail * memory.f_frsize, _available())
    return _DISK if room < _ENOUGH or memory.f_flag & os.ST_NOEXEC else _MEMORY


def _available() -> int:
    lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
