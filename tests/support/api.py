"""Part web over ASGI, without a network, on a real database: what its API answers to a session."""

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from belsimple.database.transaction import Database
from belsimple.files.vault import Vault
from belsimple.modules import Module
from belsimple.server.assembly import all_endpoints, console_pages
from belsimple.web.application import build_application
from belsimple.web.asgi import ASGIApp
from belsimple.web.endpoint import Endpoint
from belsimple.web.flood import Rate
from belsimple.web.settings import WebSettings

from .databases import Installed

_NO_VAULT = object()
_GENEROUS = Rate(100_000, 100_000)
_SETTINGS = WebSettings(
    host="localhost",
    port=443,
    loopback=True,
    trusted_proxies=(),
    limits_key=bytes(32),
    address_rate=_GENEROUS,
    account_rate=_GENEROUS,
    tenant_rate=_GENEROUS,
)


@dataclass(frozen=True)
class Response:
    """A complete answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return msgspec.json.decode(self.body)

    @property
    def problem(self) -> str:
        """The problem's name."""
        return self.json["type"].removeprefix("urn:belsimple:error:")

    @property
    def pointers(self) -> list[str]:
        """Where a 422 points."""
        return [error["pointer"] for error in self.json.get("errors", [])]


class Api:
    """A started part web."""

    def __init__(self, app: ASGIApp, cookie: str) -> None:
        self._app = app
        self._cookie = cookie

    @classmethod
    @asynccontextmanager
    async def serving(
        cls,
        installed: Installed,
        endpoints: Iterable[Endpoint],
        vault: Vault | None = None,
        modules: Sequence[Module] = (),
    ) -> AsyncIterator["Api"]:
        """Serve `endpoints` on a database, between ASGI's start-up and shutdown; documents go to `vault`, if there are any.

        `modules` are those whose settings the platform's own endpoints tell of.
        """
        opened: list[Database] = []

        async def open_database() -> Database:
            opened.append(await Database.open(installed.url("app"), part="web", size=4))
            return opened[0]

        app = build_application(
            part="web",
            endpoints=endpoints,
            open_database=open_database,
            settings=_SETTINGS,
            log=_quiet,
            pages=console_pages("web", all_endpoints()),
            services={"behind": (), "vault": vault or _NO_VAULT, "modules": modules, "origin": "https://localhost"},
        )
        asked: asyncio.Queue[Any] = asyncio.Queue()
        told: asyncio.Queue[Any] = asyncio.Queue()
        life = asyncio.create_task(_run(app, {"type": "lifespan"}, asked.get, told.put))
        await asked.put({"type": "lifespan.startup"})
        started = await told.get()
        assert started["type"] == "lifespan.startup.complete", started
        try:
            yield cls(app, f"__Host-belsimple-{opened[0].instance}")
        finally:
            await asked.put({"type": "lifespan.shutdown"})
            await life

    async def __call__(
        self,
        session: bytes | None,
        method: str,
        target: str,
        json: Any = None,
        *,
        headers: dict[str, str] | None = None,
        pieces: Iterable[bytes] | AsyncIterator[Any] | None = None,
    ) -> Response:
        """One request of a session (its token), with a JSON body unless that is None; or with `pieces` as its body, one message each.

        A piece that is no bytes is a message itself: a disconnect, say.
        """
        path, _, query = target.partition("?")
        listed = {"host": "localhost", **(headers or {})}
        if session is not None:
            listed["cookie"] = f"{self._cookie}={urlsafe_b64encode(session).rstrip(b'=').decode()}"
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
            "client": ("192.0.2.1", 1234),
        }
        sent: list[Any] = []
        receive = _Pieces([body] if pieces is None else pieces)
        await self._app(scope, receive, partial(_keep, sent))
        received = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Response(sent[0]["status"], received, b"".join(message["body"] for message in sent[1:]))


async def _run(app: ASGIApp, *arguments: Any) -> None:
    await app(*arguments)


class _Pieces:
    """ASGI's receive over pieces, and the disconnect after an answer."""

    def __init__(self, pieces: Iterable[bytes] | AsyncIterator[Any]) -> None:
        self._pieces = pieces if isinstance(pieces, AsyncIterator) else _each(pieces)
        self._ended = False

    async def __call__(self) -> Any:
        if self._ended:
            await asyncio.Event().wait()
        piece = await anext(self._pieces, None)
        if isinstance(piece, dict):
            return piece
        self._ended = piece is None
        return {"type": "http.request", "body": piece or b"", "more_body": not self._ended}


async def _each(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def _keep(sent: list[Any], message: Any) -> None:
    sent.append(message)


def _quiet(_: object) -> None:
    """Drops log records."""
