"""Processor time of processes, from /proc (Linux)."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

TICKS: Final = os.sysconf("SC_CLK_TCK")
PROC: Final = Path("/proc")


def spent(pids: Collection[int]) -> float:
    """Processor seconds, user and system, that the processes `pids` used so far (ended ones count nothing)."""
    return sum(_spent(pid) for pid in pids)


def tree(root: int) -> frozenset[int]:
    """`root` and all that it started, directly or not."""
    children: dict[int, list[int]] = {}
    for pid in _pids():
        children.setdefault(_field(pid, 1), []).append(pid)
    found, waiting = set[int](), [root]
    while waiting:
        pid = waiting.pop()
        found.add(pid)
        waiting += children.get(pid, [])
    return frozenset(found)


def select(pids: Collection[int], matches: Callable[[list[str]], bool]) -> frozenset[int]:
    """Those of `pids` whose command line (a list of arguments) matches."""
    return frozenset(pid for pid in pids if matches(_command_line(pid)))


def backends(pids: Collection[int], user: str) -> frozenset[int]:
    """PostgreSQL's server processes among `pids` that serve the database role `user`, by their process title."""
    return select(pids, lambda words: f"postgres: {user} " in " ".join(words) + " ")


def _pids() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdecimal()]


def _command_line(pid: int) -> list[str]:
    try:
        return (PROC / str(pid) / "cmdline").read_text(errors="replace").split("\0")
    except OSError:
        return []


def _fields(pid: int) -> list[str]:
    """The fields of proc(5)'s stat after the command name, which may itself hold spaces and brackets."""
    return (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()


def _field(pid: int, index: int) -> int:
    try:
        return int(_fields(pid)[index])
    except OSError:
        return -1


def _spent(pid: int) -> float:
    return max(0, _field(pid, 11) + _field(pid, 12)) / TICKS
