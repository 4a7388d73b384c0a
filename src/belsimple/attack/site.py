"""What the API cases are given: a client of the running service, its OpenAPI document, and the ground beneath."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from belsimple.attack.backend import Backend
from belsimple.attack.client import Client, Reply
from belsimple.attack.ground import Ground, new_session
from belsimple.attack.outcome import Outcome
from belsimple.database.admin import owner_connection
from belsimple.database.queries import Query, load_queries

_pool = load_queries("belsimple.database", "pool.sql")
_q = load_queries("belsimple.attack", "ground.sql")


class Broken(Exception):
    """The attack succeeded; the message says how."""


class Route(NamedTuple):
    """One operation of the OpenAPI document."""

    method: str
    path: str
    permission: str
    fresh: bool
    has_body: bool

    def at(self, object_id: str) -> str:
        """The path with every parameter filled by one id."""
        pieces = self.path.split("/")
        return "/".join(object_id if piece.startswith("{") else piece for piece in pieces)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Site:
    """A running service and the two synthetic tenants in it."""

    def __init__(self, client: Client, ground: Ground, document: dict[str, Any]) -> None:
        self.client = client
        self.ground = ground
        self.names = ground.names
        self.send = client.send
        self._document = document
        self._tokens: dict[str, bytes] = {}

    def routes(self) -> Iterator[Route]:
        """Every operation."""
        for path, methods in self._document["paths"].items():
            for method, operation in methods.items():
                fresh = "re-authentication" in operation.get("description", "")
                yield Route(method.upper(), path, operation["x-permission"], fresh, "requestBody" in operation)

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

    async def as_owner_of_the_database(self, query: Query, *arguments: object) -> None:
        """Bring about by command what would take half an hour, such as a session grown old."""
        async with owner_connection(self.ground.admin_url) as connection:
            await connection.execute(query.sql, *arguments)

    async def alive(self, token: bytes) -> bool:
        """Whether a session still opens anything."""
        return (await self.send("GET", "/api/v1/me", token=token)).status == 200

    async def make_dossier(self, who: str = "owner", **fields: object) -> Any:
        """A new dossier of the tenant of `who`."""
        reply = await self.send(
            "POST", "/api/v1/dossiers", token=await self.session(who), json={"title": "Attack", **fields}
        )
        expect(reply, 201)
        return reply.json


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


async def site_on(client: Client, ground: Ground) -> Site:
    """The site of a running service."""
    async with Backend.open(ground.urls["app"], {}) as backend:
        [instance] = await backend.column(_pool.instance.sql)
    client.cookie = f"__Host-belsimple-{instance}"
    return Site(client, ground, (await client.send("GET", "/api/openapi.json")).json)
