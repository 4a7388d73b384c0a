"""Somebody takes every connection that PostgreSQL has, and the service's own have just been lost."""

import time
from contextlib import AsyncExitStack

import asyncpg

from tests.support.faults import account_for, recovered, witnessed
from tests.support.service import Service

HELD_SECONDS = 4
CUT = "select pg_terminate_backend(pid) from pg_stat_activity where usename like '%app'"


async def test_the_service_says_so_and_comes_back(struck: Service) -> None:
    url = struck.command("database", "url", "--role", "admin").stdout.strip()
    async with witnessed(struck, "PostgreSQL out of connections") as witness, AsyncExitStack() as held:
        began = time.monotonic()
        while time.monotonic() - began < HELD_SECONDS:
            await take_all(url, held)
        await held.aclose()
        await recovered(witness)
        figures = await account_for(struck, witness)
    # Now and then the service is quicker to a place than the taker; that it was away at all is the point.
    assert 0.2 < figures.writes_away_s < HELD_SECONDS + 6
    assert set(figures.seen) == {"503"}, "people saw more than `try again`, or noticed nothing"


async def take_all(url: str, held: AsyncExitStack) -> None:
    """Cut the service's connections and take their places before it does."""
    try:
        while True:
            connection = await asyncpg.connect(url)
            held.push_async_callback(connection.close)
            await connection.execute(CUT)
    except asyncpg.TooManyConnectionsError:
        return
