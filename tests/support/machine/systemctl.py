#!/usr/bin/python3
"""Starts units as their files say, where no systemd runs: users, credentials, folders, limits on files and calls.

It knows the options that deploy/systemd uses and stops at any other. What it leaves to the real one stands in _LEFT.
"""

import contextlib
import ctypes
import fcntl
import grp
import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import zlib
from pathlib import Path

sys.path.insert(0, "/usr/local/bin")
UNITS = (Path("/etc/systemd/system"), Path("/usr/lib/systemd/system"), Path("/lib/systemd/system"))
STATE = Path("/run/units")
PARTS = "belsimple.target"
_LEFT = {
    # control groups and the kernel's knobs, which namespaces of ours do not have
    "ProtectKernelTunables", "ProtectKernelModules", "ProtectKernelLogs", "ProtectControlGroups", "ProtectClock",
    "ProtectHostname", "LockPersonality", "RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID", "RemoveIPC",
    "PrivateUsers", "PrivateDevices", "IPAddressDeny", "IPAddressAllow", "SystemCallArchitectures", "SystemCallErrorNumber",
    "OOMScoreAdjust", "LimitNOFILE", "NotifyAccess", "TimeoutStartSec", "Type", "User", "Group", "SupplementaryGroups",
    "StateDirectory", "RuntimeDirectory", "StateDirectoryMode", "RuntimeDirectoryMode", "EnvironmentFile", "Environment",
    "LoadCredential", "Restart", "RestartSec", "TimeoutStopSec", "KillMode", "ExecStart", "ExecReload", "ReadWritePaths",
    "InaccessiblePaths", "NoNewPrivileges", "CapabilityBoundingSet", "AmbientCapabilities", "ProtectSystem", "ProtectHome",
    "PrivateTmp", "PrivateNetwork", "ProtectProc", "ProcSubset", "UMask", "MemoryDenyWriteExecute", "SystemCallFilter",
    "RestrictAddressFamilies",
}  # fmt: skip
_libc = ctypes.CDLL(None, use_errno=True)
_NEWNS, _NEWNET, _SUBREAPER = 0x20000, 0x40000000, 36
_RDONLY, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 32, 4096, 16384, 1 << 18


class Unit:
    def __init__(self, name: str) -> None:
        self.name = name if "." in name else f"{name}.service"
        self.options: dict[str, list[str]] = {}
        for file in self._files():
            self._read(file)

    def _files(self) -> list[Path]:
        found = [folder / self.name for folder in UNITS if (folder / self.name).is_file()][:1]
        if not found:
            sys.exit(f"Unit {self.name} not found.")
        words = self.name.split("-")
        prefixes = ["-".join(words[:count]) + "-.service" for count in range(1, len(words))]
        names = [f"{name}.d" for name in (*prefixes, self.name)]
        return found + [drop for name in names for folder in UNITS for drop in sorted((folder / name).glob("*.conf"))]

    def _read(self, file: Path) -> None:
        section = ""
        for line in file.read_text().splitlines():
            text = line.strip()
            if text.startswith("["):
                section = text
            elif text and not text.startswith(("#", ";")):
                key, _, value = text.partition("=")
                if section == "[Service]" and key not in _LEFT:
                    sys.exit(f"{file}: this test does not know {key}")
                if value:
                    self.options.setdefault(key, []).append(self._expand(value))
                else:
                    self.options[key] = []

    def _expand(self, value: str) -> str:
        stem = self.name.rpartition(".")[0]
        for mark, text in (("%S", "/var/lib"), ("%t", "/run"), ("%d", f"/run/credentials/{self.name}"), ("%N", stem)):
            value = value.replace(mark, text)
        return value

    def all(self, key: str) -> list[str]:
        return [word for value in self.options.get(key, []) for word in value.split()]

    def one(self, key: str, default: str = "") -> str:
        return self.options.get(key, [default])[-1] if self.options.get(key) else default

    @property
    def log(self) -> Path:
        return STATE / f"{self.name}.log"

    @property
    def keeper(self) -> Path:
        return STATE / f"{self.name}.keeper"

    @property
    def main(self) -> Path:
        return STATE / f"{self.name}.main"


