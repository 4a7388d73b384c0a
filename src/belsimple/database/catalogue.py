"""The catalogue check: is the database still what this program relies on?

It asks the catalogues themselves (`has_function_privilege`, policies' own text), never whether a migration or a REVOKE once ran.
"""

from typing import Any, Literal

import msgspec

from belsimple.database.driver import FAILURES, connect
from belsimple.database.pool import SETTINGS, unreachable
from belsimple.database.queries import Query, load_queries

_checks = load_queries("belsimple.database", "catalogue.sql")
_q = load_queries("belsimple.database", "migrator.sql")


class Finding(msgspec.Struct, frozen=True):
    """One difference. `fatal` stops the start; `platform-limited` is what a managed service does not let us close.

    `information` is no difference, but what whoever runs the service should know.
    """

    severity: Literal["fatal", "platform-limited", "information"]
    check: str
    detail: str


async def examine(url: str) -> list[Finding]:
    """Compare the database of `url` (any role's) with what this program relies on; an empty list is what one wants.

    Raises OperatorError when the database cannot be reached.
    """
    try:
        connection = await connect(url, {**SETTINGS, "application_name": "belsimple-doctor"})
    except FAILURES as error:
        raise unreachable(error) from error
    try:
        return await differences(connection)
    finally:
        await connection.close(timeout=5)


async def differences(connection: Any) -> list[Finding]:
    """The same on an open connection, as its transaction sees the database."""
    prefix = await connection.fetchval(_q.owner_prefix.sql)
    if prefix is None:
        return [Finding("fatal", "installed", "the database is empty: run `belsimple migrate`")]
    return [finding for check in _checks.all() for finding in await run_check(connection, check, prefix)]


async def run_check(connection: Any, check: Query, prefix: str) -> list[Finding]:
    """What one check finds in the installation whose roles' names begin with `prefix`."""
    found = await connection.fetch(check.sql, *(prefix for _ in check.parameters))
    return [Finding(row[0], check.name, row[1]) for row in found]
