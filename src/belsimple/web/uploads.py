"""Uploads: a body of any length, encrypted into the store while it arrives, and never whole in memory.

a transaction that reads: enter, permission, the endpoint's `admit`, room -> stream -> the transaction of the change: enter,
permission, the file's row, handler -> commit. Whatever goes wrong before the commit leaves nothing in the store.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from functools import partial
from inspect import signature
from typing import Any, Final, cast

import msgspec
from asyncpg.exceptions import InvalidCachedStatementError, InvalidSQLStatementNameError, OutdatedSchemaCacheError

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Principal, Transaction
from belsimple.files.names import media_type
from belsimple.files.vault import Room, Sealed, Sealing, Vault
from belsimple.language import marked as _
from belsimple.web.asgi import Receive
from belsimple.web.bodies import Disconnected, declared_length
from belsimple.web.decoding import Arguments
from belsimple.web.endpoint import Endpoint
from belsimple.web.exchange import Exchange, Reply
from belsimple.web.idempotency import Claim, claim_of
from belsimple.web.inputs import Upload
from belsimple.web.plan import Plan
from belsimple.web.problems import Problem, RequestTimeout, TooLarge, UnsupportedMediaType
from belsimple.web.runtime import Runtime
from belsimple.web.watch import Watch

_q = load_queries("belsimple.files")
GRACE_SECONDS: Final = 20.0
SLOWEST: Final = 16 * 1024
"""Bytes a second, in the long run: a client that drips holds its place no longer than an honest slow one (slow POST)."""
SILENCE_SECONDS: Final = 15.0
"""Between two pieces."""
_FORMS: Final = ("multipart/", "application/x-www-form-urlencoded")


class Delivery(msgspec.Struct):
    """A file in the store, and whether the transaction that keeps it has come to its commit."""

    sealed: Sealed
    media_type: str
    kept: bool = False


class Incoming(msgspec.Struct, frozen=True):
    """What the headers say of a body. ``kind``: its media type; of a form, what stands between its parts."""

    kind: str
    length: int | None


Begin = Callable[[], Awaitable[Sealing]]
"""Begins a file of the tenant that uploads."""


class UploadPlan(Plan):
    """Serves an endpoint that takes an upload."""

    _wrapping = 0
    """Bytes that a body may hold besides what is stored of it."""

    def __init__(self, endpoint: Endpoint, runtime: Runtime) -> None:
        super().__init__(endpoint, runtime)
        self._vault = cast("Vault", runtime.services["vault"])
        self._admit = endpoint.admit
        self._admitted = tuple(signature(endpoint.admit).parameters) if endpoint.admit else ()
        self._declared = endpoint.handler
        self._handler = self._hold

    async def run(self, exchange: Exchange, receive: Receive, values: tuple[str, ...]) -> Reply:
        """Answer one request; raises Problem, and what the database, the store and the keys raise."""
        exchange.route = self._endpoint.path
        token = self._token(exchange)
        if token is None:
            raise self._no_session()
        try:
            return await self._take(exchange, receive, values, token)
        except Exception as error:
            self._note(token, error)
            raise

    async def _take(self, exchange: Exchange, receive: Receive, values: tuple[str, ...], token: bytes) -> Reply:
        arguments = self._fixed.copy()
        incoming = wrong = None
        try:
            self._decode(exchange, values, b"", arguments)
            incoming = self._read_headers(exchange)
        except Problem as problem:
            wrong = problem  # told only to who may use this endpoint: 401 and 403 go before it
        async with asyncio.timeout(self._runtime.settings.request_seconds):
            if self._needs_caller and wrong is None:
                await self._identify(exchange, token, arguments)
            principal, room = await self._let_in(exchange, token, arguments, wrong)
        assert incoming is not None  # else `wrong` was raised
        if incoming.length is not None and incoming.length > room.room + self._wrapping:
            raise no_room()
        with self._runtime.streams.one(principal), self._runtime.streams.intake(principal.tenant_id, room.room) as take:
            begin = partial(self._vault.begin, principal.tenant_id, room)
            return await self._receive(exchange, receive, token, arguments, incoming, take, begin)

    def _read_headers(self, exchange: Exchange) -> Incoming:
        kind = media_type(exchange.text(b"content-type"))
        if kind is None or kind.startswith(_FORMS):
            # What a form or `curl --data` wraps a file in would be stored as the file.
            raise UnsupportedMediaType(title=_("Send the file itself as the body, with its own Content-Type."))
        return Incoming(kind, declared_length(exchange, self._vault.limit))

    async def _let_in(
        self, exchange: Exchange, token: bytes, arguments: Arguments, wrong: Problem | None
    ) -> tuple[Principal, Room]:
        try:
            return await self._begin(exchange, token, arguments, wrong)
        except (InvalidCachedStatementError, InvalidSQLStatementNameError, OutdatedSchemaCacheError):
            return await self._begin(exchange, token, arguments, wrong)  # as in Plan: a migration came by

    async def _begin(
        self, exchange: Exchange, token: bytes, arguments: Arguments, wrong: Problem | None
    ) -> tuple[Principal, Room]:
        async with self._runtime.database.tenant(token, writing=False, address=exchange.address) as transaction:
            if transaction.touch_due:
                self._runtime.touch(token)
            self._authorise(exchange, transaction.principal)
            if wrong is not None:
                raise wrong
            if self._admit is not None:
                known = {**arguments, "transaction": transaction}
                await self._admit(**{name: known[name] for name in self._admitted})
            room = await transaction.row(_q.room, Room)
            assert room is not None  # inside a tenant there is always one
            return transaction.principal, room

    async def _receive(
        self,
        exchange: Exchange,
        receive: Receive,
        token: bytes,
        arguments: Arguments,
        incoming: Incoming,
        take: Callable[[int], bool],
        begin: Begin,
    ) -> Reply:
        delivery = None
        sealing = await begin()
        try:
            digest = hashlib.sha256() if self._endpoint.idempotent and b"idempotency-key" in exchange.headers else None
            intake = SlowIntake(receive, incoming.length, self._vault.limit)
            watch = Watch(self._runtime, token, self._permission)
            while data := await intake.next():
                if not take(len(data)):
                    raise no_room()
                if digest is not None:
                    digest.update(data)
                await sealing.feed(data)
                await watch.look()
            delivery = Delivery(await sealing.finish(), incoming.kind)
            proof = None if digest is None else digest.digest() + incoming.kind.encode()
            return await self._keep(exchange, token, {**arguments, "delivery": delivery}, proof)
        finally:
            # Once the transaction has come to its commit, nobody here knows for certain that it failed: the sweep will.
            if delivery is None or not delivery.kept:
                await self._discard(sealing)

    async def _keep(self, exchange: Exchange, token: bytes, arguments: Arguments, proof: bytes | None) -> Reply:
        claim: Claim | None = None if proof is None else claim_of(exchange, self._endpoint.route, proof)
        async with asyncio.timeout(self._runtime.settings.request_seconds):
            try:
                return await self._transact(exchange, token, arguments, None, claim)
            except (InvalidCachedStatementError, InvalidSQLStatementNameError, OutdatedSchemaCacheError):
                return await self._transact(exchange, token, arguments, None, claim)

    async def _hold(self, transaction: Transaction, delivery: Delivery, **arguments: Any) -> Any:
        delivery.kept = False
        sealed = delivery.sealed
        await transaction.value(_q.add_file, **msgspec.structs.asdict(sealed))
        upload = Upload(sealed.id, sealed.size, delivery.media_type)
        answer = await self._declared(transaction=transaction, upload=upload, **arguments)
        delivery.kept = True
        return answer

    async def _discard(self, sealing: Sealing) -> None:
        try:
            await asyncio.shield(sealing.discard())
        except Exception as error:  # noqa: BLE001 - what went wrong before is what is told; the sweep comes by
            self._runtime.report(error)


class SlowIntake:
    """The pieces of a body, bounded in size and in the time that the client takes over them."""

    def __init__(self, receive: Receive, length: int | None, limit: int) -> None:
        self._receive = receive
        self._length = length
        self._limit = limit
        self._size = 0
        self._waited = 0.0
        self._more = True

    async def next(self) -> bytes:
        """The next piece; empty at the end. Raises TooLarge, RequestTimeout, Disconnected."""
        while self._more:
            message = await self._wait()
            if message["type"] == "http.disconnect":
                raise Disconnected
            self._more = message.get("more_body", False)
            data: bytes = message.get("body", b"")
            self._size += len(data)
            if self._size > self._limit:
                raise TooLarge
            if data:
                return data
        if self._length is not None and self._size != self._length:
            raise Disconnected
        return b""

    async def _wait(self) -> Any:
        # Only the wait for the client counts: a slow store is not the client's fault.
        began = time.monotonic()
        patience = GRACE_SECONDS + self._size / SLOWEST - self._waited
        try:
            async with asyncio.timeout(min(SILENCE_SECONDS, patience)):
                return await self._receive()
        except TimeoutError:
            raise RequestTimeout from None
        finally:
            self._waited += time.monotonic() - began


def no_room() -> TooLarge:
    """What is said of an upload that does not fit into the tenant's quota."""
    return TooLarge(name="quota-exceeded", title=_("The space for documents is full."))
