"""The database's clock steps back an hour: sessions, limits, links, stamps, jobs, ids and the order of the trail."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from tests.support.clocks import Clock, cluster_with_a_clock
from tests.support.clusters import RunningCluster
from tests.support.databases import PROFILES, installed_template
from tests.support.faults import account_for, everything, recovered, witnessed
from tests.support.service import Service
from tests.support.world import World

pytestmark = pytest.mark.slow
HOUR = 3600


@pytest.fixture(scope="module")
def stepping() -> Iterator[tuple[RunningCluster, Clock]]:
    with cluster_with_a_clock() as made:
        yield made


async def test_the_service_goes_on(own_service: Service, stepping: tuple[RunningCluster, Clock]) -> None:
    cluster, clock = stepping
    clock.set(0)
    own_service.environment["BELSIMPLE_DATABASE_URL"] = cluster.url("belsimple")
    own_service.start()
    try:
        async with own_service.signed_in("owner") as owner:
            async with owner.post("/api/v1/dossiers", json={"title": "before"}) as answer:
                before = (await answer.json())["id"]
            async with witnessed(own_service, "clock steps back an hour") as witness:
                clock.set(-HOUR)
                await recovered(witness)
                await asyncio.sleep(2)
                async with owner.post("/api/v1/dossiers", json={"title": "after"}) as answer:
                    assert answer.status == 201
                    after = (await answer.json())["id"]
                for _ in range(3):  # limits that were taken from before the step hold nobody up after it
                    async with own_service.signed_in("member"):
                        pass
                figures = await account_for(own_service, witness)
            listed = [item["id"] async for item in everything(owner, "/api/v1/dossiers")]
            assert {before, after} <= set(listed)
            assert len(listed) == len(set(listed)), "a list shows something twice"
            async with owner.get(f"/api/v1/audit?object_id={after}") as answer:
                [entry] = (await answer.json())["items"]
            told = datetime.fromisoformat(entry["at"])
            assert timedelta(minutes=55) < datetime.now(UTC) - told < timedelta(minutes=65), (
                "the trail says what the clock said"
            )
    finally:
        own_service.kill()
        clock.set(0)
    assert set(figures.seen) <= {"503"}, "people saw more than `try again`"
    assert figures.writes_away_s < 5


@pytest.fixture(scope="module")
def credentials(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("credentials")


async def test_a_limit_is_no_lock_for_an_hour(stepping: tuple[RunningCluster, Clock], credentials: Path) -> None:
    cluster, clock = stepping
    async with World.opened(await installed_template(cluster, PROFILES[0], credentials)) as world:
        taking = "select limits.take('\\x01', 60000000, 3)"
        assert [await value(world, taking) == 0 for _ in range(4)] == [True, True, True, False]
        clock.set(-HOUR)
        try:
            assert await value(world, taking) == 0, "whoever came before the step waits an hour"
            assert [await value(world, taking) == 0 for _ in range(3)] == [True, True, False], "the limit is gone"
        finally:
            clock.set(0)


async def test_a_session_goes_on_and_a_proof_is_asked_for_again(
    stepping: tuple[RunningCluster, Clock], tmp_path: Path
) -> None:
    cluster, clock = stepping
    async with World.opened(await installed_template(cluster, PROFILES[0], tmp_path)) as world:
        token = await world.session()
        async with world.app.tenant(token, writing=False) as transaction:
            assert transaction.principal.fresh
        clock.set(-HOUR)
        try:
            async with world.app.tenant(token, writing=False) as transaction:
                assert not transaction.principal.fresh, "a proof in the future counts as lately given"
                assert transaction.touch_due
            await world.app.touch(token)
            [row] = await world.observe(
                "select last_seen < clock_timestamp() + interval '1 s' as now from identity.session where token_hash = sha256($1)",
                token,
            )
            assert row["now"], "an idle session would live an hour longer"
        finally:
            clock.set(0)


async def test_no_stamp_from_before_the_step_is_good_after_it(
    stepping: tuple[RunningCluster, Clock], tmp_path: Path
) -> None:
    cluster, clock = stepping
    async with World.opened(await installed_template(cluster, PROFILES[0], tmp_path)) as world:
        token = await world.session()
        async with world.installed.role("app") as connection:
            await connection.execute("begin")
            await connection.fetchrow("select * from context.enter($1)", token)
            stamp = await connection.fetchval("select current_setting('context.stamp')")
            await connection.execute("commit")
            clock.set(-HOUR)
            try:
                await connection.execute("begin")
                await connection.execute("select set_config('context.stamp', $1, true)", stamp)
                with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
                    await connection.fetchval("select count(*) from dossiers.dossier")
            finally:
                clock.set(0)


async def value(world: World, sql: str) -> float:
    async with world.installed.role("app") as connection:
        return await connection.fetchval(sql)


async def test_the_clock_can_be_set(stepping: tuple[RunningCluster, Clock]) -> None:
    cluster, clock = stepping
    connection = await asyncpg.connect(cluster.url())
    clock.set(-HOUR)
    seen = await connection.fetchval("select clock_timestamp()")
    clock.set(0)
    await connection.close()
    assert timedelta(minutes=59) < datetime.now(UTC) - seen < timedelta(minutes=61)
