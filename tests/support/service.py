"""The real service in processes of its own: `belsimple up`, reached over TLS as its clients reach it."""

import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from .places import scratch

_READY = "belsimple is ready"
_START_SECONDS = 90


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def public_folder() -> Iterator[Path]:
    """A new folder that the service's own user can reach, unlike those that pytest makes."""
    folder = Path(tempfile.mkdtemp(prefix="belsimple-service-", dir=scratch()))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Service:
    """One `belsimple up`. `folder` holds its data and its output; ports are free ones."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.data = folder / "var"
        self.port = free_port()
        self.http_port = free_port()
        self.url = f"https://localhost:{self.port}"
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "BELSIMPLE_DATA": str(self.data),
            "BELSIMPLE_PORT": str(self.port),
            "BELSIMPLE_HTTP_PORT": str(self.http_port),
            "BELSIMPLE_ADDRESS_RATE": "100000",
            "BELSIMPLE_ACCOUNT_RATE": "100000",
            "BELSIMPLE_TENANT_RATE": "100000",
            **(environment or {}),
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def output(self) -> str:
        """What it wrote to standard output."""
        return (self.folder / "out").read_text("utf-8")

    @property
    def log(self) -> str:
        """What it wrote to standard error."""
        return (self.folder / "err").read_text("utf-8")

    @property
    def demo(self) -> Any:
        """The content of demo.json."""
        return msgspec.json.decode((self.data / "demo.json").read_bytes())

    def launch(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start it without waiting."""
        with (self.folder / "out").open("wb") as out, (self.folder / "err").open("wb") as err:
            self.process = subprocess.Popen(
                [*_bound(), sys.executable, "-I", "-m", "belsimple", "up", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=self.environment,
                cwd=self.folder,
                start_new_session=True,
            )
        return self.process

    @property
    def running(self) -> bool:
        """Whether the supervisor lives."""
        return self.process is not None and self.process.poll() is None

    def start(self, *arguments: str) -> None:
        """Start it, with demo data unless other arguments are given, and wait for the ready line."""
        process = self.launch(*(arguments or ("--demo",)))
        deadline = time.monotonic() + _START_SECONDS
        while _READY not in self.output:
            if process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the service did not start:\n{self.log[-3000:]}")
            time.sleep(0.05)

    def fail(self, *arguments: str) -> str:
        """Start it where it must refuse to; returns the one line it says."""
        process = self.launch(*arguments)
        assert process.wait(_START_SECONDS) == 1, self.log
        said = [line for line in self.log.splitlines() if not line.startswith("{")]
        assert len(said) == 1, self.log
        assert said[0].startswith("belsimple: "), self.log
        assert "Traceback" not in self.log
        assert self.descendants() == []
        return said[0]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Stop it as a person or a service manager would; returns how long it took."""
        assert self.process
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(30)
        return time.monotonic() - began

    def kill(self) -> None:
        """End it the hard way, if it runs; what belongs to it ends by itself."""
        if self.process and self.running:
            self.process.kill()
            self.process.wait(10)
        deadline = time.monotonic() + 15
        while self.descendants() and time.monotonic() < deadline:
            time.sleep(0.1)

    def descendants(self) -> list[int]:
        """Every living process of this service: all of them, and no others, stand in its folders."""
        return [pid for pid in _pids() if pid != os.getpid() and self._owns(pid)]

    def pids_of(self, name: str) -> list[int]:
        """The processes of a part, the oldest first; `postgresql` is the server, `backend` what serves connections."""
        marks = {"postgresql": "bin/postgres", "backend": "postgres: belsimple_"}
        mark = marks.get(name, f"belsimple serve {name}")
        return sorted((pid for pid in self.descendants() if mark in _command_line(pid)), key=_started)

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run another command beside the service."""
        return subprocess.run(
            [sys.executable, "-I", "-m", "belsimple", *arguments],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )

    def trust(self) -> ssl.SSLContext:
        """A context that trusts the local authority and nothing else."""
        return ssl.create_default_context(cafile=self.data / "tls" / "authority.pem")

    @contextlib.asynccontextmanager
    async def client(self, **more: Any) -> AsyncIterator[aiohttp.ClientSession]:
        """A client that trusts the local authority only; it keeps cookies."""
        connector = aiohttp.TCPConnector(ssl=self.trust())
        async with aiohttp.ClientSession(self.url, connector=connector, **more) as client:
            yield client

    @contextlib.asynccontextmanager
    async def signed_in(self, role: str, tenant: int = 0) -> AsyncIterator[aiohttp.ClientSession]:
        """A client with the session of a demo person."""
        chosen = self.demo["tenants"][tenant]
        account = next(account for account in chosen["accounts"] if account["role"] == role)
        body = {"tenant": chosen["slug"], "email": account["email"], "password": account["password"]}
        async with self.client() as client:
            async with client.post("/api/v1/session", json=body) as answer:
                assert answer.status == 201, await answer.text()
            yield client

    @contextlib.asynccontextmanager
    async def operator_signed_in(self) -> AsyncIterator[aiohttp.ClientSession]:
        """A client with the session of the demo operator."""
        async with self.client() as client:
            async with client.post("/operator/api/v1/session", json=self.demo["operator"]) as answer:
                assert answer.status == 201, await answer.text()
            yield client

    def _owns(self, pid: int) -> bool:
        try:
            here = Path(f"/proc/{pid}/cwd").readlink()
        except OSError:
            return False
        return any(here.is_relative_to(place) for place in (self.folder, self.data, self.data.resolve()))


@contextlib.contextmanager
def running_service(environment: Mapping[str, str] | None = None) -> Iterator[Service]:
    """A service with demo data for the length of a `with`."""
    with new_service(environment) as service:
        service.start()
        yield service


@contextlib.contextmanager
def new_service(environment: Mapping[str, str] | None = None) -> Iterator[Service]:
    """A service that is not started yet; whatever is left of it ends with the `with`."""
    with public_folder() as folder:
        service = Service(folder, environment)
        try:
            yield service
        finally:
            service.kill()


def _bound() -> list[str]:
    # Dies with the test run, however that ends.
    return ["setpriv", "--pdeathsig=TERM", "--"]


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text("utf-8").replace("\0", " ").strip()
    except OSError:
        return ""


def _started(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[19])
    except OSError:
        return 0
