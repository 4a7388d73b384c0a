"""Rate limits: exact across connections, forgiving to the honest."""

import asyncio
import os

import pytest

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database
from tests.support.world import World

web = load_queries("belsimple.web")
SECOND = 1_000_000


async def take(database: Database, key: bytes, *, every: int = 60 * SECOND, burst: int = 5) -> float:
    [row] = await database.call(web.take_limit, key=key, every=every, burst=burst)
    return row["wait"]


@pytest.fixture
def key() -> bytes:
    return os.urandom(16)


async def test_it_gives_a_burst_and_then_says_how_long_to_wait(world: World, key: bytes) -> None:
    assert [await take(world.app, key, burst=3) for _ in range(3)] == [0, 0, 0]
    assert 45 < await take(world.app, key, burst=3) <= 60
    assert await take(world.app, os.urandom(16), burst=3) == 0


async def test_a_refused_attempt_takes_nothing(world: World, key: bytes) -> None:
    await take(world.app, key, burst=1)
    waits = [await take(world.app, key, burst=1) for _ in range(5)]
    assert waits == sorted(waits, reverse=True)


async def test_it_refills_one_unit_at_a_time(world: World, key: bytes) -> None:
    assert [await take(world.app, key) == 0 for _ in range(6)] == [True] * 5 + [False]
    await world.as_owner("update limits.bucket set full_until = full_until - interval '1 minute' where key = $1", key)
    assert [await take(world.app, key) == 0 for _ in range(2)] == [True, False]


async def test_a_long_rest_gives_no_more_than_the_burst(world: World, key: bytes) -> None:
    await world.as_owner("insert into limits.bucket values ($1, now() - interval '1 day')", key)
    assert [await take(world.app, key, burst=2) == 0 for _ in range(3)] == [True, True, False]


async def test_it_is_exact_though_many_ask_at_once(world: World, key: bytes) -> None:
    many = await Database.open(world.installed.url("gate"), part="gate", size=8)
    try:
        waits = await asyncio.gather(
            *(take(database, key, burst=20) for database in (many, world.app) for _ in range(40))
        )
    finally:
        await many.close()
    assert waits.count(0) == 20


async def test_a_first_use_that_is_raced_counts_each(world: World, key: bytes) -> None:
    waits = await asyncio.gather(*(take(world.app, key, burst=1) for _ in range(6)))
    assert waits.count(0) == 1


async def test_a_refund_gives_back_one_unit(world: World, key: bytes) -> None:
    for _ in range(5):
        await take(world.app, key)
    await world.app.call(web.refund_limit, key=key, every=60 * SECOND)
    assert [await take(world.app, key) == 0 for _ in range(2)] == [True, False]


async def test_refunds_cannot_be_saved_up(world: World, key: bytes) -> None:
    await take(world.app, key, burst=2)
    for _ in range(10):
        await world.app.call(web.refund_limit, key=key, every=60 * SECOND)
    assert [await take(world.app, key, burst=2) == 0 for _ in range(3)] == [True, True, False]
