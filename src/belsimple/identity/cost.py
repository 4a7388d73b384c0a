"""The cost of hashing a password, as the operator sets it: RFC 9106's second recommended setting or more."""

import asyncpg

from belsimple.database.admin import owner_connection
from belsimple.database.driver import state_of
from belsimple.database.queries import load_queries
from belsimple.errors import OperatorError

_q = load_queries("belsimple.identity", "command.sql")


async def raise_cost(admin_url: str, *, memory_mib: int, passes: int, actor: str) -> bool:
    """Hash new passwords with `memory_mib` MiB and `passes` passes; others follow at their owners' next sign-in.

    Returns whether that was a change. Raises OperatorError when it would lower either.
    """
    async with owner_connection(admin_url) as connection:
        try:
            return await connection.fetchval(_q.raise_hashing.sql, memory_mib * 1024, passes, actor)
        except asyncpg.PostgresError as error:
            if state_of(error) != "BS409":
                raise
            raise OperatorError(
                str(error), "Raise BELSIMPLE_ARGON2_MEMORY_MIB and BELSIMPLE_ARGON2_PASSES, or unset them."
            ) from error
