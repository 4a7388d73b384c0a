"""Jobs: part of the change that asks for them, done inside the tenant that asked, once."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from procrastinate import App

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database, Transaction
from belsimple.identity import account
from belsimple.jobs.worker import build_app
from belsimple.modules import Job, Module
from tests.support.databases import EVERY_PROFILE, ONE_PROFILE
from tests.support.people import digest
from tests.support.world import World, refused

dossiers = load_queries("belsimple_dossiers")
jobs = load_queries("belsimple.jobs")
NEW = {"reference": None, "status": "open", "notes": ""}
outcomes: list[Any] = []


async def add(transaction: Transaction, title: str) -> None:
    outcomes.append(transaction.principal)
    await transaction.execute(dossiers.insert_dossier, account=transaction.principal.account_id, title=title, **NEW)


async def fail(transaction: Transaction, title: str) -> None:
    await add(transaction, title)
    raise RuntimeError("half-way")


async def fail_once(transaction: Transaction, title: str) -> None:
    await add(transaction, title)
    if len(outcomes) == 1:
        raise RuntimeError("half-way")


MODULE = Module(
    name="dossiers",
    package="belsimple_dossiers",
    permissions=(),
    endpoints=(),
    jobs=(Job("probe.add", add), Job("probe.fail", fail), Job("probe.fail_once", fail_once)),
)


@pytest_asyncio.fixture
async def worker(own_world: World) -> AsyncIterator[App]:
    """procrastinate as the worker runs it, with the worker's own role."""
    outcomes.clear()
    url = own_world.installed.url("worker")
    database = await Database.open(url, part="worker", size=3)
    app = build_app(url, database, [MODULE])
    async with app.open_async():
        yield app
    await database.close()


async def work(app: App) -> None:
    """Do what waits, then stop."""
    async with asyncio.timeout(60):
        await app.run_worker_async(wait=False, listen_notify=False, install_signal_handlers=False, queues=["tenant"])


@asynccontextmanager
async def working_on(world: World, job: int, database: Database) -> AsyncIterator[Transaction]:
    await world.observe("update jobs.procrastinate_jobs set status = 'doing' where id = $1", job)
    async with database.job(job) as (transaction, _):
        yield transaction


async def enqueue(world: World, task: str = "probe.add", who: Any = None, **arguments: Any) -> int:
    async with world.acting(who) as transaction:
        return await transaction.enqueue(task, arguments or {"title": "By a job"})


async def titles(world: World) -> list[str]:
    return [
        row["title"]
        for row in await world.observe(
            "select title from dossiers.dossier where tenant_id = $1", await world.tenant_id()
        )
    ]


async def state(world: World, job: int) -> tuple[str, bool]:
    [row] = await world.observe(
        "select j.status::text, x.finished_at is not null as finished from jobs.procrastinate_jobs j join jobs.ticket x on x.job_id = j.id where j.id = $1",
        job,
    )
    return tuple(row)


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


@pytest.mark.parametrize("change", ["deactivated", "suspended"])
async def test_it_is_not_done_for_who_is_gone(own_world: World, worker: App, change: str) -> None:
    world = own_world
    member = await world.account("member")
    job = await enqueue(world, who=member)
    await (world.deactivate(member) if change == "deactivated" else world.suspend())
    await work(worker)
    assert await titles(world) == []
    assert await state(world, job) == ("failed", False)  # refused for good, not tried again


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


WORKER = """
import asyncio, pathlib, sys
from belsimple.database.transaction import Database
from belsimple.database.queries import load_queries
from belsimple.jobs.worker import run_worker
from belsimple.modules import Job, Module
dossiers = load_queries("belsimple_dossiers")
async def add(transaction, title: str):
    await transaction.execute(dossiers.insert_dossier, account=None, title=title, reference=None, status="open", notes="")
    pathlib.Path(sys.argv[2]).touch()
    await asyncio.sleep(60)
async def main():
    database = await Database.open(sys.argv[1], part="worker", size=2)
    await run_worker(sys.argv[1], database, [Module(name="dossiers", package="belsimple_dossiers", permissions=(), endpoints=(), jobs=(Job("probe.add", add),))])
asyncio.run(main())
"""


async def until(path: Path) -> None:
    async with asyncio.timeout(60):
        while not path.exists():
            await asyncio.sleep(0.02)


async def test_a_worker_killed_in_the_middle_leaves_a_job_that_is_done_once(
    own_world: World, worker: App, tmp_path: Path
) -> None:
    world = own_world
    job = await enqueue(world)
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, world.installed.url("worker"), tmp_path / "begun"],
        env={**os.environ, "PYTHONWARNINGS": ""},
    )
    try:
        await until(tmp_path / "begun")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert await titles(world) == []
    assert await state(world, job) == ("doing", False)
    await work(worker)
    assert outcomes == []  # its worker may still live
    await world.observe("update jobs.procrastinate_workers set last_heartbeat = now() - interval '1 minute'")
    await worker.tasks["belsimple.retry_stalled"](timestamp=0)
    await work(worker)
    assert await titles(world) == ["By a job"]
    assert await state(world, job) == ("succeeded", True)


async def test_a_worker_killed_after_its_commit_does_not_do_it_again(own_world: World, worker: App) -> None:
    world = own_world
    job = await enqueue(world)
    database = await Database.open(world.installed.url("worker"), part="worker", size=1)
    async with working_on(world, job, database) as transaction:
        await add(transaction, "By a job")
        await transaction.value(jobs.finish, job_id=job)
    await database.close()
    await worker.tasks["belsimple.retry_stalled"](timestamp=0)
    await world.observe("update jobs.procrastinate_jobs set scheduled_at = null where id = $1", job)
    await work(worker)
    assert await titles(world) == ["By a job"]


@ONE_PROFILE
async def test_a_worker_ends_on_sigterm_and_gives_its_job_back(own_world: World, worker: App, tmp_path: Path) -> None:
    world = own_world
    job = await enqueue(world)
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, world.installed.url("worker"), tmp_path / "begun"],
        env={**os.environ, "PYTHONWARNINGS": ""},
        stderr=subprocess.DEVNULL,
    )
    await until(tmp_path / "begun")
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    assert await titles(world) == []
    assert await state(world, job) == ("todo", False)
    await world.observe("update jobs.procrastinate_jobs set scheduled_at = null where id = $1", job)
    await work(worker)
    assert await titles(world) == ["By a job"]


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
            wait=False, listen_notify=False, install_signal_handlers=False, delete_jobs="successful"
        )
    assert (
        await world.observe("select task_name, status::text from jobs.procrastinate_jobs where status <> 'todo'") == []
    )
    assert (
        await world.observe("select from jobs.procrastinate_periodic_defers") != []
    )  # the schedule itself deferred, too
    assert await world.observe("select from identity.session where token_hash = $1", digest(idle)) == []
