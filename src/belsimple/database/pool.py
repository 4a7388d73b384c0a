"""Connections of one service process: each is its role's, with every setting fixed at start-up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

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
    "default_transaction_isolation": "read committed",
    "client_min_messages": "warning",
}

class Backend(asyncpg.Connection):
    """A connection whose reset happens at the beginning of a transaction, not after it: see `begin_read` in pool.sql."""

    def get_reset_query(self) -> str:
        return ""

async def open_pool(url: str, *, part: str, size: int) -> "asyncpg.Pool[asyncpg.Record]":
    """Open `size` connections to `url` (a service role's), all of them at once: a first request waits for none.

    Raises OperatorError when the database cannot be reached or refuses the password.
    """
    try:
        return await asyncpg.create_pool(
            url,
            min_size=size,
            max_size=size,
            max_inactive_connection_lifetime=0,
            connection_class=Backend,
            server_settings={**SETTINGS, "application_name": f"belsimple-{part}"},
            timeout=10,
        )
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        raise unreachable(error) from error

def unreachable(error: BaseException) -> OperatorError:
    """Say in one line why the database cannot be used, without the credential."""
    if isinstance(error, asyncpg.InvalidPasswordError | asyncpg.InvalidAuthorizationSpecificationError):
        return OperatorError(f"The database refuses the credential ({error})", "Check the user and password in BELSIMPLE_DATABASE_URL.")
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return OperatorError(f"The database is missing ({error})", "Create it, or correct its name in BELSIMPLE_DATABASE_URL.")
    reason = str(error) or type(error).__name__
    return OperatorError(f"The database cannot be reached ({reason})", "Check BELSIMPLE_DATABASE_URL and that PostgreSQL runs.")

@asynccontextmanager
async def acquired(pool: "asyncpg.Pool[asyncpg.Record]") -> AsyncIterator[Any]:
    """Lend one connection; a backend left in doubt is closed, never lent again."""
    connection = await pool.acquire(timeout=5)
    try:
        yield connection
    except asyncpg.PostgresError:
        raise
    except BaseException:
        # Cancelled in the middle, a protocol error: what this backend is doing is unknown.
        if connection.is_in_transaction():
            connection.terminate()
        raise
    finally:
        await pool.release(connection)
