"""No part of the service runs as root: root hands the data folder to a system user and becomes that user for good."""

import contextlib
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path

import msgspec

from belsimple.errors import OperatorError
from belsimple.server.processes import forbid_new_privileges
from belsimple.server.settings import Settings

SERVICE_USER = "belsimple"
STATE = Path("/var/lib/belsimple")
_SYSTEM_PATH = "/usr/sbin:/sbin:/usr/bin:/bin"
# Any of these says that a folder is a data folder of ours; nothing else is ever given to another user.
_OURS = ("lock", "postgresql", "credentials", "tls")


def assume_service_user(settings: Settings) -> Settings:
    """Make the data folder and, as root, leave root behind; returns the settings with the folder's real path.

    Every command does this before it touches anything, so that no file of the service ever belongs to root.
    Raises `OperatorError`.
    """
    if os.geteuid() == 0:
        user = _part_user(settings.data) or _ensure_user()
        _check_installation(user)
        data = _place_data(settings.data, user)
        _prepare_runtime_base(settings.run, user)
        _become(user, data)
    else:
        data = _own_data(settings.data)
    _ = os.umask(0o077)
    return msgspec.structs.replace(settings, data=data)


def _part_user(data: Path) -> pwd.struct_passwd | None:
    """The user of one part, when the data folder is that part's: its files must not become another user's."""
    with contextlib.suppress(OSError, KeyError):
        owner = pwd.getpwuid(data.stat().st_uid)
        if owner.pw_name.startswith(f"{SERVICE_USER}-"):
            return owner
    return None


def _own_data(configured: Path) -> Path:
    """The data folder of an ordinary user."""
    try:
        configured.mkdir(mode=0o700, parents=True, exist_ok=True)
        data = configured.resolve(strict=True)
        usable = os.access(data, os.R_OK | os.W_OK | os.X_OK)
    except OSError as error:
        raise _unusable(configured, error.strerror or "not a folder") from error
    if not usable or data.stat().st_uid != os.geteuid():
        raise _unusable(configured, "it belongs to somebody else")
    return data


def _unusable(configured: Path, reason: str) -> OperatorError:
    return OperatorError(
        f"The data folder {configured} cannot be used ({reason})",
        "Set BELSIMPLE_DATA to a folder of the user that runs belsimple, or run it as the user who owns the data.",
    )


def _ensure_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SERVICE_USER)
    except KeyError:
        pass
    for command in (
        ["useradd", "--system", "--user-group", "--no-create-home", f"--home-dir={STATE}", "--shell=/usr/sbin/nologin"],
        ["adduser", "--system", "--group", "--no-create-home", f"--home={STATE}"],
    ):
        program = shutil.which(command[0], path=_SYSTEM_PATH)
        if program:
            _ = subprocess.run([program, *command[1:], SERVICE_USER], capture_output=True, check=False)
            break
    try:
        return pwd.getpwnam(SERVICE_USER)  # also when another service made it in the same moment
    except KeyError:
        raise OperatorError(
            f"The system user {SERVICE_USER} could not be made, and the service never runs as root",
            f"Make a system user named {SERVICE_USER}, or run belsimple as an ordinary user.",
        ) from None


def _check_installation(user: pwd.struct_passwd) -> None:
    """The service user must be able to run this very installation."""
    package = Path(__file__).parent
    needed = [Path(sys.executable), Path(sys.executable).resolve(), Path(sys.prefix), Path(os.__file__).parent, package]
    for path in needed:
        if not _may(user, [path], os.R_OK | os.X_OK if path.is_dir() else os.X_OK):
            raise OperatorError(
                f"The user {user.pw_name} cannot reach {path}",
                "Install belsimple outside of home folders (such as in /opt), or run it as an ordinary user.",
            )


def _place_data(configured: Path, user: pwd.struct_passwd) -> Path:
    """The folder itself where the service user can get there, else a link in its place to one in /var/lib."""
    try:
        configured.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        if configured.is_symlink() or _may(user, [configured.parent], os.X_OK):
            data = configured.resolve()
        else:
            data = _linked(configured)
        _hand_over(data, user)
    except OSError as error:
        raise _unusable(configured, error.strerror or "not a folder") from error
    return data


def _linked(configured: Path) -> Path:
    STATE.mkdir(mode=0o755, parents=True, exist_ok=True)
    data = STATE / f"data-{sha256(os.fsencode(configured)).hexdigest()[:12]}"
    if configured.exists():
        if any(configured.iterdir()):
            raise OperatorError(
                f"The data folder {configured} lies where the user {SERVICE_USER} cannot reach it, and holds files",
                "Set BELSIMPLE_DATA to a folder outside of home folders, or empty it.",
            )
        configured.rmdir()
    configured.symlink_to(data)
    return data


def _hand_over(data: Path, user: pwd.struct_passwd) -> None:
    """Give the folder and what is in it to the service user; a folder that is not ours is left alone."""
    data.mkdir(mode=0o700, exist_ok=True)
    owner = data.stat().st_uid
    if owner == user.pw_uid:
        return
    entries = [entry.name for entry in data.iterdir() if entry.name != "lost+found"]  # a disk of its own has that
    if owner != 0 or (entries and not any(name in _OURS for name in entries)):
        raise _unusable(data, "it belongs to somebody else, or holds other files")
    for path in (data, *data.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
    data.chmod(0o700)


def _prepare_runtime_base(configured: Path | None, user: pwd.struct_passwd) -> None:
    """Root can give the service a folder in /run; without one its sockets would have to lie in /tmp."""
    folder = configured or Path("/run/belsimple")
    if folder.parent.is_dir() and not folder.exists():
        folder.mkdir(mode=0o700)
        os.chown(folder, user.pw_uid, user.pw_gid)


def _become(user: pwd.struct_passwd, data: Path) -> None:
    os.initgroups(user.pw_name, user.pw_gid)
    os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
    os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
    forbid_new_privileges()
    os.chdir(data)  # root's current folder may be one that this user cannot even name
    os.environ["HOME"] = str(data)  # USER stays: the operator's trail names who gave a command
    _ = os.environ.pop("XDG_RUNTIME_DIR", None)


def _may(user: pwd.struct_passwd, paths: Iterable[Path], mode: int) -> bool:
    """Whether `user` has this access: asked of the kernel, in a child that became the user."""
    return _in_child(user, lambda: all(os.access(path, mode) for path in paths))


def _in_child(user: pwd.struct_passwd, check: Callable[[], bool]) -> bool:
    pid = os.fork()
    if pid == 0:
        try:
            os.initgroups(user.pw_name, user.pw_gid)
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            os._exit(0 if check() else 1)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
