"""An outbox over a database and a relay of the test's own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from belsimple.database.transaction import Database
from tests.support.outbox import Office
from tests.support.relay import Relay, running_relay
from tests.support.world import World


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    """A relay with STARTTLS."""
    with running_relay(tmp_path / "relay") as relay:
        yield relay


@pytest_asyncio.fixture
async def office(own_world: World, relay: Relay) -> AsyncIterator[Office]:
    """The worker's outbox, with nothing in it."""
    await own_world.observe("delete from jobs.procrastinate_jobs")
    await own_world.as_owner("delete from mail.message")
    database = await Database.open(own_world.installed.url("worker"), part="worker", size=3)
    try:
        async with Office.opened(own_world, database, relay) as office:
            yield office
    finally:
        await database.close()
