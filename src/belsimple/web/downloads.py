"""Downloads: a file, or a range of it, decrypted while it leaves (RFC 9110, section 14)."""

import asyncio
import re
from contextlib import aclosing
from typing import Any, Final, cast

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Principal, Transaction
from belsimple.files.names import attachment, served_type
from belsimple.files.stores import BlobName
from belsimple.files.vault import Content, Opening, Vault
from belsimple.language import marked as _
from belsimple.web.answers import Download
from belsimple.web.asgi import Receive, Send
from belsimple.web.bodies import Disconnected
from belsimple.web.encoding import Encode
from belsimple.web.endpoint import Endpoint
from belsimple.web.exchange import Exchange, Reply
from belsimple.web.looks import record_read
from belsimple.web.plan import Plan
from belsimple.web.problems import NotFound, Problem
from belsimple.web.runtime import Runtime
from belsimple.web.watch import Watch

_q = load_queries("belsimple.files")
SEND_SECONDS: Final = 60.0
"""For a MiB: a client that reads more slowly is let go."""
_RANGE: Final = re.compile(r"bytes\s*=\s*(?P<first>[0-9]{0,18})-(?P<last>[0-9]{0,18})\s*", re.IGNORECASE)


class RangeNotSatisfiable(Problem):
    """416: the range begins behind the end."""

    status, name, title = 416, "range-not-satisfiable", _("The file has no such range.")

    def __init__(self, size: int) -> None:
        super().__init__(headers={"content-range": f"bytes */{size}"})


class Found(msgspec.Struct, frozen=True):
    """A file to be sent, and what the database tells of it."""

    download: Download
    content: Content
    principal: Principal


class DownloadPlan(Plan):
    """Serves an endpoint that answers with a file."""

    def __init__(self, endpoint: Endpoint, runtime: Runtime) -> None:
        super().__init__(endpoint, runtime)
        self._vault = cast("Vault", runtime.services["vault"])
        self._declared = endpoint.handler
        self._handler = self._find

    async def run(self, exchange: Exchange, receive: Receive, values: tuple[str, ...]) -> Reply:
        """Answer one request. What must be proven inside the transaction is proven; the bytes follow after it."""
        reply = await super().run(exchange, receive, values)
        if isinstance(reply, FileReply):
            token = self._token(exchange)
            assert token is not None  # the transaction was entered with it
            reply.prepare(exchange, receive, Watch(self._runtime, token, self._permission), token)
        return reply

    async def _find(self, transaction: Transaction, **arguments: Any) -> Found:
        download: Download = await self._declared(transaction=transaction, **arguments)
        content = await transaction.row(_q.content, Content, id=download.file)
        if content is None:
            raise NotFound
        return Found(download, content, transaction.principal)

    def _encoder(self) -> Encode:
        return self._reply

    def _reply(self, found: Any) -> "FileReply":
        return FileReply(self._runtime, self._vault, found)


class FileReply(Reply):
    """An answer whose body is a file, or a range of it."""

    __slots__ = ("_found", "_receive", "_runtime", "_start", "_stop", "_token", "_vault", "_watch")

    _receive: Receive
    _watch: Watch
    _token: bytes

    def __init__(self, runtime: Runtime, vault: Vault, found: Found) -> None:
        headers = [
            (b"content-type", served_type(found.download.media_type).encode("ascii")),
            (b"content-disposition", attachment(found.download.name).encode("ascii")),
            (b"accept-ranges", b"bytes"),
        ]
        super().__init__(200, b"", headers, etag=f'"{found.download.file}"')
        self._runtime = runtime
        self._vault = vault
        self._found = found
        self._start, self._stop = 0, found.content.size

    def prepare(self, exchange: Exchange, receive: Receive, watch: Watch, token: bytes) -> None:
        """Choose the range that was asked for. Raises RangeNotSatisfiable."""
        self._receive, self._watch, self._token = receive, watch, token
        wanted = exchange.text(b"range")
        if exchange.method != "GET" or exchange.headers.get(b"if-range", self.etag_bytes) != self.etag_bytes:
            wanted = ""  # If-Range: the client has a part of something else
        size = self._found.content.size
        chosen = range_of(wanted, size)
        if chosen is not None:
            self._start, self._stop = chosen
            self.status = 206
            self.headers.append((b"content-range", f"bytes {self._start}-{self._stop - 1}/{size}".encode("ascii")))

    @property
    def etag_bytes(self) -> bytes:
        """The entity tag as a header has it."""
        return (self.etag or "").encode("ascii")

    async def send(self, send: Send, *, head: bool = False) -> None:
        """Send it. A failure after the first byte is raised, which breaks the connection: nothing ends as if complete."""
        start = {"type": "http.response.start", "status": self.status, "headers": self._all_headers()}
        if head:
            await send(start)
            await send({"type": "http.response.body", "body": b""})
            return
        with self._runtime.streams.one(self._found.principal):
            async with asyncio.timeout(self._runtime.settings.request_seconds):
                await self._record()
            opening = await self._open()
            async with aclosing(opening.pieces()) as pieces:
                piece = await anext(pieces)  # before the status leaves, the first bytes have proven genuine
                await send(start)
                await self._stream(send, piece, pieces)

    async def _record(self) -> None:
        await record_read(self._runtime, self._token, self._found.download.file)

    async def _open(self) -> Opening:
        name = BlobName(self._found.principal.tenant_id, self._found.download.file)
        return await self._vault.open(name, self._found.content, self._start, self._stop)

    async def _stream(self, send: Send, piece: bytes, pieces: Any) -> None:
        gone = asyncio.create_task(disconnected(self._receive))
        left = self._stop - self._start - len(piece)
        try:
            while True:
                async with asyncio.timeout(SEND_SECONDS):
                    await send({"type": "http.response.body", "body": piece, "more_body": left > 0})
                if not left:
                    return
                if gone.done():
                    raise Disconnected
                await self._watch.look()
                piece = await anext(pieces)
                left -= len(piece)
        finally:
            gone.cancel()

    def _all_headers(self) -> list[tuple[bytes, bytes]]:
        length = b"%d" % (self._stop - self._start)
        return [*self.headers, (b"etag", self.etag_bytes), (b"content-length", length)]


async def disconnected(receive: Receive) -> None:
    """Return once the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def range_of(header: str, size: int) -> tuple[int, int] | None:
    """Start and stop of the one range asked for; None for the whole: no range, several, or none that can be read.

    Raises RangeNotSatisfiable.
    """
    match = _RANGE.fullmatch(header)
    if match is None or not (match["first"] or match["last"]):
        return None
    if not match["first"]:
        length = min(int(match["last"]), size)
        start, stop = size - length, size
    else:
        start, stop = int(match["first"]), min(int(match["last"] or size) + 1, size)
        if match["last"] and int(match["last"]) < start:
            return None  # no valid range (RFC 9110, 14.1.1): ignored
    if start >= size or start >= stop:
        raise RangeNotSatisfiable(size)
    return start, stop
