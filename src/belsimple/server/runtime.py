"""Where a running service keeps what must not outlive it: its sockets, and the lock on its data folder."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from belsimple.errors import OperatorError

# A Unix socket's path holds at most 107 bytes (sockaddr_un); the longest name in here is ".s.PGSQL.5432.lock".
_LONGEST_FOLDER = 80


def runtime_folder(data: Path, configured: Path | None) -> Path:
    """The short private folder for the sockets of the service on `data`; not made yet."""
    if configured is not None:
        if len(os.fsencode(configured)) > _LONGEST_FOLDER:
            raise OperatorError(
                f"BELSIMPLE_RUN is longer than {_LONGEST_FOLDER} bytes, too long for a socket",
                "Choose a short folder, such as /run/belsimple.",
            )
        return configured
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    for base in (Path("/run/belsimple"), Path(os.environ.get("XDG_RUNTIME_DIR") or "/nonexistent")):
        if _is_private(base) and len(os.fsencode(base)) < _LONGEST_FOLDER - 24:
            return base / f"belsimple-{name}"
    return Path(f"/tmp/belsimple-{os.geteuid()}-{name}")  # noqa: S108 - made 0700, its ownership is checked


def is_shared(folder: Path) -> bool:
    """Whether an administrator made the runtime folder for parts that run as users of their own.

    It is root's and nobody else can write in it; in it, each part that listens has a folder of its own, which lets in
    the group that may reach it. See deploy/systemd.
    """
    found = _status(folder)
    return found is not None and stat.S_ISDIR(found.st_mode) and found.st_uid == 0 and not found.st_mode & 0o022


def socket_folder(run: Path, part: str) -> Path:
    """Where the socket of `part` lies: `run` itself, or the part's own folder in a shared one."""
    return run / part if is_shared(run) and os.geteuid() != 0 else run


def prepare_socket_folder(run: Path, part: str, data: Path) -> Path:
    """The folder in which `part` may now make its socket. Raises `OperatorError` when others could."""
    folder = socket_folder(run, part)
    if folder == run:
        make_runtime_folder(run, data)
        return folder
    found = _status(folder)
    # Members of the folder's group connect; whoever could write in it would put a socket of theirs in our place.
    if found is None or found.st_uid != os.geteuid() or found.st_mode & 0o027:
        raise OperatorError(
            f"The runtime folder {folder} is missing, belongs to somebody else or is open to others",
            f"Make it for the user of part {part}, with mode 0750; the units in deploy/systemd do.",
        )
    return folder


def make_runtime_folder(folder: Path, data: Path) -> None:
    """Make the folder, or take over what a killed service left; `data/run` leads to it for other commands."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise OperatorError(
            f"The runtime folder {folder} cannot be made ({error.strerror})",
            "Set BELSIMPLE_RUN to a short path that this user can write.",
        ) from error
    # /tmp is everybody's: another user could have made the folder first and would own our sockets (squatting).
    if not _is_private(folder):
        raise OperatorError(
            f"The runtime folder {folder} belongs to somebody else or is open to others",
            "Remove it, or set BELSIMPLE_RUN to a private folder.",
        )
    link, fresh = data / "run", data / f".run-{os.getpid()}"
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    fresh.symlink_to(folder)
    fresh.replace(link)


def remove_runtime_folder(folder: Path, data: Path) -> None:
    """Leave nothing behind; errors do not matter, the next start takes over what remains."""
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        (data / "run").unlink()


def current_runtime_folder(data: Path) -> Path | None:
    """The runtime folder of the service that runs on `data`, for commands beside it; None when there is none."""
    try:
        folder = (data / "run").readlink()
    except OSError:
        return None
    return folder if _is_private(folder) else None


@contextlib.contextmanager
def data_lock(data: Path) -> Iterator[None]:
    """Hold the data folder; a second service on it is refused. The kernel drops the lock however the process ends."""
    descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OperatorError(
                f"Another process ({os.pread(descriptor, 20, 0).decode() or 'unknown'}) is using the data in {data}",
                "Stop it first, or give this service a BELSIMPLE_DATA of its own.",
            ) from None
        os.ftruncate(descriptor, 0)
        _ = os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _is_private(folder: Path) -> bool:
    found = _status(folder)
    if found is None or not stat.S_ISDIR(found.st_mode):
        return False
    return found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) == 0o700


def _status(folder: Path) -> os.stat_result | None:
    try:
        return folder.lstat()
    except OSError:
        return None
