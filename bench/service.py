"""The real service on a scratch data folder, started as an operator starts it."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import cpu
from bench.ports import free_port
from bench.postgres import Connection

START_LIMIT_S: Final = 90.0
STOP_LIMIT_S: Final = 20.0
NO_LIMIT: Final = "1000000"


class ServiceError(Exception):
    """The service did not start or stop as it should."""


@dataclass(frozen=True, slots=True)
class Service:
    """A running service. `pid` is its supervisor's, `workers` the number of processes that part web serves with."""

    pid: int
    port: int
    data: Path
    workers: int
    environment: dict[str, str]

    @property
    def certificate(self) -> Path:
        """The certificate that is served (PEM)."""
        return self.data / "tls" / "served.pem"

    @property
    def key(self) -> Path:
        """Its key (PEM)."""
        return self.data / "tls" / "served.key"

    def part(self, name: str) -> frozenset[int]:
        """The processes of one part: its server and that server's workers."""
        roots = cpu.select(cpu.tree(self.pid), lambda words: words[-3:-1] == ["serve", name])
        return frozenset[int]().union(*(cpu.tree(root) for root in roots))

    def database(self) -> frozenset[int]:
        """PostgreSQL's processes."""
        lines = (self.data / "postgresql" / "postmaster.pid").read_text().splitlines()
        return cpu.tree(int(lines[0]))

    def connections(self) -> int:
        """Connections to the database that each of part web's workers keeps open."""
        return len(cpu.backends(self.database(), self.connect_as("app").user)) // self.workers

    def connect_as(self, role: str) -> Connection:
        """How to reach the database as a role, asked of the command line."""
        command = [sys.executable, "-m", "belsimple", "database", "url", "--role", role]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True)
        return Connection.parse(done.stdout.strip())


@contextmanager
def running_service() -> Generator[Service]:
    """`belsimple up` in a folder of its own, with the request limits out of the way; everything goes at the end."""
    folder = Path(tempfile.mkdtemp(prefix="belsimple-bench-"))
    folder.chmod(0o755)  # as root, the service runs as a user of its own, who must reach its data
    port = free_port()
    workers = max(1, (os.cpu_count() or 1) // 2)
    environment = os.environ | {
        "BELSIMPLE_WORKERS": str(workers),
        "BELSIMPLE_DATA": str(folder / "data"),
        "BELSIMPLE_PORT": str(port),
        "BELSIMPLE_HTTP_PORT": str(free_port()),
        "BELSIMPLE_URL": f"https://localhost:{port}",
        "BELSIMPLE_TRUSTED_PROXIES": "127.0.0.1",
        "BELSIMPLE_ADDRESS_RATE": NO_LIMIT,
        "BELSIMPLE_ACCOUNT_RATE": NO_LIMIT,
        "BELSIMPLE_TENANT_RATE": NO_LIMIT,
    }
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "belsimple", "up"], env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait_until_ready(process, port, log)
        yield Service(process.pid, port, folder / "data", workers, environment)
    finally:
        _stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + START_LIMIT_S
    while process.poll() is None and time.monotonic() < end:
        if _is_ready(port):
            return
        time.sleep(0.2)
    raise ServiceError("the service did not become ready; its log ends with:\n" + log.read_text()[-3000:])


def _is_ready(port: int) -> bool:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # loopback, and the authority was made a moment ago
    try:
        with urllib.request.urlopen(f"https://127.0.0.1:{port}/readyz", context=context, timeout=2) as answer:
            return answer.status == 200
    except (OSError, urllib.error.URLError):
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise ServiceError(f"the service did not stop within {STOP_LIMIT_S:.0f} s") from None
