"""The tenant transaction: the only way from Python to a tenant's rows."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from functools import lru_cache
from types import TracebackType
from typing import Any, Self
from uuid import UUID
from weakref import WeakSet

import asyncpg
import msgspec

from belsimple.database.history import HistoryEntry
from belsimple.database.module_settings import Setting, V
from belsimple.database.operator_transaction import OperatorPrincipal, OperatorTransaction
from belsimple.database.pool import Pool, open_pool
from belsimple.database.queries import Query, load_queries
from belsimple.database.statements import Statements, bind

_q = load_queries("belsimple.database", "pool.sql")
_CLEAN_TRIES = 3


class Principal(msgspec.Struct, frozen=True):
    """Who acts, as the database verified it. `session_id` is None in a job; `fresh`: authenticated in the last 15 minutes."""

    tenant_id: UUID
    account_id: UUID | None
    session_id: UUID | None
    permissions: frozenset[str]
    fresh: bool = False


class KeepChanges(Exception):
    """Mixed into an exception that ends a transaction by committing it: a refusal whose record must stay."""


class Job(msgspec.Struct, frozen=True):
    """What a ticket says is to be done."""

    task: str
    arguments: dict[str, Any]


class Transaction(Statements):
    """An open transaction inside one tenant. It cannot open another, and it has no way to leave its tenant."""

    __slots__ = ("principal", "touch_due")

    def __init__(self, connection: Any, principal: Principal, *, touch_due: bool = False) -> None:
        super().__init__(connection)
        self.principal = principal
        self.touch_due = touch_due

    async def enqueue(self, task: str, arguments: dict[str, Any], *, at: datetime | None = None) -> int:
        """Enqueue a job for this tenant and account, as part of this transaction; returns its id."""
        return await self.value(_q.enqueue, task=task, args=msgspec.json.encode(arguments).decode(), at=at)

    async def record(
        self, action: str, object_type: str, object_id: UUID | None, detail: dict[str, Any] | None = None
    ) -> None:
        """Write an event that is no row change into the tenant's trail."""
        encoded = None if detail is None else msgspec.json.encode(detail).decode()
        await self.value(_q.record, action=action, object_type=object_type, object_id=object_id, detail=encoded)

    async def history(
        self, relation: str, object_id: UUID, *, limit: int = 50, before: tuple[datetime, UUID] | None = None
    ) -> list[HistoryEntry]:
        """What happened to a row of the protected table `relation`, newest first; nothing for whoever may not read the table.

        At most 200 entries at once. `before` are `at` and `id` of the last entry that is known already.
        """
        place = before or (None, None)
        return await self.rows(
            _q.history,
            HistoryEntry,
            relation=relation,
            object_id=object_id,
            before_at=place[0],
            before_id=place[1],
            limit=limit,
        )

    async def names(self, accounts: Iterable[UUID | None]) -> dict[UUID, str]:
        """The names of these accounts of the tenant; one that is gone is missing, and None is passed over."""
        known = [account for account in accounts if account is not None]
        return msgspec.json.decode(await self.value(_q.names, accounts=known), type=dict[UUID, str])

    async def setting(self, setting: Setting[V]) -> V:
        """What the tenant has set, or the setting's default; whatever the caller may do."""
        return setting.read(await self.value(_q.setting, name=setting.name))

    async def mail(self, kind: str, account_id: UUID, facts: dict[str, str | int | bool | None]) -> None:
        """Post a letter that the module declares to an active account of this tenant, in that account's language.

        It is sent after this transaction's commit. The facts are plain values, under 4 KiB together. What ends in a problem: no
        such account (404), and more than 50 letters to one person or 2,000 to the whole tenant in a day (429).
        """
        encoded = msgspec.json.encode(facts).decode()
        await self.value(_q.mail, kind=kind, account_id=account_id, facts=encoded)

    def _bind(self, query: Query, parameters: dict[str, Any]) -> list[Any]:
        # The tenant is bound here and nowhere else; row security would refuse another one in any case.
        if "tenant" in parameters:
            raise TypeError(f"{query.name}: the tenant is bound by the transaction, not by its caller")
        parameters["tenant"] = self.principal.tenant_id
        return bind(query, parameters, own="tenant")


