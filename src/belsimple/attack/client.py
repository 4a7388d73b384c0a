"""An HTTPS client that is no browser: it sends what it is told, keeps no cookie and follows nothing."""

import asyncio
import secrets
import ssl
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple, Self
from urllib.parse import urlsplit

import aiohttp
import msgspec
from yarl import URL

_PATIENCE: Final = 8
_FLOOD: Final = 429
_PIECE: Final = 64 * 1024


class Reply(NamedTuple):
    """An answer: status, headers in lower case, and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The decoded body. Raises msgspec.DecodeError."""
        return msgspec.json.decode(self.body)

    @property
    def problem(self) -> str:
        """The error's name, empty when the answer is none."""
        if not self.headers.get("content-type", "").startswith("application/problem+json"):
            return ""
        return str(self.json["type"]).rpartition(":")[2]

    def comparable(self) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
        """The whole answer, save what differs between any two: the request's id and the time."""
        kept = sorted((name, value) for name, value in self.headers.items() if name not in ("date", "x-request-id"))
        return self.status, tuple(kept), self.body


class Client:
    """A client of the service at `url`; `host` is the name it asks for; the cookies' names are known later."""

    def __init__(self, url: str, host: str, context: ssl.SSLContext) -> None:
        self.url = url
        self.host = host
        self.context = context
        self.cookie = ""
        self.operators_cookie = ""
        self.pending_cookie = ""
        self._session = self._new_session()

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, host: str, context: ssl.SSLContext) -> AsyncIterator[Self]:
        """Connections are made as they are needed."""
        client = cls(url, host, context)
        try:
            yield client
        finally:
            await client._session.close()

    async def move(self) -> None:
        """Go on from another address of this machine's, if the service is here: limits count each address by itself."""
        await self._session.close()
        self._session = self._new_session()

    def _new_session(self) -> aiohttp.ClientSession:
        own = urlsplit(self.url).hostname == "127.0.0.1"  # all of 127.0.0.0/8 is this machine's
        address = f"127.{_some()}.{_some()}.{_some()}"
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self.context, limit=64, local_addr=(address, 0) if own else None),
            timeout=aiohttp.ClientTimeout(total=30),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )

    async def send(
        self,
        method: str,
        path: str,
        *,
        token: bytes | None = None,
        json: Any = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        patient: bool = True,
        chunked: bool = False,
    ) -> Reply:
        """Send one request. `patient`: a full rate limit is waited for, not taken for the answer."""
        sent = {"Host": self.host, "User-Agent": "belsimple-attack", **(headers or {})}
        if token is not None:
            side = self.operators_cookie if path.startswith("/operator/") else self.cookie
            sent.setdefault("Cookie", self.cookie_of(token, side))
        if json is not None:
            raw = msgspec.json.encode(json)
        if raw is not None:
            sent.setdefault("Content-Type", "application/json")
        reply = await self._once(method, path, sent, raw, chunked=chunked)
        for _ in range(_PATIENCE if patient else 0):
            if reply.status != _FLOOD:
                break
            await asyncio.sleep(min(float(reply.headers.get("retry-after", "1")), 20))
            reply = await self._once(method, path, sent, raw, chunked=chunked)
        return reply

    def cookie_of(self, token: bytes, name: str = "") -> str:
        """The Cookie header of a session, under the tenants' name unless another is given."""
        return f"{name or self.cookie}={urlsafe_b64encode(token).rstrip(b'=').decode()}"

    async def _once(
        self, method: str, path: str, headers: Mapping[str, str], raw: bytes | None, *, chunked: bool
    ) -> Reply:
        data = _pieces(raw) if chunked and raw is not None else raw
        async with self._session.request(
            method, URL(self.url + path, encoded=True), headers=headers, data=data, allow_redirects=False
        ) as got:
            body = await got.read()
            return Reply(got.status, {name.lower(): ", ".join(got.headers.getall(name)) for name in got.headers}, body)

    async def stall(self, path: str, token: bytes, *, seconds: float) -> int:
        """Begin a POST, send one byte of its body and no more; the status that comes within `seconds`, else 0."""
        return await self.begin(path, token, b"{", length="100", seconds=seconds)

    async def begin(
        self, path: str, token: bytes, body: bytes, *, length: str, kind: str = "application/json", seconds: float
    ) -> int:
        """POST `body` under a length of one's own choice, then wait; the status that comes within `seconds`, else 0."""
        parts = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(  # noqa: TID251 - to the service under attack
            parts.hostname, parts.port or 443, ssl=self.context, server_hostname=parts.hostname
        )
        lines = (
            f"POST {path} HTTP/1.1",
            f"Host: {self.host}",
            f"Cookie: {self.cookie_of(token)}",
            f"Content-Type: {kind}",
            f"Content-Length: {length}",
        )
        try:
            writer.write("\r\n".join((*lines, "", "")).encode() + body)
            await writer.drain()
            async with asyncio.timeout(seconds):
                status = await reader.readline()
            return int(status.split()[1]) if status else 0
        except TimeoutError:
            return 0
        finally:
            writer.transport.abort()


def _some() -> int:
    return secrets.randbelow(250) + 2


async def _pieces(raw: bytes) -> AsyncIterator[bytes]:
    """The body without its length: HTTP/1.1 sends it in chunks."""
    for start in range(0, len(raw), _PIECE):
        yield raw[start : start + _PIECE]
