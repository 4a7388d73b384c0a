"""What runs by the clock: rows past their time, and the jobs of workers that died."""

import asyncio
import json

from procrastinate import App

from belsimple.database.transaction import Database
from tests.support.databases import EVERY_PROFILE
from tests.support.jobs import jobs
from tests.support.people import digest
from tests.support.world import World


async def test_the_sweep_removes_what_is_past_its_time_and_says_so(own_world: World) -> None:
    world = own_world
    member = await world.account("member")
    living, idle, expired = await world.session(), await world.session(), await world.session(member)
    await world.as_owner(
        "update identity.session set last_seen = now() - interval '31 minutes' where token_hash = $1", digest(idle)
    )
    await world.as_owner("update identity.session set expires_at = now() where token_hash = $1", digest(expired))
    tenant = await world.tenant_id()
    await world.as_owner("insert into limits.bucket values ('old', now() - interval '2 hours'), ('new', now())")
    for age in ("25 hours", "23 hours"):
        await world.as_owner(
            f"insert into idempotency.answer (tenant_id, account_id, route, key, request_hash, created_at) values ($1, $2, 'r', '{age}', sha256('x'), now() - interval '{age}')",
            tenant,
            member.id,
        )
    await world.as_owner(
        "insert into jobs.ticket values (900, $1, null, 'a.b', '{}', now(), now() - interval '8 days'), (901, $1, null, 'a.b', '{}', now(), null)",
        tenant,
    )

    database = await Database.open(world.installed.url("worker"), part="worker", size=1)
    [row] = await database.call(jobs.sweep)
    await database.close()
    removed = json.loads(row[0])
    assert (removed["sessions"], removed["answers"], removed["buckets"], removed["tickets"]) == (2, 1, 1, 1)
    left = {row["token_hash"] for row in await world.observe("select token_hash from identity.session")}
    assert digest(living) in left
    assert left.isdisjoint({digest(idle), digest(expired)})
    assert [row["key"] for row in await world.observe("select key from idempotency.answer")] == ["23 hours"]
    swept = await world.trail(source="sweep", object_type="identity.session", action="delete")
    assert len(swept) == 2


@EVERY_PROFILE
async def test_the_schedule_is_kept_by_the_workers_own_role(own_world: World, worker: App) -> None:
    world = own_world
    assert {task.name for task in worker.tasks.values() if task.name.startswith("belsimple.")} == {
        "belsimple.sweep",
        "belsimple.retry_stalled",
    }
    for periodic in worker.periodic_registry.periodic_tasks.values():
        await periodic.task.defer_async(timestamp=0)
    idle = await world.session()
    await world.as_owner(
        "update identity.session set last_seen = now() - interval '31 minutes' where token_hash = $1", digest(idle)
    )
    async with asyncio.timeout(60):
        await worker.run_worker_async(
            wait=False,
            listen_notify=False,
            install_signal_handlers=False,
            delete_jobs="successful",
            queues=["system"],  # the tenant's own invitation waits in queue mail
        )
    assert (
        await world.observe("select task_name, status::text from jobs.procrastinate_jobs where status <> 'todo'") == []
    )
    assert (
        await world.observe("select from jobs.procrastinate_periodic_defers") != []
    )  # the schedule itself deferred, too
    assert await world.observe("select from identity.session where token_hash = $1", digest(idle)) == []
