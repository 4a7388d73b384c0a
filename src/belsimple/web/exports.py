"""Exports: a file of any length, made piece by piece while it is sent, in transactions of their own."""

import asyncio
from typing import Any

import msgspec

from belsimple.database.transaction import Principal, Transaction
from belsimple.files.names import attachment
from belsimple.web.answers import Export
from belsimple.web.asgi import Receive, Send
from belsimple.web.bodies import Disconnected
from belsimple.web.downloads import SEND_SECONDS, disconnected
from belsimple.web.encoding import Encode
from belsimple.web.endpoint import Endpoint
from belsimple.web.exchange import Exchange, Reply
from belsimple.web.plan import Plan
from belsimple.web.problems import Forbidden
from belsimple.web.runtime import Runtime


class _Asked(msgspec.Struct, frozen=True):
    export: Export
    principal: Principal


class ExportPlan(Plan):
    """Serves an endpoint that answers with an export."""

    def __init__(self, endpoint: Endpoint, runtime: Runtime) -> None:
        super().__init__(endpoint, runtime)
        self._declared = endpoint.handler
        self._handler = self._ask

    async def run(self, exchange: Exchange, receive: Receive, values: tuple[str, ...]) -> Reply:
        """Answer one request. Who asks, and for what, is proven here; the bytes follow."""
        reply = await super().run(exchange, receive, values)
        if isinstance(reply, ExportReply):
            token = self._token(exchange)
            assert token is not None  # the transaction was entered with it
            reply.prepare(receive, token, exchange.address)
        return reply

    async def _ask(self, transaction: Transaction, **arguments: Any) -> _Asked:
        return _Asked(await self._declared(transaction=transaction, **arguments), transaction.principal)

    def _encoder(self) -> Encode:
        return self._reply

    def _reply(self, asked: Any) -> "ExportReply":
        return ExportReply(self._runtime, self._permission, asked)


class ExportReply(Reply):
    """An answer whose length nobody knows before its end."""

    __slots__ = ("_address", "_asked", "_permission", "_receive", "_runtime", "_token")

    _receive: Receive
    _token: bytes
    _address: str

    def __init__(self, runtime: Runtime, permission: str | None, asked: _Asked) -> None:
        headers = [
            (b"content-type", asked.export.media_type.encode("ascii")),
            (b"content-disposition", attachment(asked.export.name).encode("ascii")),
        ]
        super().__init__(200, b"", headers)
        self._runtime = runtime
        self._permission = permission
        self._asked = asked

    def prepare(self, receive: Receive, token: bytes, address: str) -> None:
        """What the pieces need of the request."""
        self._receive, self._token, self._address = receive, token, address

    async def send(self, send: Send, *, head: bool = False) -> None:
        """Send it. A failure after the first byte is raised, which breaks the connection: nothing ends as if complete."""
        start = {"type": "http.response.start", "status": self.status, "headers": self.headers}
        if head:
            await send(start)
            await send({"type": "http.response.body", "body": b""})
            return
        with self._runtime.streams.one(self._asked.principal):
            piece, place = await self._first()
            await send(start)
            await self._stream(send, piece, place)

    async def _first(self) -> tuple[bytes, Any]:
        """The first piece, made before the status leaves; and the event, noted before anything does."""
        async with asyncio.timeout(self._runtime.settings.request_seconds):
            async with self._runtime.database.tenant(self._token, writing=True, address=self._address) as transaction:
                self._require(transaction)
                await transaction.record(
                    "exported", self._asked.export.object_type, None, dict(self._asked.export.detail)
                )
            return await self._piece(None)

    async def _stream(self, send: Send, piece: bytes, place: Any) -> None:
        gone = asyncio.create_task(disconnected(self._receive))
        try:
            while True:
                async with asyncio.timeout(SEND_SECONDS):
                    await send({"type": "http.response.body", "body": piece, "more_body": place is not None})
                if place is None:
                    return
                if gone.done():
                    raise Disconnected
                async with asyncio.timeout(self._runtime.settings.request_seconds):
                    piece, place = await self._piece(place)
        finally:
            gone.cancel()

    async def _piece(self, place: Any) -> tuple[bytes, Any]:
        async with self._runtime.database.tenant(self._token, writing=False, address=self._address) as transaction:
            self._require(transaction)
            made = await self._asked.export.piece(transaction, place)
        if transaction.touch_due:
            self._runtime.touch(self._token)
        return made

    def _require(self, transaction: Transaction) -> None:
        if self._permission is not None and self._permission not in transaction.principal.permissions:
            raise Forbidden
