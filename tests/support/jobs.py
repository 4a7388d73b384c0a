"""Jobs that tests ask for, and procrastinate to do them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from procrastinate import App

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database, Transaction
from belsimple.jobs.worker import build_app
from belsimple.modules import Job, Module

from .databases import Installed
from .world import World

dossiers = load_queries("belsimple_dossiers")
jobs = load_queries("belsimple.jobs")
NEW = {"reference": None, "status": "open", "notes": ""}
outcomes: list[Any] = []


async def add(transaction: Transaction, title: str) -> None:
    """Makes a dossier."""
    outcomes.append(transaction.principal)
    await transaction.execute(dossiers.insert_dossier, account=transaction.principal.account_id, title=title, **NEW)


async def fail(transaction: Transaction, title: str) -> None:
    """Makes one and fails."""
    await add(transaction, title)
    raise RuntimeError("half-way")


async def fail_once(transaction: Transaction, title: str) -> None:
    """Fails the first time."""
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


async def work(app: App) -> None:
    """Do what waits, then stop."""
    async with asyncio.timeout(60):
        await app.run_worker_async(wait=False, listen_notify=False, install_signal_handlers=False, queues=["tenant"])


@asynccontextmanager
async def worker_app(installed: Installed) -> AsyncIterator[App]:
    """procrastinate as the worker runs it, with the worker's own role."""
    outcomes.clear()
    url = installed.url("worker")
    database = await Database.open(url, part="worker", size=3)
    try:
        app = build_app(url, database, [MODULE])
        async with app.open_async():
            yield app
    finally:
        await database.close()


@asynccontextmanager
async def working_on(world: World, job: int, database: Database) -> AsyncIterator[Transaction]:
    """A job's transaction, without a worker around it."""
    await world.observe("update jobs.procrastinate_jobs set status = 'doing' where id = $1", job)
    async with database.job(job) as (transaction, _):
        yield transaction


async def enqueue(world: World, task: str = "probe.add", who: Any = None, **arguments: Any) -> int:
    """Ask for a job as `who`."""
    async with world.acting(who) as transaction:
        return await transaction.enqueue(task, arguments or {"title": "By a job"})


async def titles(world: World) -> list[str]:
    """What jobs have made in this tenant."""
    return [
        row["title"]
        for row in await world.observe(
            "select title from dossiers.dossier where tenant_id = $1", await world.tenant_id()
        )
    ]


async def state(world: World, job: int) -> tuple[str, bool]:
    """The job's state in the queue, and whether its ticket is finished."""
    [row] = await world.observe(
        "select j.status::text, x.finished_at is not null as finished from jobs.procrastinate_jobs j join jobs.ticket x on x.job_id = j.id where j.id = $1",
        job,
    )
    return tuple(row)
