"""From part web to the parts behind it, over their Unix socket."""

import asyncio
from pathlib import Path
from string import punctuation
from urllib.parse import quote

import aiohttp
from yarl import URL

from belsimple.web.asgi import Receive
from belsimple.web.bodies import read_body
from belsimple.web.endpoint import Endpoint
from belsimple.web.exchange import Exchange, Reply
from belsimple.web.problems import Unavailable

MAX_IN_FLIGHT = 128
"""Requests at the part behind; the next is answered 503 at once, so that a storm there takes nothing here."""
CONNECT_SECONDS = 2.0

_SENT = (
    b"accept",
    b"accept-language",
    b"content-type",
    b"cookie",
    b"idempotency-key",
    b"if-match",
    b"if-none-match",
    b"sec-fetch-site",
    b"user-agent",
)
_RETURNED = frozenset(
    (
        "content-security-policy",
        "content-type",
        "set-cookie",
        "location",
        "etag",
        "retry-after",
        "allow",
        "idempotency-replayed",
        "www-authenticate",
    )
)


class Forwarder:
    """A client of one Unix socket. Only the headers named here pass in either direction, hence no hop-by-hop header."""

    def __init__(self, socket: Path) -> None:
        self._socket = str(socket)
        self._client: aiohttp.ClientSession | None = None
        self._in_flight = 0

    async def start(self) -> None:
        """Make the client; it connects when it is first used."""
        self._client = aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(self._socket, limit=MAX_IN_FLIGHT),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),  # cookies are people's: none may be kept and sent with another's request
            auto_decompress=False,
            skip_auto_headers=("user-agent", "accept-encoding", "accept", "content-type"),
        )

    async def stop(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()

    async def send(self, exchange: Exchange, body: bytes) -> Reply:
        """The part's answer; raises Unavailable when it is away or has too much to do."""
        if self._client is None or self._in_flight >= MAX_IN_FLIGHT:
            raise Unavailable
        self._in_flight += 1
        try:
            return await self._exchange(self._client, exchange, body)
        except (aiohttp.ClientError, OSError):
            raise Unavailable from None
        finally:
            self._in_flight -= 1

    async def _exchange(self, client: aiohttp.ClientSession, exchange: Exchange, body: bytes) -> Reply:
        headers = {name.decode("ascii"): exchange.text(name) for name in _SENT if name in exchange.headers}
        headers["x-belsimple-address"] = exchange.address
        headers["x-request-id"] = exchange.request_id
        async with client.request(
            exchange.method, _url(exchange), headers=headers, data=body or None, allow_redirects=False
        ) as response:
            answer = await response.read()
            kept = [
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in response.headers.items()
                if name.lower() in _RETURNED
            ]
            return Reply(response.status, answer, kept)

    async def ready(self) -> bool:
        """Whether the part says that it can serve."""
        if self._client is None:
            return False
        try:
            async with asyncio.timeout(CONNECT_SECONDS), self._client.get("http://part/readyz") as response:
                return response.status == 200
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False


class ForwardPlan:
    """Serves, in part web, an endpoint of another part."""

    def __init__(self, endpoint: Endpoint, forwarder: Forwarder, request_seconds: float) -> None:
        self._path = endpoint.path
        self._has_body = endpoint.signature.body is not None
        self._forwarder = forwarder
        self._request_seconds = request_seconds

    async def run(self, exchange: Exchange, receive: Receive, _values: tuple[str, ...]) -> Reply:
        """Answer with what the part behind answers; it reads the path itself."""
        exchange.route = self._path
        body = await read_body(exchange, receive) if self._has_body else b""
        async with asyncio.timeout(self._request_seconds):
            return await self._forwarder.send(exchange, body)


def _url(exchange: Exchange) -> URL:
    # As it came; but servers let bytes beyond ASCII through in a query, and those cannot stand in the next request's line.
    target = exchange.raw_path + (b"?" + exchange.query if exchange.query else b"")
    return URL(f"http://part{quote(target, safe=punctuation)}", encoded=True)
