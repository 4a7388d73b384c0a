"""Connections of one service process: each is its role's, with every setting fixed at start-up."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import asyncpg

from belsimple.database.driver import FAILURES, Connection, connect
from belsimple.errors import OperatorError

# A role may ALTER ROLE its own settings; options of the connection stand above those, and `reset all` returns to them.
SETTINGS: Final = {
    "search_path": "pg_catalog",
    "row_security": "on",
    "timezone": "UTC",
    "jit": "off",
    "statement_timeout": "10s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "15s",
    "client_connection_check_interval": "500ms",  # a request that was cancelled holds no lock for longer than this
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
    "default_transaction_deferrable": "off",
    "standard_conforming_strings": "on",
    "exit_on_error": "off",
    "idle_session_timeout": "0",
    "client_min_messages": "warning",
}
WAIT_SECONDS: Final = 5.0

Place = Connection | None


class Pool:
    """`size` places, each a connection or, after a connection was lost, None until the next request opens it anew.

    asyncpg's own pool wraps, shields and resets each time it lends: a quarter of a whole request's processor time. Here the
    reset is the first message of the next transaction (see `begin_read` in pool.sql), so there is nothing to do on return.
    """

    def __init__(self, connect: Callable[[], Awaitable[Connection]]) -> None:
        self._connect = connect
        self._free: list[Place] = []
        self._waiting: deque[asyncio.Future[Place]] = deque()
        self._all: set[Connection] = set()

    @property
    def waiting(self) -> int:
        """How many requests wait for a connection."""
        return len(self._waiting)

    async def open(self, size: int) -> None:
        """Open all connections at once: a first request waits for none."""
        self._free += await asyncio.gather(*(self._new() for _ in range(size)))

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Connection]:
        """One connection, newest first. A backend left in doubt is closed, never lent again.

        Raises TimeoutError after five seconds without a free one, and what connecting raises.
        """
        connection = await self.take()
        try:
            yield connection
        finally:
            self.give_back(connection)

    async def take(self) -> Connection:
        """What `lend` lends, for the one caller who gives it back by himself."""
        place = self._free.pop() if self._free else await self._wait()
        if place is not None and not place.is_closed():
            return place
        try:
            return await self._new()
        except BaseException:
            self._give(None)
            raise

    def give_back(self, connection: Connection) -> None:
        """End the loan."""
        # Cancelled in the middle, a protocol error: what such a backend is doing is unknown.
        if not connection.is_closed() and connection.is_in_transaction():
            connection.terminate()
        self._give(None if connection.is_closed() else connection)

    async def close(self) -> None:
        """Close every connection; one that is still lent is cut."""
        free, self._free = self._free, []
        await asyncio.gather(*(place.close(timeout=2) for place in free if place), return_exceptions=True)
        for connection in self._all:
            if not connection.is_closed():
                connection.terminate()

    async def _new(self) -> Connection:
        connection = await self._connect()
        self._all = {one for one in self._all if not one.is_closed()} | {connection}
        return connection

    async def _wait(self) -> Place:
        waiter: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                return await waiter
        except BaseException:
            if waiter.done() and not waiter.cancelled():
                self._give(waiter.result())  # given in the moment we stopped waiting: pass it on, or the place is lost
            raise

    def _give(self, place: Place) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(place)
                return
        self._free.append(place)


async def open_pool(url: str, *, part: str, size: int) -> Pool:
    """Open `size` connections to `url`, a service role's.

    Raises OperatorError when the database cannot be reached or refuses the password.
    """
    settings = {**SETTINGS, "application_name": f"belsimple-{part}"}
    pool = Pool(partial(connect, url, settings))
    try:
        await pool.open(size)
    except FAILURES as error:
        raise unreachable(error) from error
    return pool


def unreachable(error: BaseException) -> OperatorError:
    """Say in one line why the database cannot be used, without the credential."""
    if isinstance(error, asyncpg.InvalidPasswordError | asyncpg.InvalidAuthorizationSpecificationError):
        return OperatorError(
            f"The database refuses the credential ({error})", "Check the user and password in BELSIMPLE_DATABASE_URL."
        )
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return OperatorError(
            f"The database is missing ({error})", "Create it, or correct its name in BELSIMPLE_DATABASE_URL."
        )
    reason = str(error) or type(error).__name__
    return OperatorError(
        f"The database cannot be reached ({reason})", "Check BELSIMPLE_DATABASE_URL and that PostgreSQL runs."
    )
