"""A part's application on a database that only remembers, called over ASGI without a network."""

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import msgspec

from belsimple.database.transaction import Database, Principal
from belsimple.web.answers import View
from belsimple.web.application import build_application
from belsimple.web.asgi import ASGIApp
from belsimple.web.endpoint import Endpoint, Part
from belsimple.web.flood import Rate
from belsimple.web.log import Access, Failure
from belsimple.web.problems import Problem
from belsimple.web.settings import WebSettings
from belsimple.web.showing import Notice, Question, Showing, Viewer

TENANT = UUID(int=1)
ACCOUNT = UUID(int=2)
SESSION = UUID(int=3)
TOKEN = bytes(range(32))
COOKIE = "__Host-belsimple-0badcafe"


def cookie_of(token: bytes, name: str = COOKIE) -> dict[str, str]:
    """The header that carries a session."""
    return {"cookie": f"{name}={urlsafe_b64encode(token).rstrip(b'=').decode()}"}


SIGNED_IN = cookie_of(TOKEN)
GENEROUS = Rate(100_000, 100_000)


@dataclass
class FakeTransaction:
    """Answers queries by name from ``results``: a value, or a function of the parameters."""

    principal: Principal
    results: dict[str, Any]
    touch_due: bool = False
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def row(self, query: Any, into: type, /, **parameters: Any) -> Any:
        return self._answer(query, parameters)

    async def value(self, query: Any, /, **parameters: Any) -> Any:
        return self._answer(query, parameters)

    def _answer(self, query: Any, parameters: dict[str, Any]) -> Any:
        self.calls.append((query.name, parameters))
        result = self.results.get(query.name)
        return result(parameters) if callable(result) else result


@dataclass
class FakeDatabase:
    """One session's database; ``log`` has what happened in order."""

    permissions: frozenset[str] = frozenset({"things:read", "things:write"})
    fresh: bool = True
    touch_due: bool = False
    instance: str = "0badcafe"
    results: dict[str, Any] = field(default_factory=dict)
    enter: Callable[[bytes], None] = lambda token: None
    log: list[Any] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @asynccontextmanager
    async def tenant(
        self, token: bytes, *, writing: bool, address: str | None = None
    ) -> AsyncGenerator[FakeTransaction]:
        self.enter(token)
        self.log.append("write" if writing else "read")
        principal = Principal(TENANT, ACCOUNT, SESSION, self.permissions, self.fresh)
        try:
            yield FakeTransaction(principal, self.results, self.touch_due, self.calls)
        except BaseException:
            self.log.append("rollback")
            raise
        self.log.append("commit")

    async def call(self, query: Any, /, **parameters: Any) -> list[tuple[Any, ...]]:
        self.calls.append((query.name, parameters))
        result = self.results.get(query.name, 0)
        return [(result(parameters) if callable(result) else result,)]

    async def touch(self, token: bytes) -> None:
        self.log.append("touch")

    async def close(self) -> None:
        self.log.append("close")


@dataclass
class Response:
    """A complete answer."""

    status: int
    raw_headers: list[tuple[str, str]]
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.raw_headers)

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def problem(self) -> str:
        assert self.headers["content-type"] == "application/problem+json"
        return self.json["type"].removeprefix("urn:belsimple:error:")


def settings(**changes: Any) -> WebSettings:
    """Settings of a service on the internet, unless changed."""
    base: dict[str, Any] = {
        "host": "app.example",
        "port": 443,
        "loopback": False,
        "trusted_proxies": (),
        "limits_key": bytes(32),
        "address_rate": GENEROUS,
        "account_rate": GENEROUS,
        "tenant_rate": GENEROUS,
    }
    return WebSettings(**(base | changes))


class PlainPages:
    """Renders a page as JSON of all that a template would get."""

    sign_in = Question("/", "sign_in.html")
    reauthentication = Question("/reauthentication", "reauthentication.html")

    async def viewer(self, transaction: Any) -> Viewer:
        return Viewer(name="Ann", email="ann@example.be", language="fr", zone="Europe/Brussels")

    def notice(self, key: str, subject: str | None) -> Notice | None:
        return Notice(f"done {key}", subject)

    def render(self, package: str, view: View, showing: Showing) -> str:
        problem = showing.problem
        return msgspec.json.encode(
            {
                "template": view.template,
                "values": view.values,
                "package": package,
                "language": showing.language,
                "path": showing.path,
                "viewer": showing.viewer and showing.viewer.name,
                "given": showing.given,
                "notice": showing.notice and [showing.notice.text, showing.notice.undo],
                "problem": problem and problem.name,
                "errors": problem and {pointer: f"{said}" for pointer, said in problem.errors},
            }
        ).decode()

    def explain(self, problem: Problem, showing: Showing) -> str:
        return f"<!doctype html><title>{problem.title}</title>"


class Service:
    """A started application; each call runs to its end."""

    def __init__(
        self,
        endpoints: Iterable[Endpoint],
        database: FakeDatabase | None = None,
        *,
        part: Part = "web",
        services: dict[str, object] | None = None,
        **changes: Any,
    ) -> None:
        self.database = database or FakeDatabase()
        self.records: list[Access | Failure] = []
        self.loop = asyncio.Runner()

        async def open_database() -> Database:
            return cast("Database", self.database)

        self.app = build_application(
            part=part,
            endpoints=endpoints,
            open_database=open_database,
            log=changes.pop("log", self.records.append),
            settings=settings(**changes),
            services={"behind": (), **(services or {})},
            pages=PlainPages(),
        )
        self.inner = cast("Any", self.app)._app
        self.loop.run(self.inner.start())

    def stop(self) -> None:
        self.loop.run(self.inner.stop())

    def request(self, method: str, target: str, **details: Any) -> Response:
        """One request, to the end of its answer; ``details`` as of `ask`."""
        return self.loop.run(ask(self.app, method, target, **details))


async def ask(
    app: ASGIApp,
    method: str,
    target: str,
    *,
    headers: dict[str, str] | list[tuple[str, str]] | None = None,
    json: Any = None,
    body: bytes = b"",
    client: str = "203.0.113.9",
) -> Response:
    """Call an application over ASGI."""
    path, _, query = target.partition("?")
    listed = list(headers.items()) if isinstance(headers, dict) else list(headers or [])
    if json is not None:
        body = msgspec.json.encode(json)
        listed.append(("content-type", "application/json"))
    if not any(name == "host" for name, _ in listed):
        listed.append(("host", "app.example"))
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in listed],
        "client": (client, 1234),
    }
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    await asyncio.sleep(0)  # what was left for after the answer
    answered = [(name.decode(), value.decode()) for name, value in sent[0]["headers"]]
    return Response(sent[0]["status"], answered, b"".join(message["body"] for message in sent[1:]))
