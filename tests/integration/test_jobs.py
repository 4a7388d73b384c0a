"""Jobs: part of the change that asks for them, done inside the tenant that asked, once."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from procrastinate import App

from belsimple.database.transaction import Database
from belsimple.identity import account
from tests.support.databases import EVERY_PROFILE
from tests.support.jobs import add, enqueue, jobs, outcomes, state, titles, work, working_on
from tests.support.world import World, refused


@EVERY_PROFILE
async def test_a_job_is_done_inside_the_tenant_with_the_permissions_of_who_asked(own_world: World, worker: App) -> None:
    world = own_world
    member = await world.account("member")
    job = await enqueue(world, who=member)
    assert await titles(world) == []
    await work(worker)
    assert await titles(world) == ["By a job"]
    assert await state(world, job) == ("succeeded", True)
    [principal] = outcomes
    assert (principal.tenant_id, principal.account_id, principal.session_id) == (
        await world.tenant_id(),
        member.id,
        None,
    )
    assert "dossiers:write" in principal.permissions
    assert "members:write" not in principal.permissions
    [entry] = await world.trail(object_type="dossiers.dossier")
    assert (entry["source"], entry["account_id"], entry["session_id"]) == ("job", member.id, None)
    [asked] = await world.trail(action="enqueued")
    assert (asked["account_id"], json.loads(asked["detail"])) == (member.id, {"job": job, "task": "probe.add"})


async def test_it_is_enqueued_with_the_change_or_not_at_all(own_world: World, worker: App) -> None:
    world = own_world
    with pytest.raises(RuntimeError):
        async with world.acting() as transaction:
            await transaction.enqueue("probe.add", {"title": "Never"})
            raise RuntimeError
    await work(worker)
    assert await titles(world) == []
    assert await world.observe("select from jobs.procrastinate_jobs where queue_name = 'tenant'") == []
    assert await world.observe("select from jobs.ticket") == []


async def test_a_read_cannot_enqueue_and_nobody_can_without_a_context(world: World) -> None:
    with refused("42501"):
        async with world.acting(writing=False) as transaction:
            await transaction.enqueue("probe.add", {})
    for role in ("app", "gate", "worker"):
        async with world.installed.role(role) as connection:
            with refused("42501"):
                await connection.execute("select jobs.enqueue('probe.add', '{}')")


@pytest.mark.parametrize(
    ("task", "size"), [("Probe.add", 1), ("add", 1), ("probe.add; drop", 1), ("probe.add", 40_000)]
)
async def test_what_is_no_job_is_refused(world: World, task: str, size: int) -> None:
    with refused("22023"):
        await enqueue(world, task, title="".join(chr(0x4E00 + (index * 7919) % 20000) for index in range(size)))


async def test_a_job_for_later_waits(own_world: World, worker: App) -> None:
    world = own_world
    async with world.acting() as transaction:
        job = await transaction.enqueue("probe.add", {"title": "Later"}, at=datetime.now(UTC) + timedelta(hours=1))
    await work(worker)
    assert await state(world, job) == ("todo", False)
    await world.observe("update jobs.procrastinate_jobs set scheduled_at = now() where id = $1", job)
    await work(worker)
    assert await titles(world) == ["Later"]


async def test_a_job_that_fails_leaves_nothing_and_is_tried_again(own_world: World, worker: App) -> None:
    world = own_world
    job = await enqueue(world, "probe.fail_once")
    await work(worker)
    assert await titles(world) == []
    assert await state(world, job) == ("todo", False)
    [row] = await world.observe(
        "select attempts, scheduled_at - now() as wait from jobs.procrastinate_jobs where id = $1", job
    )
    assert row["attempts"] == 1
    assert 0 < row["wait"].total_seconds() <= 4
    await world.observe("update jobs.procrastinate_jobs set scheduled_at = now() where id = $1", job)
    await work(worker)
    assert await titles(world) == ["By a job"]
    assert await state(world, job) == ("succeeded", True)


async def test_it_gives_up_in_the_end(own_world: World, worker: App) -> None:
    world = own_world
    job = await enqueue(world, "probe.fail")
    await world.observe("update jobs.procrastinate_jobs set attempts = 10 where id = $1", job)
    await work(worker)
    assert await state(world, job) == ("failed", False)


async def test_it_is_not_done_for_who_is_gone(own_world: World, worker: App) -> None:
    world = own_world
    member = await world.account("member")
    job = await enqueue(world, who=member)
    await world.deactivate(member)
    await work(worker)
    assert await titles(world) == []
    assert await state(world, job) == ("failed", False)  # refused for good, not tried again


async def test_it_waits_while_the_tenant_is_suspended(own_world: World, worker: App) -> None:
    world = own_world
    job = await enqueue(world)
    await world.suspend()
    await world.observe("update jobs.procrastinate_jobs set attempts = 10 where id = $1", job)
    await work(worker)
    assert await titles(world) == []
    assert await state(world, job) == ("todo", False)
    await world.resume()
    await world.observe("update jobs.procrastinate_jobs set scheduled_at = now() where id = $1", job)
    await work(worker)
    assert await titles(world) == ["By a job"]


async def test_it_holds_the_permissions_of_now_not_of_then(own_world: World, worker: App) -> None:
    world = own_world
    member = await world.account("member")
    await enqueue(world, who=member)
    async with world.acting() as transaction:
        await account.change_member(transaction, member_id=member.id, status=None, roles=["auditor"], expected=None)
    await work(worker)
    assert await titles(world) == []
    assert "dossiers:write" not in outcomes[0].permissions


async def test_what_the_queue_says_decides_nothing(own_world: World, worker: App) -> None:
    """The worker's role may edit the queue. Tenant, account, task and arguments are the ticket's, which it cannot see."""
    world = own_world
    _, stranger = await world.another_tenant()
    job = await enqueue(world, title="Mine")
    async with world.installed.role("worker") as connection:
        await connection.execute(
            "update jobs.procrastinate_jobs set args = $1::jsonb where id = $2",
            json.dumps({"title": "Edited", "tenant_id": str(stranger.id)}),
            job,
        )
        for statement in (
            "select * from jobs.ticket",
            "update jobs.ticket set args = '{}'",
            "insert into jobs.ticket select 99, gen_random_uuid(), null, 'x.y', '{}', now(), null",
            "delete from jobs.ticket",
        ):
            with refused("42501"):
                await connection.execute(statement)
    await work(worker)
    assert await titles(world) == ["Mine"]


async def test_a_task_renamed_in_the_queue_is_refused(own_world: World, worker: App) -> None:
    world = own_world
    job = await enqueue(world, "probe.fail", title="Mine")
    async with world.installed.role("worker") as connection:
        await connection.execute("update jobs.procrastinate_jobs set task_name = 'probe.add' where id = $1", job)
    await work(worker)
    assert await titles(world) == []
    assert await state(world, job) == ("failed", False)


async def test_a_job_made_in_the_queue_alone_opens_nothing(own_world: World, worker: App) -> None:
    world = own_world
    async with world.installed.role("worker") as connection:
        await connection.execute(
            "insert into jobs.procrastinate_jobs (queue_name, task_name, args, status) values ('tenant', 'probe.add', '{}', 'todo')"
        )
    await work(worker)
    assert outcomes == []
    assert [
        tuple(row)
        for row in await world.observe("select status::text from jobs.procrastinate_jobs where queue_name = 'tenant'")
    ] == [("failed",)]


async def test_a_ticket_opens_only_while_its_job_is_worked_on_and_once(own_world: World, worker: App) -> None:
    world = own_world
    job = await enqueue(world)
    database = await Database.open(world.installed.url("worker"), part="worker", size=2)
    try:
        with refused("28000"):
            async with database.job(job):
                pytest.fail("entered")
        async with working_on(world, job, database) as transaction:
            await transaction.value(jobs.finish, job_id=job)
        with refused("28000"):
            async with database.job(job):
                pytest.fail("entered")
    finally:
        await database.close()


async def test_two_workers_with_one_job_do_it_once(own_world: World, worker: App) -> None:
    world = own_world
    job = await enqueue(world)
    database = await Database.open(world.installed.url("worker"), part="worker", size=2)

    async def do() -> None:
        async with database.job(job) as (transaction, ticket):
            await add(transaction, **ticket.arguments)
            await asyncio.sleep(0.05)
            await transaction.value(jobs.finish, job_id=job)

    await world.observe("update jobs.procrastinate_jobs set status = 'doing' where id = $1", job)
    results = await asyncio.gather(do(), do(), return_exceptions=True)
    await database.close()
    assert sorted(map(type, results), key=str) == sorted(
        [type(None), asyncpg.InvalidAuthorizationSpecificationError], key=str
    )
    assert await titles(world) == ["By a job"]


async def test_a_job_cannot_finish_another(own_world: World, worker: App) -> None:
    world = own_world
    first, second = await enqueue(world), await enqueue(world)
    _, stranger = await world.another_tenant()
    async with world.acting(stranger) as transaction:
        theirs = await transaction.enqueue("probe.add", {"title": "x"})
    database = await Database.open(world.installed.url("worker"), part="worker", size=1)
    with refused("28000"):
        async with working_on(world, first, database) as transaction:
            await transaction.value(jobs.finish, job_id=theirs)
    await database.close()
    assert (await state(world, theirs))[1] is False
    assert (await state(world, second))[1] is False
