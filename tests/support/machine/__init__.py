"""A clean Debian machine inside this one: its own files, processes and network, thrown away afterwards.

Mount, process and network namespaces, with overlays over what an installation writes. systemd does not run in it; a
`systemctl` of ours starts units as their files say (see systemctl.py). Needs root.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
_PROGRAMS = ("unshare", "nsenter", "ip", "systemd-sysusers", "systemd-tmpfiles", "setpriv")


class Machine:
    """A running machine; commands are run in it as root, with a small environment."""

    def __init__(self, pid: int, folder: Path, environment: Mapping[str, str]) -> None:
        self.pid = pid
        self.folder = folder
        self.environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", **environment}

    def enter(self, *command: str) -> list[str]:
        """The command line that runs `command` in the machine."""
        return ["nsenter", "-t", str(self.pid), "-m", "-p", "-n", "--", *command]

    def attempt(self, script: str, *, seconds: float = 180) -> "subprocess.CompletedProcess[str]":
        """Run a shell script in /root and return what came of it."""
        return subprocess.run(
            self.enter("timeout", f"{seconds}", "sh", "-euc", f"cd /root; {script}"),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def run(self, script: str, *, seconds: float = 180) -> str:
        """Run a shell script that must succeed; returns its standard output."""
        done = self.attempt(script, seconds=seconds)
        assert done.returncode == 0, f"{script}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}\n{self.journal()}"
        return done.stdout

    def journal(self, lines: int = 15) -> str:
        """The last lines of every unit's log."""
        return self.attempt(f"tail -n {lines} /run/units/*.log").stdout

    def write(self, path: str, content: str) -> None:
        """Write a file in the machine."""
        done = subprocess.run(
            self.enter("sh", "-euc", f"mkdir -p $(dirname {path}); cat > {path}"),
            env=self.environment,
            input=content,
            text=True,
            check=False,
        )
        assert done.returncode == 0


@contextlib.contextmanager
def clean_machine(environment: Mapping[str, str] | None = None) -> Iterator[Machine]:
    """A machine for the length of a `with`; skips the test where this one may not make any."""
    missing = [program for program in _PROGRAMS if not shutil.which(program)]
    if os.geteuid() != 0 or missing:
        pytest.skip(f"a machine inside this one needs root{' and ' + ', '.join(missing) if missing else ''}")
    folder = Path(tempfile.mkdtemp(prefix="belsimple-machine-", dir="/var/tmp"))
    folder.chmod(0o755)
    process = subprocess.Popen(
        [
            "unshare",
            "--mount",
            "--pid",
            "--net",
            "--fork",
            "--kill-child=KILL",
            "--mount-proc",
            "sh",
            _HERE / "boot.sh",
        ],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "MACHINE": str(folder), "HERE": str(_HERE)},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield Machine(_booted(process, folder), folder, environment or {})
    finally:
        process.kill()
        _ = process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _booted(process: "subprocess.Popen[bytes]", folder: Path) -> int:
    deadline = time.monotonic() + 20
    while not (folder / "ready").exists():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.skip("this machine lets nobody make namespaces with overlays")
        time.sleep(0.05)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii")
    return int(children.split()[0])
