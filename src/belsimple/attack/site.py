"""What the API cases are given: a client of the running service, its OpenAPI document, and the ground beneath."""

import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import urlencode

import msgspec

from belsimple.attack.backend import Backend
from belsimple.attack.client import Client, Reply
from belsimple.attack.ground import Ground, new_session
from belsimple.attack.outcome import Outcome
from belsimple.database.admin import owner_connection
from belsimple.database.queries import Query, load_queries
from belsimple.files.stores import BlobStore
from belsimple.server.assembly import all_endpoints
from belsimple.server.filing import blob_store
from belsimple.server.settings import Settings
from belsimple.server.values import public_url
from belsimple.web.endpoint import Endpoint

_pool = load_queries("belsimple.database", "pool.sql")
_q = load_queries("belsimple.attack", "ground.sql")


OCTETS: Final = "application/octet-stream"
FORM: Final[Mapping[str, str]] = {"Content-Type": "application/x-www-form-urlencoded"}
Side = Literal["web", "operator"]


class Broken(Exception):
    """The attack succeeded; the message says how."""


class Route(NamedTuple):
    """One operation of the OpenAPI document, or a page."""

    method: str
    path: str
    permission: str
    fresh: bool
    has_body: bool
    media_type: str = "application/json"

    def at(self, object_id: str) -> str:
        """The path with every parameter filled by one id."""
        pieces = self.path.split("/")
        return "/".join(object_id if piece.startswith("{") else piece for piece in pieces)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Operator(NamedTuple):
    """A synthetic operator and a session of it."""

    id: str
    email: str
    token: bytes


class Site:
    """A running service and the two synthetic tenants in it; `store` holds its documents' blobs."""

    def __init__(self, client: Client, ground: Ground, documents: "dict[Side, Any]", store: BlobStore) -> None:
        self.client = client
        self.ground = ground
        self.names = ground.names
        self.send = client.send
        self.store = store
        self._documents = documents
        self._tokens: dict[str, bytes] = {}
        self.broken = "none"
        """The guard that is taken out of the service."""

    @property
    def loopback(self) -> bool:
        """Whether the service's public name is this machine's."""
        return public_url(f"https://{self.client.host}").loopback

    def routes(self, side: Side = "web") -> Iterator[Route]:
        """Every operation of the tenants' side, or of the operator's."""
        for path, methods in self._documents[side]["paths"].items():
            for method, operation in methods.items():
                fresh = "re-authentication" in operation.get("description", "")
                kinds = list(operation.get("requestBody", {}).get("content", {}))
                kind = OCTETS if OCTETS in kinds else next(iter(kinds), "application/json")
                yield Route(method.upper(), path, operation["x-permission"], fresh, bool(kinds), kind)

    def pages(self) -> list[Route]:
        """Every page of the tenants' side, and what its forms do."""
        return [_page(one) for one in all_endpoints() if one.page and one.part != "operator"]

    def addresses(self) -> list[Route]:
        """Every operation of both sides, and every page and file that is no part of an interface."""
        pages = [one for one in all_endpoints() if one.signature.returns.kind in ("view", "asset")]
        return [*self.routes(), *self.routes("operator"), *(_page(one) for one in pages)]

    async def session(self, who: str) -> bytes:
        """The token of the session that all cases share for `who`: a name of tenant A, or b_owner."""
        if who not in self._tokens:
            self._tokens[who] = await self.new_session(who)
        return self._tokens[who]

    async def new_session(self, who: str) -> bytes:
        """A session of its own."""
        side = "b" if who == "b_owner" else "a"
        name = {"owner": "a_email", "b_owner": "b_email"}.get(who, f"a_{who}_email")
        return await new_session(self.ground, side, self.names[name])

    async def new_operator(self, role: str) -> "Operator":
        """A synthetic operator of this role, signed in."""
        email, token = f"{role}-{secrets.token_hex(6)}@attack.invalid", os.urandom(32)
        known = self.ground.credential
        async with self.owner_of_the_database() as owner:
            made = await owner.fetchval(_q.make_operator.sql, email, role, token, known.salt, known.proof)
        return Operator(str(made), email, token)

    def forget_sessions(self) -> None:
        """The shared sessions have ended: the next case gets new ones."""
        self._tokens.clear()

    async def as_owner_of_the_database(self, query: Query, *arguments: object) -> None:
        """Bring about by command what would take half an hour, such as a session grown old."""
        async with owner_connection(self.ground.admin_url) as connection:
            await connection.execute(query.sql, *arguments)

    @asynccontextmanager
    async def owner_of_the_database(self) -> AsyncIterator[Any]:
        """A transaction of the owner's: asyncpg's connection."""
        async with owner_connection(self.ground.admin_url) as connection, connection.transaction():
            yield connection

    async def sign_in(self, who: str, password: str) -> Reply:
        """Sign in over HTTPS, as a person would."""
        body = {"tenant": self.names["a_slug"], "email": self.names[f"a_{who}_email"], "password": password}
        return await self.send("POST", "/api/v1/session", json=body)

    async def alive(self, token: bytes) -> bool:
        """Whether a session still opens anything."""
        return (await self.send("GET", "/api/v1/me", token=token)).status == 200

    async def upload(
        self, content: bytes, *, who: str = "owner", name: str = "attack.txt", kind: str = OCTETS
    ) -> Reply:
        """Add a document to a new dossier of the tenant of `who`; `name` stands in the address as it is."""
        dossier = await self.make_dossier(who)
        path = f"/api/v1/dossiers/{dossier['id']}/documents?filename={name}"
        return await self.send("POST", path, token=await self.session(who), raw=content, headers={"Content-Type": kind})

    async def sign_in_on_a_page(self, who: str, headers: Mapping[str, str] | None = None, **more: str) -> Reply:
        """Sign in by the page's form, with `more` of its fields."""
        fields = {
            "tenant": self.names["a_slug"],
            "email": self.names[f"a_{who}_email"],
            "password": self.ground.credential.password,
            **more,
        }
        return await self.send("POST", "/sign-in", raw=urlencode(fields).encode(), headers={**FORM, **(headers or {})})

    async def make_dossier(self, who: str = "owner", **fields: object) -> Any:
        """A new dossier of the tenant of `who`."""
        reply = await self.send(
            "POST", "/api/v1/dossiers", token=await self.session(who), json={"title": "Attack", **fields}
        )
        expect(reply, 201)
        return reply.json