class _Begun:
    """A lent connection in a transaction; committed at the end, rolled back on an exception.

    A class, because each nested generator of @asynccontextmanager would cost every request as much as a query's encoding.
    """

    __slots__ = ("_connection", "_pool", "_used", "_writing")

    def __init__(self, pool: Pool, used: "WeakSet[Any]", *, writing: bool) -> None:
        self._pool = pool
        self._used = used
        self._writing = writing

    async def __aenter__(self) -> Any:
        for _ in range(_CLEAN_TRIES):
            connection = self._connection = await self._pool.take()
            try:
                await connection.execute((_q.begin_write if self._writing else _q.begin_read).sql)
            except asyncpg.PostgresError:
                # An earlier request left something on this backend. Nobody uses it again, and this request is not to blame.
                self._discard()
            except BaseException:
                self._discard()  # nobody knows how far it came
                raise
            else:
                self._used.add(connection)
                return connection
        raise asyncpg.ConnectionDoesNotExistError("no clean connection")

    def _discard(self) -> None:
        self._connection.terminate()
        self._pool.give_back(self._connection)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection = self._connection
        try:
            if error is None or isinstance(error, KeepChanges):
                await _commit(connection)
            elif isinstance(error, Exception) and not connection.is_closed():
                await connection.execute(_q.rollback.sql)
                _distrust(connection, error)
        finally:
            self._pool.give_back(connection)


class _Entered(_Begun):
    """The same inside the tenant of a session."""

    __slots__ = ("_address", "_token")
    _query = _q.enter

    def __init__(self, pool: Pool, used: "WeakSet[Any]", token: bytes, address: str | None, *, writing: bool) -> None:
        super().__init__(pool, used, writing=writing)
        self._token = token
        self._address = address

    async def __aenter__(self) -> Transaction:
        connection = await super().__aenter__()
        try:
            entered = await connection.fetchrow(self._query.sql, self._token, self._address)
        except BaseException as error:
            await self.__aexit__(type(error), error, error.__traceback__)
            raise
        principal = Principal(entered[0], entered[1], entered[2], permissions_of(entered[3]), entered[5])
        return Transaction(connection, principal, touch_due=entered[4])


class _Provisioning(_Entered):
    """The same inside the tenant of a directory's token."""

    _query = _q.enter_provisioning


class _Operating(_Begun):
    """The same for an operator's session. It makes no stamp, so no tenant's rows are in it."""

    __slots__ = ("_token",)

    def __init__(self, pool: Pool, used: "WeakSet[Any]", token: bytes, *, writing: bool) -> None:
        super().__init__(pool, used, writing=writing)
        self._token = token

    async def __aenter__(self) -> OperatorTransaction:
        connection = await super().__aenter__()
        try:
            entered = await connection.fetchrow(_q.enter_operator.sql, self._token)
        except BaseException as error:
            await self.__aexit__(type(error), error, error.__traceback__)
            raise
        principal = OperatorPrincipal(entered[0], entered[1], permissions_of(entered[2]), entered[4])
        return OperatorTransaction(connection, self._token, principal, touch_due=entered[3])


