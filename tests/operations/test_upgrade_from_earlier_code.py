"""An upgrade from the code of an earlier commit, whose schema is older, while it serves under load.

The commit is the last one before the migrations of the console; its code is taken from the repository and really runs. (An upgrade
begins at the release before: what lies further back goes by way of that release, whose second half must have run.)
"""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.operations.page import patience
from tests.support.clusters import RunningCluster, running_cluster
from tests.support.service import free_port, public_folder

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
_FIRST_NEW = "src/belsimple/database/migrations/0023_history.sql"
_PARTS = {"gate": "gate", "operator": "operator", "web": "app", "worker": "worker"}


def _git(*arguments: str) -> bytes:
    done = subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("needs the repository's history")
    return done.stdout


def _earlier_code(folder: Path) -> Path:
    added = _git("log", "--diff-filter=A", "--format=%H", "-1", "--", _FIRST_NEW).decode().strip()
    if not added:
        pytest.skip("needs the repository's history")
    _ = subprocess.run(["tar", "-x", "-C", folder], input=_git("archive", f"{added}^", "src"), check=True)
    return folder / "src"


class Site:
    """The parts of one service, each started from the old code or the new."""

    def __init__(self, folder: Path, cluster: RunningCluster) -> None:
        self.folder = folder
        self.port = free_port()
        self.old = _earlier_code(folder)
        self.url = f"https://localhost:{self.port}"
        self.admin = cluster.url("belsimple")
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def command(self, *arguments: str, old: bool = False) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self._line(old, *arguments),
            env=self._environment(self.admin, old=old),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )

    def must(self, *arguments: str, old: bool = False) -> str:
        done = self.command(*arguments, old=old)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, part: str, role: str, *, old: bool = False) -> None:
        url = self.must("database", "url", "--role", role, old=old).strip()
        with (self.folder / f"{part}.log").open("ab") as log:
            self.running[part] = subprocess.Popen(
                ["setpriv", "--pdeathsig=TERM", "--", *self._line(old, "serve", part)],
                env=self._environment(url, old=old),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self, part: str) -> None:
        process = self.running.pop(part, None)
        if process:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)

    def wait(self, seconds: float = 40) -> None:
        deadline = time.monotonic() + seconds
        curl = [
            "curl",
            "--silent",
            "--fail",
            "--cacert",
            str(self.folder / "var/tls/authority.pem"),
            f"{self.url}/readyz",
        ]
        while subprocess.run(curl, capture_output=True, check=False).returncode != 0:
            assert time.monotonic() < deadline, "\n".join(log.read_text()[-2000:] for log in self.folder.glob("*.log"))
            time.sleep(0.1)

    def _line(self, old: bool, *arguments: str) -> list[str]:
        return [sys.executable, "-P" if old else "-I", "-m", "belsimple", *arguments]

    def _environment(self, url: str, *, old: bool) -> dict[str, str]:
        return {
            "PATH": "/usr/bin:/bin",
            "BELSIMPLE_DATA": str(self.folder / "var"),
            "BELSIMPLE_PORT": str(self.port),
            "BELSIMPLE_DATABASE_URL": url,
            "BELSIMPLE_ADDRESS_RATE": "100000",
            "BELSIMPLE_ACCOUNT_RATE": "100000",
            **({"PYTHONPATH": str(self.old)} if old else {}),
        }


@pytest.fixture
def site() -> Iterator[Site]:
    with running_cluster("18", fsync="on") as cluster, public_folder() as folder:
        found = Site(folder, cluster)
        try:
            yield found
        finally:
            for part in tuple(found.running):
                found.stop(part)


@contextmanager
def _load(site: Site, token: str) -> Iterator[None]:
    result = site.folder / "load"
    script = ROOT / "tests" / "operations" / "load.py"
    authority = site.folder / "authority.pem"
    _ = shutil.copy(site.folder / "var/tls/authority.pem", authority)
    process = subprocess.Popen([sys.executable, str(script), site.url, str(authority), token, str(result)])
    try:
        deadline = time.monotonic() + 30
        while not Path(f"{result}.ready").exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield
        Path(f"{result}.stop").touch()
        assert process.wait(60) == 0
    finally:
        process.kill()


def test_nothing_acknowledged_is_lost_and_nobody_waits_for_five_seconds(site: Site):
    site.must("migrate", old=True)
    link = site.must("tenant", "create", "acme", "--owner", "owner@acme.example", old=True)
    for part, role in _PARTS.items():
        site.start(part, role, old=True)
    site.wait()
    with _load(site, re.findall(r"token=(\S+)", link)[0]):
        time.sleep(1)
        allowed = patience()
        applied = json.loads(site.must("migrate", "--before", "--json"))["applied"]
        assert "belsimple/0023_history" in applied
        # The way back: the old code starts on what the first half made.
        site.stop("web")
        site.start("web", "app", old=True)
        site.wait()
        for part, role in _PARTS.items():
            site.stop(part)
            site.start(part, role)
            if part == "web":
                site.wait()
        second_half = json.loads(site.must("migrate", "--json"))["applied"]
        time.sleep(1)
    found = json.loads((site.folder / "load").read_text("utf-8"))
    sys.stderr.write(f"{found}\n")
    assert found["lost"] == []
    assert found["written"] > 30
    assert found["longest_read_s"] < allowed
    assert found["longest_write_s"] < allowed
    assert set(found["statuses"]) <= {503}
    back = site.command("migrate", old=True)
    assert (back.returncode, "newer version" in back.stderr) == ((1, True) if second_half else (0, False))
    assert site.command("doctor").returncode == 0