def _page(one: Endpoint) -> Route:
    has_body = one.signature.body is not None
    return Route(one.method, one.path, one.permission, one.fresh, has_body, FORM["Content-Type"])


Attack = Callable[[Site], Awaitable[None]]


class ApiCase(msgspec.Struct, frozen=True):
    """One attack over HTTPS; it raises Broken when it succeeds."""

    name: str
    number: int
    guard: str
    attack: Attack


API_CASES: list[ApiCase] = []


def api_case(number: int, guard: str) -> Callable[[Attack], Attack]:
    """Declare a case: its number in the list of attacks, and the mutation that must turn it red."""

    def declare(attack: Attack) -> Attack:
        API_CASES.append(ApiCase(attack.__name__, number, guard, attack))
        return attack

    return declare


async def run_api_case(site: Site, case: ApiCase) -> Outcome:
    """Run one case."""
    expected = (case.attack.__doc__ or "").strip().partition("\n")[0]
    await site.client.move()
    try:
        await case.attack(site)
    except Broken as broken:
        return Outcome(case.number, case.name, case.guard, held=False, expected=expected, seen=str(broken))
    except Exception as error:  # noqa: BLE001 - a case that cannot be carried out has shown nothing
        seen = f"not carried out: {type(error).__name__}: {error}"
        return Outcome(case.number, case.name, case.guard, held=False, expected=expected, seen=seen)
    return Outcome(case.number, case.name, case.guard, held=True, expected=expected, seen="as expected")


def expect(reply: Reply, *statuses: int, why: str = "") -> None:
    """Raise Broken when the answer has another status."""
    if reply.status not in statuses:
        raise Broken(f"{why or 'answer'}: {reply.status} {reply.problem}, not {' or '.join(map(str, statuses))}")


async def site_on(client: Client, ground: Ground, settings: Settings) -> Site:
    """The site of a running service, which has these settings."""
    async with Backend.open(ground.urls["app"], {}) as backend:
        [instance] = await backend.column(_pool.instance.sql)
    client.cookie = f"__Host-belsimple-{instance}"
    client.operators_cookie = f"__Host-belsimple-operator-{instance}"
    client.pending_cookie = f"__Host-belsimple-pending-{instance}"
    documents: dict[Side, Any] = {
        "web": (await client.send("GET", "/api/openapi.json")).json,
        "operator": (await client.send("GET", "/operator/api/openapi.json")).json,
    }
    return Site(client, ground, documents, blob_store(settings))