class Database:
    """One process's connections, as its own role."""

    def __init__(self, pool: Pool, instance: str) -> None:
        self._pool = pool
        self._used: WeakSet[Any] = WeakSet()  # connections that served a tenant since they were last looked over
        self.instance = instance

    @classmethod
    async def open(cls, url: str, *, part: str, size: int) -> Self:
        """Open `size` connections for `part`. Raises OperatorError when the database cannot be used."""
        pool = await open_pool(url, part=part, size=size)
        async with pool.lend() as connection:
            return cls(pool, await connection.fetchval(_q.instance.sql))

    @property
    def waiting(self) -> int:
        """How many requests wait for a connection."""
        return self._pool.waiting

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    def tenant(
        self, token: bytes, *, writing: bool, address: str | None = None
    ) -> AbstractAsyncContextManager[Transaction]:
        """A transaction inside the tenant of `token`'s session; committed at the end, rolled back on an exception.

        `address`: where the caller is; None where that is not asked. Raises asyncpg.InvalidAuthorizationSpecificationError
        (28000) when the token opens no session, or not from there.
        """
        return _Entered(self._pool, self._used, token, address or None, writing=writing)

    def provisioning(
        self, token: bytes, *, writing: bool, address: str | None = None
    ) -> AbstractAsyncContextManager[Transaction]:
        """A transaction of the directory whose token this is; it ends as `tenant`'s does. Raises what `tenant` raises."""
        return _Provisioning(self._pool, self._used, token, address or None, writing=writing)

    def operator(self, token: bytes, *, writing: bool) -> AbstractAsyncContextManager[OperatorTransaction]:
        """A transaction of the operator whose session `token` opens; it ends as `tenant`'s does.

        Raises asyncpg.InvalidAuthorizationSpecificationError (28000) when the token opens no session.
        """
        return _Operating(self._pool, self._used, token, writing=writing)

    @asynccontextmanager
    async def job(self, job_id: int) -> AsyncIterator[tuple[Transaction, Job]]:
        """A transaction inside the tenant of a job's ticket: the worker's only way in.

        Raises asyncpg.InvalidAuthorizationSpecificationError (28000) when the ticket is missing, finished or not being worked on.
        """
        async with _Begun(self._pool, self._used, writing=True) as connection:
            entered = await connection.fetchrow(_q.enter_job.sql, job_id)
            principal = Principal(entered[0], entered[1], None, permissions_of(entered[2]))
            yield Transaction(connection, principal), Job(entered[3], msgspec.json.decode(entered[4]))

    async def call(self, query: Query, /, **parameters: Any) -> list[asyncpg.Record]:
        """Run one statement outside any tenant, in its own commit: what sign-in, limits and readiness need."""
        values = bind(query, parameters)
        for _ in range(_CLEAN_TRIES):
            async with self._pool.lend() as connection:
                if connection not in self._used or await self._wiped(connection):
                    try:
                        return await connection.fetch(query.sql, *values)
                    except asyncpg.PostgresError as error:
                        _distrust(connection, error)
                        raise
        raise asyncpg.ConnectionDoesNotExistError("no clean connection")

    async def _wiped(self, connection: Any) -> bool:
        # A statement prepared in SQL under the driver's own name would answer this query too: see context.pristine().
        self._used.discard(connection)
        try:
            await connection.execute(_q.wipe.sql)
        except asyncpg.PostgresError:
            connection.terminate()
            return False
        except BaseException:
            connection.terminate()
            raise
        return True

    async def touch(self, token: bytes) -> None:
        """Write the session's last use, in its own short transaction."""
        await self.call(_q.touch, token=token)

    async def touch_operator(self, token: bytes) -> None:
        """The same for an operator's session."""
        await self.call(_q.touch_operator, token=token)


def _distrust(connection: Any, error: Exception) -> None:
    # DEALLOCATE ALL, or a backend exchanged by a proxy: the driver believes in statements that are gone, and would for ever.
    if isinstance(error, asyncpg.InvalidSQLStatementNameError):
        connection.terminate()


async def _commit(connection: Any) -> None:
    # COMMIT of a transaction that failed is a rollback that reports success in every way but this word.
    if await connection.execute(_q.commit.sql) != "COMMIT":
        raise asyncpg.InFailedSQLTransactionError("the transaction was rolled back")


@lru_cache(maxsize=4096)
def permissions_of(listed: str) -> frozenset[str]:
    """The permissions in a stamp's comma-separated form; few distinct ones exist, so each is built once."""
    return frozenset(listed.split(",")) if listed else frozenset()
