"""A database that moves to another server: its dump, and what must be there before and noted after.

A dump holds neither roles nor passwords. The roles are made from the same credentials as before, so that every part goes on
with the password it has; the key of the stamps, the installation's row and the queue are rows, and travel with the rest.
"""

from pathlib import Path
from typing import Final

from belsimple.database import roles
from belsimple.database.admin import check_server, connect_admin, owner_connection
from belsimple.database.queries import load_queries
from belsimple.errors import OperatorError

_q = load_queries("belsimple.database", "migrator.sql")
_MARK: Final = "-- belsimple dump: roles "
DUMP_OPTIONS: Final = ("--no-owner", "--no-publications", "--no-subscriptions", "--exclude-schema=public")
LOAD_OPTIONS: Final = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
"""All of it or nothing: a load that fails leaves the new database empty."""


def header(prefix: str) -> str:
    """The first line of a dump: what its roles' names begin with."""
    return f"{_MARK}{prefix}\n"


def prefix_in(line: str) -> str:
    """The prefix in a dump's first line. Raises OperatorError for anything else."""
    if not line.startswith(_MARK):
        raise OperatorError("This is no dump of belsimple", "Give the output of `belsimple database dump`.")
    return line.removeprefix(_MARK).strip()


async def make_ready(admin_url: str, prefix: str, credentials: Path) -> None:
    """Make the roles in an empty database, with the passwords in `credentials`. Raises OperatorError."""
    connection = await connect_admin(admin_url)
    try:
        server = await check_server(connection)
        if server["installed"]:
            raise OperatorError("The database is not empty", "Create a new one; nothing was changed.")
        roles.require_passwords(credentials)
        await roles.ensure_roles(connection, prefix, credentials)
    finally:
        await connection.close(timeout=5)


async def note_move(admin_url: str, actor: str) -> None:
    """Begin a new epoch of the trail, and say so in it. Raises OperatorError."""
    async with owner_connection(admin_url) as connection:
        await connection.execute(_q.note_move.sql, actor)
