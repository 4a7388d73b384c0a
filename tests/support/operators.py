"""Operators for tests, made the way the product makes them but without the cost of hashing; and part operator over ASGI."""

import asyncio
import os
import secrets
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database
from belsimple.identity.hashing import Hasher
from belsimple.operators.commands import invite_operator
from belsimple.operators.endpoints import ENDPOINTS
from belsimple.operators.machine import MachineFacts
from belsimple.operators.roles import Role
from belsimple.server.assembly import all_endpoints, console_pages
from belsimple.web.application import build_application
from belsimple.web.asgi import ASGIApp
from belsimple.web.flood import Rate
from belsimple.web.settings import WebSettings

from .api import Response
from .databases import Installed
from .people import ADDRESS, COST, digest, token_bytes

sign_in = load_queries("belsimple.operators", "sign_in.sql")
links = load_queries("belsimple.operators", "links.sql")
_GENEROUS = Rate(100_000, 100_000)


@dataclass(frozen=True)
class Operator:
    """An operator and what it takes to sign in as it."""

    email: str
    proof: bytes
    id: UUID
    role: Role


async def new_operator(installed: Installed, database: Database, role: Role = "platform") -> Operator:
    """An operator with a random proof; `database` is role operator's."""
    email = f"{role}-{secrets.token_hex(4)}@operator.example"
    token = await invite_operator(installed.admin_url, email=email, role=role, post=False)
    proof = os.urandom(32)
    [made] = await database.call(
        links.accept_invitation,
        token_hash=digest(token_bytes(token)),
        email=None,
        name="Somebody",
        salt=os.urandom(16),
        verifier=digest(proof),
        **COST,
    )
    assert made["email"] == email
    async with installed.superuser() as connection:
        found = await connection.fetchval("select id from operators.account where email = $1", email)
    return Operator(email, proof, found, role)


async def attempt(
    database: Database, operator: Operator, *, proof: bytes | None = None, address: str = ADDRESS, token: bytes = b""
) -> list[Any]:
    """Try to sign in; the rows that the database answers."""
    return await database.call(
        sign_in.sign_in,
        email=operator.email,
        proof=operator.proof if proof is None else proof,
        token_hash=digest(token or os.urandom(32)),
        address=address,
        agent="test",
    )


async def signed_in(database: Database, operator: Operator) -> bytes:
    """Sign in; the session's token."""
    token = os.urandom(32)
    assert await attempt(database, operator, token=token)
    return token


class OperatorApi:
    """A started part operator, called as web calls it."""

    def __init__(self, app: ASGIApp, database: Database, installed: Installed) -> None:
        self._app = app
        self.database = database
        self.installed = installed

    @classmethod
    @asynccontextmanager
    async def serving(cls, installed: Installed) -> AsyncIterator["OperatorApi"]:
        """Serve part operator on a database, between ASGI's start-up and shutdown."""
        opened: list[Database] = []

        async def open_database() -> Database:
            opened.append(await Database.open(installed.url("operator"), part="operator", size=3))
            return opened[0]

        hasher = Hasher(1)
        app = build_application(
            part="operator",
            endpoints=ENDPOINTS,
            open_database=open_database,
            settings=_settings(),
            log=lambda _: None,
            services={"hasher": hasher, "machine": lambda: MachineFacts(None, None, None)},
            pages=console_pages("operator", all_endpoints()),
        )
        asked: asyncio.Queue[Any] = asyncio.Queue()
        told: asyncio.Queue[Any] = asyncio.Queue()
        life = asyncio.create_task(_run(app, {"type": "lifespan"}, asked.get, told.put))
        await asked.put({"type": "lifespan.startup"})
        started = await told.get()
        assert started["type"] == "lifespan.startup.complete", started
        try:
            yield cls(app, opened[0], installed)
        finally:
            await asked.put({"type": "lifespan.shutdown"})
            await life
            hasher.close()

    async def operator(self, role: Role = "platform") -> Operator:
        """A new operator."""
        return await new_operator(self.installed, self.database, role)

    async def session(self, role: Role = "platform") -> bytes:
        """A new operator's new session."""
        return await signed_in(self.database, await self.operator(role))

    @property
    def cookie(self) -> str:
        """The name of the operator's cookie."""
        return f"__Host-belsimple-operator-{self.database.instance}"

    async def __call__(
        self, session: bytes | None, method: str, path: str, json: Any = None, *, headers: dict[str, str] | None = None
    ) -> Response:
        """One request to `path` under /operator/api/v1 (or to an address that begins with /operator/)."""
        path = path if path.startswith("/operator/") else f"/operator/api/v1{path}"
        path, _, query = path.partition("?")
        listed = {"host": "part", "x-belsimple-address": ADDRESS, "user-agent": "test", **(headers or {})}
        if session is not None:
            listed["cookie"] = f"{self.cookie}={urlsafe_b64encode(session).rstrip(b'=').decode()}"
        if json is not None:
            listed.setdefault("content-type", "application/json")
        body = b"" if json is None else json if isinstance(json, bytes) else msgspec.json.encode(json)
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in listed.items()],
            "client": None,
        }
        sent: list[Any] = []
        await self._app(scope, partial(_whole, body), partial(_keep, sent))
        received = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Response(sent[0]["status"], received, b"".join(message["body"] for message in sent[1:]))

    async def observe(self, sql: str, *arguments: Any) -> list[Any]:
        """What the database holds, seen from above."""
        async with self.installed.superuser() as connection:
            return await connection.fetch(sql, *arguments)

    async def own(self, sql: str, *arguments: Any) -> None:
        """A statement of the installation's owner; it acts as itself, so that its changes are in the trail too."""
        async with self.installed.owner() as connection, connection.transaction():
            await connection.execute("select operators.act_as('test')")
            await connection.execute(sql, *arguments)

    async def mails(self, recipient: str) -> list[Any]:
        """Kind and facts (without their time) of what a recipient was sent, oldest first."""
        rows = await self.observe(
            "select kind, facts - 'at' as facts from mail.message where recipient = $1 order by id", recipient
        )
        return [(row["kind"], msgspec.json.decode(row["facts"])) for row in rows]

    async def mailed_link(self, recipient: str) -> str:
        """The token of the link in the last mail to a recipient, as the worker makes it when it sends."""
        token = os.urandom(32)
        [newest] = await self.observe(
            "select id from mail.message where recipient = $1 and link is not null order by id desc limit 1", recipient
        )
        async with self.installed.role("worker") as connection:
            opened = await connection.fetch("select * from mail.open($1, $2)", newest["id"], digest(token))
            assert len(opened) == 1
        return urlsafe_b64encode(token).rstrip(b"=").decode()

    async def trail(self, operator: Operator) -> list[str]:
        """What an operator did, oldest first."""
        rows = await self.observe(
            "select action from audit.system_entry where actor = $1 order by at, id", f"operator:{operator.id}"
        )
        return [row["action"] for row in rows]


def _settings() -> WebSettings:
    return WebSettings(
        host="localhost",
        port=443,
        loopback=True,
        trusted_proxies=(),
        limits_key=bytes(32),
        address_rate=_GENEROUS,
        account_rate=_GENEROUS,
        tenant_rate=_GENEROUS,
    )


async def _run(app: ASGIApp, *arguments: Any) -> None:
    await app(*arguments)


async def _whole(body: bytes) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": False}


async def _keep(sent: list[Any], message: Any) -> None:
    sent.append(message)
