"""The worker: takes jobs from procrastinate's queue.

A module's job is done inside the tenant that its ticket names. A job of the platform's own enters no tenant.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import asyncpg
from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision
from procrastinate.jobs import Job as QueuedJob

from belsimple.database.driver import state_of
from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database
from belsimple.modules import Job, Module

_q = load_queries("belsimple.jobs")
MOST_ATTEMPTS: Final = 10
CONCURRENCY: Final = 4
MAIL_QUEUE: Final = "mail"
MAIL_CONCURRENCY: Final = 2  # a worker of its own: a relay that is slow holds up no tenant's job
_TENANT_QUEUE: Final = "tenant"
_SYSTEM_QUEUE: Final = "system"
# The queue lives in a schema of its own; what this connection may touch there is all that its role may touch outside a job.
_QUEUE_OPTIONS: Final = "-c search_path=jobs -c row_security=on -c statement_timeout=30s -c lock_timeout=5s"


class TicketRefused(Exception):
    """The job's ticket opens nothing: it is finished, or its account deactivated."""


class TryLater(Exception):
    """Nothing is wrong with the job, its time has not come: it is tried again after `seconds`, however often that takes."""

    def __init__(self, reason: str, seconds: int) -> None:
        super().__init__(reason)
        self.seconds = seconds


class TenantSuspended(TryLater):
    """The job's tenant is suspended: the job waits until it is resumed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, seconds=600)


class Backoff(BaseRetryStrategy):
    """Ten attempts, after 2, 4, 8 ... seconds. A refused ticket is never tried again; what is to be tried later always is."""

    def get_retry_decision(self, *, exception: BaseException, job: QueuedJob) -> RetryDecision | None:
        """When to try again, None for never."""
        if isinstance(exception, TryLater):
            return RetryDecision(retry_in={"seconds": exception.seconds})
        if isinstance(exception, TicketRefused) or job.attempts >= MOST_ATTEMPTS:
            return None
        return RetryDecision(retry_in={"seconds": min(2 ** (job.attempts + 1), 3600)})


@dataclass(frozen=True)
class PlatformJob:
    """A job of the platform's own, named 'belsimple.something'. It enters no tenant: it calls functions of the worker's role.

    `run` gets the worker's database and the arguments of `jobs.defer`, which the worker's role could have edited. With `cron`
    it is also run by the clock. It is tried again as `Backoff` says, so doing it twice must do no harm.
    """

    name: str
    run: Callable[[Database, Mapping[str, Any]], Awaitable[None]]
    queue: str = _SYSTEM_QUEUE
    cron: str | None = None


async def run_worker(url: str, database: Database, modules: Sequence[Module], platform: Sequence[PlatformJob]) -> None:
    """Work until cancelled or told to stop by SIGTERM, finishing what is in hand for five seconds.

    `url` is the worker role's, for the queue; `database` is the same role's, for the work.
    """
    app = build_app(url, database, modules, platform)
    others = {_TENANT_QUEUE, _SYSTEM_QUEUE, *(job.queue for job in platform)} - {MAIL_QUEUE}
    async with app.open_async():
        await _until_one_ends(_work(app, sorted(others), CONCURRENCY), _work(app, [MAIL_QUEUE], MAIL_CONCURRENCY))


async def _work(app: App, queues: list[str], concurrency: int) -> None:
    await app.run_worker_async(
        queues=queues,
        concurrency=concurrency,
        # Anybody may NOTIFY in SQL, and procrastinate aborts whichever job a notification names: only the table is believed.
        listen_notify=False,
        fetch_job_polling_interval=1,
        abort_job_polling_interval=5,
        update_heartbeat_interval=5,
        stalled_worker_timeout=15,
        shutdown_graceful_timeout=5,
        delete_jobs="successful",  # the trail says what was done; what failed stays to be looked at
        install_signal_handlers=False,  # each worker would take the signals from the other
    )


async def _until_one_ends(*workers: Awaitable[None]) -> None:
    """Run them until SIGTERM or SIGINT, or until one ends by itself; then end the others. A second signal kills."""
    tasks = [asyncio.ensure_future(worker) for worker in workers]
    loop = asyncio.get_running_loop()

    @cache  # once: a second cancellation would cut short what a worker does to end in peace
    def stop() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
        for task in tasks:
            task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for end in ended:
        if isinstance(end, Exception):
            raise end


def build_app(url: str, database: Database, modules: Sequence[Module], platform: Sequence[PlatformJob] = ()) -> App:
    """Procrastinate's application with every module's jobs, the platform's, and the platform's schedule."""
    places = CONCURRENCY + MAIL_CONCURRENCY + 2
    connector = PsycopgConnector(conninfo=url, kwargs={"options": _QUEUE_OPTIONS}, min_size=1, max_size=places)
    app = App(connector=connector)
    for module in modules:
        for job in module.jobs:
            app.task(name=job.name, pass_context=True, retry=Backoff())(_tenant_job(database, job))
    for job in (PlatformJob("belsimple.sweep", _sweep, cron="*/10 * * * *"), *platform):
        _add(app, database, job)
    _schedule_retries(app)
    return app


def _tenant_job(database: Database, declared: Job) -> Any:
    async def run(context: JobContext, **_: Any) -> None:  # arguments are the ticket's, whatever the queue says
        job_id = context.job.id
        assert job_id is not None  # the queue numbers a job before anybody fetches it
        try:
            # Each job has a connection of its own for its whole transaction: two tasks never share a context.
            async with database.job(job_id) as (transaction, ticket):
                await declared.perform(transaction, ticket.arguments)
                await transaction.value(_q.finish, job_id=job_id)
        except asyncpg.InvalidAuthorizationSpecificationError as refused:
            raise TicketRefused(f"job {job_id}") from refused
        except asyncpg.PostgresError as error:
            if state_of(error) != "BS503":
                raise
            raise TenantSuspended(f"job {job_id}") from error

    return run


def _add(app: App, database: Database, declared: PlatformJob) -> None:
    async def run(**arguments: Any) -> None:  # the schedule's, too: it passes the moment as `timestamp`
        await declared.run(database, arguments)

    # One run for each moment is kept in a table of procrastinate's. No queueing lock besides: under row security PostgreSQL does not
    # say which key was taken twice, and procrastinate's scheduler falls over an error without that detail. And no lock: one held by
    # a killed worker's retry_stalled would keep everything after it from running.
    task: Any = app.task(name=declared.name, queue=declared.queue, retry=Backoff())(run)
    if declared.cron:
        app.periodic(cron=declared.cron)(task)


async def _sweep(database: Database, _: Mapping[str, Any]) -> None:
    await database.call(_q.sweep)


def _schedule_retries(app: App) -> None:
    @app.periodic(cron="* * * * *")
    @app.task(name="belsimple.retry_stalled", queue=_SYSTEM_QUEUE, pass_context=False)
    async def retry_stalled(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes the moment by name
        # A worker that was killed leaves its jobs as being worked on; its heart no longer beats.
        stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=20)
        await asyncio.gather(*(app.job_manager.retry_job(job) for job in stalled))
