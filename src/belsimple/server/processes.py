"""Operating system processes: children that die with their parent, and finding what a killed service left."""

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(number: signal.Signals, parent: int) -> None:
    """Have the kernel send `number` to this process when its parent dies; prctl(2).

    The parent may have died before the call; then nobody would ever tell us, so the signal is sent here.
    """
    _ = _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


def bound_to_this_process(number: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn` that binds a child's life to ours. It calls nothing but prctl, getppid and kill."""
    parent = os.getpid()
    return lambda: die_with_parent(number, parent)


def forbid_new_privileges() -> None:
    """No set-uid program that we or a child run gains anything from now on; prctl(2)."""
    _ = _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def processes_in(folder: Path, program: str) -> list[int]:
    """The processes running `program` whose current folder is `folder`: PostgreSQL's all stand in their data folder."""
    return [pid for pid in _all_pids() if _runs_in(pid, folder, program)]


def processes_in_group(group: int) -> list[int]:
    """The processes of a process group. Killing an empty group by number might meet a stranger that was given it."""
    return [pid for pid in _all_pids() if _group_of(pid) == group]


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def _runs_in(pid: int, folder: Path, program: str) -> bool:
    try:
        executable = Path(f"/proc/{pid}/exe").readlink().name.removesuffix(" (deleted)")
        return executable == program and Path(f"/proc/{pid}/cwd").readlink() == folder
    except OSError:
        return False


def _all_pids() -> Iterable[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]  # noqa: PTH208 - names are wanted


def send(pid: int, number: signal.Signals) -> None:
    """Signal a process that may be gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def send_group(group: int, number: signal.Signals) -> None:
    """Signal a process group that may be gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll every 20 ms; whether the condition came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
