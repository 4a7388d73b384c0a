"""Starts a peer as a process of its own, on the service's PostgreSQL and with the service's certificate."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from bench import cpu
from bench.ports import free_port, wait_for
from bench.postgres import Connection

START_LIMIT_S: Final = 20.0
ROOT: Final = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Peer:
    """A running peer."""

    pid: int
    port: int

    def processes(self) -> frozenset[int]:
        """The server and its workers."""
        return cpu.tree(self.pid)


@dataclass(frozen=True, slots=True)
class PeerSettings:
    """What peers share. `pool` is connections per worker."""

    database: Connection
    tenant: UUID
    certificate: Path
    key: Path
    workers: int
    pool: int


@contextmanager
def running_peer(name: str, settings: PeerSettings) -> Generator[Peer]:
    """Serve bench/peers/NAME.py until the block ends."""
    port = free_port()
    environment = os.environ | {
        "BENCH_PEER_DATABASE_URL": settings.database.url,
        "BENCH_PEER_TENANT": str(settings.tenant),
        "BENCH_PEER_POOL": str(settings.pool),
    }
    words = [name, str(port), str(settings.workers), str(settings.certificate), str(settings.key)]
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.peers", *words],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port, START_LIMIT_S)
        yield Peer(process.pid, port)
    finally:
        process.terminate()
        process.wait(START_LIMIT_S)
