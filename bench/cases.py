"""The cases: each measures the service beside its peer and gives one ratio."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from typing import Final

from bench import requests
from bench.documents import download_vs_plain, upload_vs_plain
from bench.load import Load, LoadError, run
from bench.measure import Figures, Sample, by_cpu, by_rate, compare, http_side
from bench.peer import running_peer
from bench.postgres import pgbench_rate
from bench.world import CONNECTIONS, PASSWORD, PEER_TOKEN, World, hash_password

ROWS: Final = 20
CORES: Final = cpu_count() or 1
SIGN_IN_CONNECTIONS: Final = 2 * CORES
"""One sign-in is hashed on each core while the next waits; a longer queue would only measure waiting."""
HASHING_TAKES: Final = 5.0
"""Times as long an interval as for the other cases, in fewer rounds: a sign-in takes a fifth of a second of a core."""
HASHING_ROUNDS: Final = 5
SALT: Final = bytes(16)

Case = Callable[[World, float], Figures]


def read_vs_floor(world: World, seconds: float) -> Figures:
    """An authenticated, isolated read of 20 rows, against one bare SELECT."""
    return _read("read_vs_floor", 0.45, "floor", world, seconds)


def read_vs_typical(world: World, seconds: float) -> Figures:
    """The same read, against the same stack as services usually are."""
    return _read("read_vs_typical", 0.9, "typical", world, seconds)


def write_vs_pgbench(world: World, seconds: float) -> Figures:
    """An audited write over HTTPS, against pgbench running the same insert in the same context."""
    service = world.service
    app = service.connect_as("app")
    request = requests.writes(service.port, world.cookies)
    ours = http_side(
        lambda for_seconds: Load(service.port, request, 201, CONNECTIONS, for_seconds),
        lambda: service.part("web"),
        service.database,
    )

    def pgbench(for_seconds: float) -> Sample:
        token = _token(world.cookies[0]).hex()
        return Sample(pgbench_rate(app, "write.sql", clients=CONNECTIONS, seconds=for_seconds, token=rf"\x{token}"))

    return compare("write_vs_pgbench", 0.35, ours, pgbench, value=by_rate, seconds=seconds)


def signin_vs_argon2(world: World, seconds: float) -> Figures:
    """Sign-ins of different accounts, against the bare rate of Argon2id on the same cores."""
    service = world.service
    request = requests.sign_ins(service.port, world.accounts, PASSWORD)
    ours = http_side(
        lambda for_seconds: Load(service.port, request, 201, SIGN_IN_CONNECTIONS, for_seconds),
        lambda: service.part("gate") | service.part("web"),
        service.database,
    )
    return compare(
        "signin_vs_argon2",
        0.9,
        ours,
        _argon2,
        value=by_rate,
        seconds=HASHING_TAKES * seconds,
        rounds=HASHING_ROUNDS,
    )


CASES: Final[dict[str, Case]] = {
    case.__name__: case
    for case in (
        read_vs_floor,
        read_vs_typical,
        write_vs_pgbench,
        signin_vs_argon2,
        upload_vs_plain,
        download_vs_plain,
    )
}


def _read(name: str, goal: float, peer_name: str, world: World, seconds: float) -> Figures:
    service = world.service
    ours = _reads(service.port, world.cookies)
    with running_peer(peer_name, world.peers) as peer:
        theirs = _reads(peer.port, [b"session=" + urlsafe_b64encode(PEER_TOKEN).rstrip(b"=")])
        _check_same_work(ours, theirs)
        return compare(
            name,
            goal,
            http_side(ours, lambda: service.part("web"), service.database),
            http_side(theirs, peer.processes, service.database),
            value=by_cpu,
            seconds=seconds,
        )


def _reads(port: int, cookies: list[bytes]) -> Callable[[float], Load]:
    request = requests.reads(port, cookies)
    return lambda seconds: Load(port, request, 200, CONNECTIONS, seconds)


def _check_same_work(*sides: Callable[[float], Load]) -> None:
    """Both must answer the same number of rows with the same fields, or the ratio compares nothing."""
    answers = [json.loads(run(side(0.01)).body.split(b"\r\n\r\n", 1)[1])["items"] for side in sides]
    shapes = [(len(items), sorted(items[0])) for items in answers]
    if shapes[0] != shapes[1] or shapes[0][0] != ROWS:
        raise LoadError(f"the service and its peer do not answer alike: {shapes}")


def _token(cookie: bytes) -> bytes:
    """The session token that a cookie holds."""
    return urlsafe_b64decode(cookie.split(b"=", 1)[1] + b"=")


def _argon2(seconds: float) -> Sample:
    """Argon2id on every core and nothing else."""
    begun, spent = time.perf_counter(), time.process_time()

    def hashes(_: int) -> int:
        done = 0
        while time.perf_counter() - begun < seconds:
            hash_password(SALT)
            done += 1
        return done

    with ThreadPoolExecutor(CORES) as pool:
        done = sum(pool.map(hashes, range(CORES)))
    elapsed = time.perf_counter() - begun
    return Sample(rate=done / elapsed, cpu=(time.process_time() - spent) / done)
