"""PostgreSQL clusters for tests: the embedded 18 and the distribution's 15, each run by an unprivileged user."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from belsimple.server.cluster import embedded_binaries

from .places import scratch

VERSIONS = ("18", "15")
_HOST = Path(__file__).with_name("cluster_host.py")
_UNPRIVILEGED = "nobody"


@dataclass(frozen=True)
class RunningCluster:
    """A cluster that answers on the Unix socket in `sockets`; its superuser is postgres."""

    version: str
    binaries: Path
    sockets: Path
    password: str

    def url(self, database: str = "postgres", *, user: str = "postgres", password: str | None = None) -> str:
        """A URL for `user`; with the superuser's own password unless another is given."""
        secret = quote(self.password if password is None else password, safe="")
        return f"postgresql://{user}:{secret}@/{database}?host={self.sockets}"


def binaries_of(version: str) -> Path:
    """The programs of a major version."""
    return embedded_binaries() if version == "18" else Path(f"/usr/lib/postgresql/{version}/bin")


@contextlib.contextmanager
def running_cluster(version: str, *, fsync: str = "off", binaries: Path | None = None) -> Iterator[RunningCluster]:
    """A fresh cluster for the length of a `with`; unless asked for, it does not wait for the disk."""
    programs = binaries or binaries_of(version)
    folder = Path(tempfile.mkdtemp(prefix="belsimple-test-", dir=scratch()))
    if os.geteuid() == 0:
        shutil.chown(folder, _UNPRIVILEGED)
    folder.chmod(0o711)  # a service under another user may connect to it; nobody is trusted without a password
    process = subprocess.Popen(
        [*_as_nobody(), sys.executable, "-P", "-c", _HOST.read_text("utf-8"), programs, folder, fsync],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        start_new_session=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        if process.stdout.readline() != "ready\n":
            raise RuntimeError(f"PostgreSQL {version} did not start; its log is in {folder}/log")
        password = (folder / "credential").read_text("ascii").strip()
        yield RunningCluster(version, binaries_of(version), folder, password)
    finally:
        process.stdin.close()
        process.wait(30)
        process.stdout.close()
        shutil.rmtree(folder, ignore_errors=True)


def _as_nobody() -> list[str]:
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={_UNPRIVILEGED}", "--regid=nogroup", "--clear-groups", "--pdeathsig=TERM", "--"]
