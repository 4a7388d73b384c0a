"""The disk under PostgreSQL's write-ahead log is full: PostgreSQL ends, and starts when there is room again."""

import asyncio
import contextlib

import asyncpg
import pytest

from tests.support.disks import fill, free, small_disk
from tests.support.faults import account_for, recovered, witnessed
from tests.support.service import Service

HELD_SECONDS = 6


@pytest.mark.slow
async def test_the_service_waits_for_room_and_nothing_is_lost(own_service: Service) -> None:
    own_service.start()
    own_service.stop()
    with small_disk(own_service.data / "postgresql" / "pg_wal", 200) as place:
        own_service.start("--demo")
        url = own_service.command("database", "url", "--role", "admin").stdout.strip()
        async with witnessed(own_service, "disk full under the WAL") as witness:
            fill(place)
            await use_up(url)
            await asyncio.sleep(HELD_SECONDS)
            free(place)
            await recovered(witness)
            figures = await account_for(own_service, witness)
        own_service.kill()
    assert set(figures.seen) <= {"503"}, "people saw more than `try again`"


async def use_up(url: str) -> None:
    """Go through the segments that there are, until the next one cannot be made."""
    with contextlib.suppress(asyncpg.PostgresError, OSError, asyncpg.InterfaceError):
        connection = await asyncpg.connect(url)
        for _ in range(50):
            await connection.execute(
                "select pg_logical_emit_message(false, 'x', repeat('x', 1000000)); select pg_switch_wal()"
            )
