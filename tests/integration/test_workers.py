"""Workers that are killed or told to stop: the work is done once."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from procrastinate import App

from belsimple.database.transaction import Database
from tests.support.databases import ONE_PROFILE
from tests.support.jobs import add, enqueue, jobs, outcomes, state, titles, work, working_on
from tests.support.world import World

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
    await run_worker(sys.argv[1], database, [Module(name="dossiers", package="belsimple_dossiers", permissions=(), endpoints=(), jobs=(Job("probe.add", add),))], ())
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
