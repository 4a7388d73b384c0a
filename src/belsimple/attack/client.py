"""An HTTPS client that is no browser: it sends what it is told, keeps no cookie and follows nothing."""

import asyncio
import ssl
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple, Self
from urllib.parse import urlsplit

import aiohttp
import msgspec

_PATIENCE: Final = 8
_ANSWERED_EARLY: Final = 5
_SMALL: Final = 64 * 1024
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
    """A client of the service at `url`; `host` is the name it asks for, `cookie` the name of the session's."""

    def __init__(self, url: str, host: str, context: ssl.SSLContext, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.host = host
        self.context = context
        self.cookie = ""
        self._session = session

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, host: str, context: ssl.SSLContext) -> AsyncIterator[Self]:
        """Connections are made as they are needed."""
        connector = aiohttp.TCPConnector(ssl=context, limit=64)
        timeout = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(
            connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
        ) as session:
            yield cls(url, host, context, session)

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
            sent["Cookie"] = self.cookie_of(token)
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

    def cookie_of(self, token: bytes) -> str:
        """The Cookie header of a session."""
        return f"{self.cookie}={urlsafe_b64encode(token).rstrip(b'=').decode()}"

    async def _once(
        self, method: str, path: str, headers: Mapping[str, str], raw: bytes | None, *, chunked: bool
    ) -> Reply:
        for attempt in range(_ANSWERED_EARLY):
            data = _pieces(raw) if chunked and raw is not None else raw
            try:
                async with self._session.request(
                    method, self.url + path, headers=headers, data=data, allow_redirects=False
                ) as got:
                    body = await got.read()
                    return Reply(got.status, {name.lower(): value for name, value in got.headers.items()}, body)
            except aiohttp.ClientOSError:
                # A refusal that comes before the whole body was sent can be lost with the connection; what was refused may be sent again.
                if raw is None or len(raw) <= _SMALL or attempt == _ANSWERED_EARLY - 1:
                    raise
        raise AssertionError("unreachable")

    async def stall(self, path: str, token: bytes, *, seconds: float) -> int:
        """Begin a POST, send one byte of its body and no more; the status that comes within `seconds`, else 0."""
        parts = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(
            parts.hostname, parts.port or 443, ssl=self.context, server_hostname=parts.hostname
        )
        lines = (
            f"POST {path} HTTP/1.1",
            f"Host: {self.host}",
            f"Cookie: {self.cookie_of(token)}",
            "Content-Type: application/json",
            "Content-Length: 100",
        )
        try:
            writer.write("\r\n".join((*lines, "", "{")).encode())
            await writer.drain()
            async with asyncio.timeout(seconds):
                status = await reader.readline()
            return int(status.split()[1]) if status else 0
        except TimeoutError:
            return 0
        finally:
            writer.transport.abort()


async def _pieces(raw: bytes) -> AsyncIterator[bytes]:
    """The body without its length: HTTP/1.1 sends it in chunks."""
    for start in range(0, len(raw), _PIECE):
        yield raw[start : start + _PIECE]
