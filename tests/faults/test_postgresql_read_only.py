"""PostgreSQL takes no writes any more: a standby after a switch-over, or a provider's brake on a full disk."""

import asyncio
import os
import shutil
import signal
import time

import asyncpg

from tests.support.faults import account_for, recovered, until, until_so, witnessed
from tests.support.service import Service

HELD_SECONDS = 3


async def test_reading_goes_on_and_writing_is_told_to_try_again(struck: Service) -> None:
    url = struck.command("database", "url", "--role", "admin").stdout.strip()
    data = struck.data / "postgresql"
    async with witnessed(struck, "PostgreSQL read-only") as witness:
        (data / "standby.signal").touch()
        shutil.chown(data / "standby.signal", data.owner(), data.group())
        os.kill(struck.pids_of("postgresql")[0], signal.SIGINT)
        await until_so(lambda: in_recovery(url), 30)
        began = time.monotonic()
        await until(lambda: witness.succeeded("read", began), 20)
        refused = time.monotonic()
        await asyncio.sleep(HELD_SECONDS)
        assert witness.succeeded("read", refused), "reading stopped"
        assert not witness.succeeded("write", refused)
        async with struck.client() as client, client.get("/readyz") as answer:
            assert answer.status in (200, 503)
        connection = await asyncpg.connect(url)
        await connection.fetchval("select pg_promote(true, 30)")
        await connection.close()
        await recovered(witness)
        figures = await account_for(struck, witness)
    assert set(figures.seen) <= {"503"}, "people saw more than `try again`"


async def in_recovery(url: str) -> bool:
    try:
        connection = await asyncpg.connect(url)
    except asyncpg.PostgresError:
        return False
    try:
        return bool(await connection.fetchval("select pg_is_in_recovery()"))
    finally:
        await connection.close()
