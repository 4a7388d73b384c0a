"""What the cases run against: the service with tenants, accounts and dossiers in it, and the peers' own database beside it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from argon2.low_level import Type, hash_secret_raw

from bench import requests
from bench.load import Load, run
from bench.peer import PeerSettings
from bench.postgres import Connection, run_file
from bench.service import Service, running_service

TENANTS: Final = 10
ACCOUNTS: Final = 200
DOSSIERS: Final = 1000
CONNECTIONS: Final = 8
PASSWORD: Final = "correct horse battery staple bench"
PEER_DATABASE: Final = "bench"
PEER_ROLE: Final = "bench_peer"
PEER_TENANT: Final = UUID(int=1)
PEER_TOKEN: Final = bytes(range(32))


@dataclass(frozen=True, slots=True)
class World:
    """A running service and how to reach it. `cookies` holds one signed-in session for each connection."""

    service: Service
    cookies: list[bytes]
    accounts: list[tuple[str, str]]
    peers: PeerSettings


@contextmanager
def world() -> Generator[World]:
    """Start and fill everything; it goes at the end."""
    with running_service() as service:
        admin = service.connect_as("admin")
        _fill_service(admin)
        accounts = [
            (f"bench-{tenant}", f"member-{number}@example.invalid")
            for number in range(1, ACCOUNTS + 1)
            for tenant in range(1, TENANTS + 1)
        ]
        cookies = [_sign_in(service.port, account) for account in accounts[:CONNECTIONS]]
        yield World(service, cookies, accounts, _peers(service, admin))


def _fill_service(admin: Connection) -> None:
    salt = secrets.token_bytes(16)
    proof = hash_password(salt)
    run_file(
        admin,
        "seed.sql",
        tenants=TENANTS,
        accounts=ACCOUNTS,
        dossiers=DOSSIERS,
        salt=salt.hex(),
        verifier=hashlib.sha256(proof).hexdigest(),
    )


def hash_password(salt: bytes) -> bytes:
    """Argon2id of the accounts' password as the service has it computed: RFC 9106's second recommended setting."""
    return hash_secret_raw(PASSWORD.encode(), salt, 3, 64 * 1024, 4, 32, Type.ID)


def _sign_in(port: int, account: tuple[str, str]) -> bytes:
    """A session's cookie, as the Cookie header carries it."""
    answers = run(Load(port, requests.sign_ins(port, [account], PASSWORD), status=201, connections=1, seconds=0.001))
    head = answers.body.split(b"\r\n\r\n", 1)[0]
    lines = [line for line in head.split(b"\r\n") if line.lower().startswith(b"set-cookie:")]
    return lines[0].split(b":", 1)[1].split(b";", 1)[0].strip()


def _peers(service: Service, admin: Connection) -> PeerSettings:
    """The peers' database in the same PostgreSQL, with as much in it as the service's."""
    peer = replace(admin, database=PEER_DATABASE, user=PEER_ROLE, password=secrets.token_hex(16))
    run_file(admin, "peer_database.sql", role=PEER_ROLE, database=PEER_DATABASE, password=peer.password)
    inside = replace(admin, database=PEER_DATABASE)
    run_file(inside, "peer_schema.sql")
    run_file(inside, "peer_seed.sql", tenants=TENANTS, dossiers=DOSSIERS, token=PEER_TOKEN.hex())
    return PeerSettings(
        database=peer,
        tenant=PEER_TENANT,
        certificate=service.certificate,
        key=service.key,
        workers=service.workers,
        pool=service.connections(),
    )