def main() -> None:
    STATE.mkdir(exist_ok=True)
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    verb, names = words[0], words[1:]
    with (STATE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one order after the other, as with jobs of the real one
        if verb == "enable":
            for name in names:
                (STATE / f"{Unit(name).name}.enabled").touch()
        if verb == "start" or (verb == "enable" and "--now" in sys.argv):
            start(names)
        elif verb == "disable":
            for name in names:
                (STATE / f"{Unit(name).name}.enabled").unlink(missing_ok=True)
            stop(names if "--now" in sys.argv else [])
        elif verb == "stop":
            stop(names)
        elif verb in {"restart", "try-restart", "reload-or-restart"}:
            stop(names)
            start(names)
        elif verb == "reload":
            for unit in map(Unit, names):
                command = unit.one("ExecReload").replace("$MAINPID", unit.main.read_text())
                subprocess.run(shlex.split(command), check=True)
        elif verb == "is-active":
            sys.exit(0 if all(_lives(Unit(name)) for name in names) else 3)
        elif verb not in {"enable", "daemon-reload", "status"}:
            sys.exit(f"this test does not know systemctl {verb}")


def start(names: list[str]) -> None:
    for unit in _in_order(_members(names)):
        if not _lives(unit):
            _start(unit)


def stop(names: list[str]) -> None:
    for unit in reversed(_in_order(_members(names))):
        if _lives(unit):
            pid = int(unit.keeper.read_text())
            os.kill(pid, signal.SIGTERM)
            while _lives(unit):
                time.sleep(0.05)
        unit.keeper.unlink(missing_ok=True)


def _members(names: list[str]) -> list[Unit]:
    found: list[Unit] = []
    for name in names:
        if name != PARTS:
            found.append(Unit(name))
            continue
        enabled = [
            Unit(file.name.removesuffix(".enabled"))
            for file in STATE.glob("*.enabled")
            if file.name != f"{PARTS}.enabled"
        ]
        found += [unit for unit in enabled if PARTS in unit.all("WantedBy") and unit.name.endswith(".service")]
    return [unit for unit in found if unit.name.endswith(".service")]


def _in_order(units: list[Unit]) -> list[Unit]:
    done: list[Unit] = []
    waiting = sorted(units, key=lambda unit: unit.name)
    while waiting:
        names = {unit.name for unit in waiting}
        first = next(
            unit
            for unit in waiting
            if not names & set(unit.all("After")) and not any(unit.name in other.all("Before") for other in waiting)
        )
        done.append(first)
        waiting.remove(first)
    return done


def _lives(unit: Unit) -> bool:
    try:
        status = Path(f"/proc/{int(unit.keeper.read_text())}/stat").read_text()
    except (OSError, ValueError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def _start(unit: Unit) -> None:
    notify = unit.one("Type") == "notify"
    ready = STATE / f"{unit.name}.ready"
    ready.unlink(missing_ok=True)
    if unit.one("Type") == "oneshot":
        code = _launch(unit).wait()
        if code != 0:
            sys.exit(f"Job for {unit.name} failed ({code}); see {unit.log}.")
        return
    pid = os.fork()
    if pid == 0:
        os.setsid()
        _keep(unit)
        os._exit(0)
    unit.keeper.write_text(str(pid))
    while notify and not ready.exists():
        if not _lives(unit):
            sys.exit(f"Job for {unit.name} failed; see {unit.log}.")
        time.sleep(0.05)


def _keep(unit: Unit) -> None:
    """Keep the unit's program running until told to stop; what it started ends with it."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for descriptor in (1, 2):
        os.dup2(os.open(unit.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), descriptor)
    os.closerange(3, 64)  # the lock too
    _libc.prctl(_SUBREAPER, 1, 0, 0, 0)
    stopping = False
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    while not stopping:
        process = _launch(unit)
        unit.main.write_text(str(process.pid))
        while process.poll() is None and not stopping:
            stopping = signal.sigtimedwait([signal.SIGTERM], 0.1) is not None
        _end(unit, process)
        if not stopping and unit.one("Restart") == "always":
            stopping = signal.sigtimedwait([signal.SIGTERM], float(unit.one("RestartSec", "1"))) is not None
        elif not stopping:
            break


def _end(unit: Unit, process: "subprocess.Popen[bytes]") -> None:
    everybody = _descendants(os.getpid())
    for pid in [process.pid] if unit.one("KillMode") == "mixed" else everybody:
        _send(pid, signal.SIGTERM)
    deadline = time.monotonic() + float(unit.one("TimeoutStopSec", "90"))
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    for pid in _descendants(os.getpid()):
        _send(pid, signal.SIGKILL)
    process.wait()
    while True:  # the orphans that were given to us
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0 and not _descendants(os.getpid()):
                break
        except ChildProcessError:
            break


def _descendants(of: int) -> list[int]:
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if name.isdecimal():
            try:
                fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
                if fields[0] != "Z":
                    parents[int(name)] = int(fields[1])
            except OSError:
                pass
    found, layer = [], {of}
    while layer:
        layer = {pid for pid, parent in parents.items() if parent in layer}
        found += layer
    return found


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _launch(unit: Unit) -> "subprocess.Popen[bytes]":
    user = pwd.getpwnam(unit.one("User", "root"))
    group = grp.getgrnam(unit.one("Group")).gr_gid if unit.one("Group") else user.pw_gid
    environment = _environment(unit, user)
    writable = _folders(unit, user, group)
    _credentials(unit, user, environment)
    if unit.one("Type") == "notify":
        environment["NOTIFY_SOCKET"] = _listen(unit)
    command = [*_become(unit, user, group), *_confine(unit), *shlex.split(unit.one("ExecStart"))]
    with unit.log.open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            cwd="/",
            umask=int(unit.one("UMask", "0022"), 8),
            start_new_session=True,
            preexec_fn=lambda: (_unmask(), _file_system(unit, writable)),
        )


def _unmask() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _environment(unit: Unit, user: pwd.struct_passwd) -> dict[str, str]:
    found = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "LANG": "C.UTF-8", "USER": user.pw_name}
    found |= {"HOME": user.pw_dir, "LOGNAME": user.pw_name}
    for value in unit.options.get("Environment", []):
        name, _, text = value.partition("=")
        found[name] = text
    for file in unit.all("EnvironmentFile"):
        for line in Path(file).read_text().splitlines():
            if line.strip() and not line.startswith("#"):
                name, _, text = line.partition("=")
                found[name.strip()] = text.strip().strip("'\"")
    return found


def _folders(unit: Unit, user: pwd.struct_passwd, group: int) -> list[str]:
    made: list[str] = []
    for key, base, mode in (("StateDirectory", "/var/lib", "0755"), ("RuntimeDirectory", "/run", "0755")):
        for name in unit.all(key):
            folder = Path(base, name)
            folder.mkdir(parents=True, exist_ok=True)
            os.chown(folder, user.pw_uid, group)
            folder.chmod(int(unit.one(f"{key}Mode", mode), 8))
            made.append(str(folder))
    for path in unit.all("ReadWritePaths"):
        if Path(path.lstrip("-")).exists():
            made.append(path.lstrip("-"))
        elif not path.startswith("-"):
            raise FileNotFoundError(path)
    return made


def _credentials(unit: Unit, user: pwd.struct_passwd, environment: dict[str, str]) -> None:
    folder = Path("/run/credentials", unit.name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for value in unit.all("LoadCredential"):
        name, _, source = value.partition(":")
        (folder / name).write_bytes(Path(source).read_bytes())
        (folder / name).chmod(0o400)
        os.chown(folder / name, user.pw_uid, -1)
    folder.chmod(0o500)
    os.chown(folder, user.pw_uid, -1)
    environment["CREDENTIALS_DIRECTORY"] = str(folder)


def _listen(unit: Unit) -> str:
    path = STATE / f"{unit.name}.notify"
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(path))
    path.chmod(0o777)
    if os.fork() == 0:
        while listener.recv(4096).find(b"READY=1") < 0:
            pass
        (STATE / f"{unit.name}.ready").touch()
        os._exit(0)
    listener.close()
    return str(path)


def _become(unit: Unit, user: pwd.struct_passwd, group: int) -> list[str]:
    groups = set(os.getgrouplist(user.pw_name, group)) | {
        grp.getgrnam(name).gr_gid for name in unit.all("SupplementaryGroups")
    }
    bound = "".join(f",+{name.lower().removeprefix('cap_')}" for name in unit.all("CapabilityBoundingSet"))
    ambient = "".join(f",+{name.lower().removeprefix('cap_')}" for name in unit.all("AmbientCapabilities"))
    return [
        "setpriv", f"--reuid={user.pw_uid}", f"--regid={group}", f"--groups={','.join(map(str, sorted(groups)))}",
        f"--inh-caps=-all{ambient}", f"--ambient-caps=-all{ambient}", f"--bounding-set=-all{bound}", "--no-new-privs", "--",
    ]  # fmt: skip


def _confine(unit: Unit) -> list[str]:
    from confine import refused_calls

    filters = unit.options.get("SystemCallFilter", [])
    kept = STATE / f"calls-{zlib.crc32(repr(filters).encode())}"  # asking systemd-analyze takes longer than a start may
    if not kept.exists():
        kept.write_text(",".join(refused_calls(filters)))
    refused = kept.read_text().split(",")
    mdwe = "yes" if unit.one("MemoryDenyWriteExecute") == "yes" else "no"
    return ["/usr/local/bin/confine.py", ",".join(unit.all("RestrictAddressFamilies")), ",".join(refused), mdwe]


def _file_system(unit: Unit, writable: list[str]) -> None:
    """In the child, still root: the file system as the unit sees it."""
    _call(_libc.unshare(_NEWNS | (_NEWNET if unit.one("PrivateNetwork") == "yes" else 0)))
    _mount(None, "/", None, _REC | _PRIVATE)
    for path in writable:
        _mount(path, path, None, _BIND)
    if unit.one("PrivateTmp") == "yes":
        for path in ("/tmp", "/var/tmp"):
            _mount("none", path, "tmpfs", 0)
            os.chmod(path, 0o1777)
    if unit.one("ProtectHome") == "yes":
        for path in ("/home", "/root", "/run/user"):
            _mount("none", path, "tmpfs", 0, "mode=0")
    for path in unit.all("InaccessiblePaths"):
        if Path(path.lstrip("-")).exists():
            _mount("none", path.lstrip("-"), "tmpfs", 0, "mode=0")
    if unit.one("ProtectProc") == "invisible":
        _mount(
            "proc",
            "/proc",
            "proc",
            0,
            "hidepid=invisible,subset=pid" if unit.one("ProcSubset") == "pid" else "hidepid=invisible",
        )
    if unit.one("ProtectSystem") == "strict":
        _read_only({*writable, "/tmp", "/var/tmp"})


def _read_only(spared: set[str]) -> None:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        place = line.split()[4]
        if place not in spared and not place.startswith(("/proc", "/sys", "/dev")):
            _libc.mount(None, place.encode(), None, _REMOUNT | _BIND | _RDONLY, None)


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    encoded = [None if value is None else value.encode() for value in (source, target, kind)]
    _call(_libc.mount(*encoded, flags, None if data is None else data.encode()))


def _call(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    main()
