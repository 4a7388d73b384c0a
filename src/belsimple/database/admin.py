"""The admin's connection: it creates roles and becomes the owner, so its credential is in no service process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

from belsimple.database.driver import FAILURES, connect, state_of
from belsimple.database.pool import unreachable
from belsimple.database.queries import load_queries
from belsimple.errors import OperatorError

_q = load_queries("belsimple.database", "migrator.sql")
_roles = load_queries("belsimple.database", "roles.sql")
# Below these, row security leaks through the planner's statistics (CVE-2025-8713).
OLDEST: Final = {15: 150014, 16: 160010, 17: 170006}


async def connect_admin(url: str) -> Any:
    """A connection of the admin's. Raises OperatorError."""
    try:
        return await connect(url, {"application_name": "belsimple-migrate"})
    except FAILURES as error:
        raise unreachable(error) from error


async def check_server(connection: Any) -> Any:
    """What the server is (see migrator.sql). Raises OperatorError when it is too old, or this admin may too little."""
    server = await connection.fetchrow(_q.server.sql)
    major = server["version"] // 10000
    if major < 15 or server["version"] < OLDEST.get(major, 0):
        raise OperatorError(
            f"PostgreSQL {connection.get_server_version().major} is too old", "Use 15.14, 16.10, 17.6, 18 or later."
        )
    if not server["superuser"] and not (server["createrole"] and server["owns"]):
        raise OperatorError(
            "The database's admin may neither create roles nor own the database",
            "BELSIMPLE_DATABASE_URL must name a superuser, or a role with CREATEROLE that owns the database.",
        )
    return server


async def become_owner(connection: Any, prefix: str) -> None:
    """From here on the connection acts as the owner, and looks nothing up by search_path."""
    await connection.execute(await connection.fetchval(_roles.become_owner.sql, prefix))
    await connection.execute(_q.look_nowhere.sql)


@asynccontextmanager
async def owner_connection(admin_url: str) -> AsyncIterator[Any]:
    """A connection of the admin's that acts as the installation's owner: what commands use. Raises OperatorError."""
    connection = await connect_admin(admin_url)
    try:
        prefix = await connection.fetchval(_q.owner_prefix.sql)
        if prefix is None:
            raise OperatorError("The database is empty", "Run `belsimple migrate` first.")
        await become_owner(connection, prefix)
        yield connection
    finally:
        await connection.close(timeout=5)


@asynccontextmanager
async def owner_command(admin_url: str, remedy: str) -> AsyncIterator[Any]:
    """One transaction of a command's, as the installation's owner.

    What the database's own functions refuse (SQLSTATE BS...) is an OperatorError with their sentence and this `remedy`.
    """
    async with owner_connection(admin_url) as connection:
        try:
            async with connection.transaction():
                yield connection
        except asyncpg.PostgresError as error:
            if state_of(error).startswith("BS"):
                raise OperatorError(str(error).rstrip("."), remedy) from error
            raise
