"""A scratch service on a scratch database: parts web, gate and operator, each possibly with a guard taken out."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import aiohttp

from belsimple.attack.client import Client
from belsimple.attack.ground import Ground
from belsimple.attack.site import Site, site_on
from belsimple.errors import OperatorError
from belsimple.server import tls
from belsimple.server.processes import bound_to_this_process
from belsimple.server.readiness import pinned_context
from belsimple.server.settings import load_settings

_START_SECONDS: Final = 90.0
_PARTS: Final = (("gate", "gate"), ("operator", "operator"), ("web", "app"))
_KEPT: Final = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "HOME", "PYTHONPATH")


@asynccontextmanager
async def serving(ground: Ground, folder: Path, guard: str) -> AsyncIterator[Site]:
    """The service on `ground`'s database, with the mutant of `guard` in every part; its files are in `folder`."""
    environment = _environment(folder)
    settings = load_settings(environment)
    await asyncio.to_thread(tls.refresh, settings)
    processes = [_start(part, role, guard, ground, environment) for part, role in _PARTS]
    try:
        url = f"https://127.0.0.1:{settings.port}"
        async with Client.open(url, f"localhost:{settings.port}", pinned_context(settings)) as client:
            await _ready(client, processes)
            site = await site_on(client, ground, settings)
            site.broken = guard
            yield site
    finally:
        await asyncio.to_thread(_stop, processes)


def _environment(folder: Path) -> dict[str, str]:
    own = {name: os.environ[name] for name in _KEPT if name in os.environ}
    port, other = _free_ports()
    data = folder / "data"
    data.mkdir(mode=0o700)
    return {
        **own,
        "BELSIMPLE_DATA": str(data),
        "BELSIMPLE_RUN": str(folder),
        "BELSIMPLE_PORT": str(port),
        "BELSIMPLE_HTTP_PORT": str(other),
        "BELSIMPLE_URL": f"https://localhost:{port}",
        "BELSIMPLE_WORKERS": "1",
        "BELSIMPLE_TRUSTED_PROXIES": "127.0.0.0/8",  # the suite poses as a proxy: what it forwards is believed
        "BELSIMPLE_LOG_LEVEL": "error",
    }


def _start(part: str, role: str, guard: str, ground: Ground, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "belsimple.attack.mutant", guard, part, ground.names["b_tenant"]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**environment, "BELSIMPLE_DATABASE_URL": ground.urls[role]},
        start_new_session=True,
        preexec_fn=bound_to_this_process(signal.SIGKILL),  # noqa: PLW1509 - calls prctl alone
    )


async def _ready(client: Client, processes: "list[subprocess.Popen[bytes]]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and all(process.poll() is None for process in processes):
        with suppress(aiohttp.ClientError, OSError):
            if (await client.send("GET", "/readyz")).status == 200:
                return
        await asyncio.sleep(0.05)
    raise OperatorError("A scratch service did not start", "Run `belsimple doctor`, then try again.")


def _stop(processes: "list[subprocess.Popen[bytes]]") -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its own session: the workers go with it
        process.wait()


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]
