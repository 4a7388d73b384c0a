"""The worker: takes jobs from procrastinate's queue and does each inside the tenant that its ticket names."""

import asyncio
from collections.abc import Sequence
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
# The queue lives in a schema of its own; what this connection may touch there is all that its role may touch outside a job.
_QUEUE_OPTIONS: Final = "-c search_path=jobs -c row_security=on -c statement_timeout=30s -c lock_timeout=5s"


class TicketRefused(Exception):
    """The job's ticket opens nothing: it is finished, or its account deactivated."""


class TenantSuspended(Exception):
    """The job's tenant is suspended: the job waits until it is resumed."""


class Backoff(BaseRetryStrategy):
    """Ten attempts, after 2, 4, 8 ... seconds. A refused ticket is never tried again, a suspended tenant's every ten minutes."""

    def get_retry_decision(self, *, exception: BaseException, job: QueuedJob) -> RetryDecision | None:
        """When to try again, None for never."""
        if isinstance(exception, TenantSuspended):
            return RetryDecision(retry_in={"minutes": 10})
        if isinstance(exception, TicketRefused) or job.attempts >= MOST_ATTEMPTS:
            return None
        return RetryDecision(retry_in={"seconds": min(2 ** (job.attempts + 1), 3600)})


async def run_worker(url: str, database: Database, modules: Sequence[Module]) -> None:
    """Work until cancelled or told to stop by SIGTERM, finishing what is in hand for five seconds.

    `url` is the worker role's, for the queue; `database` is the same role's, for the work.
    """
    app = build_app(url, database, modules)
    async with app.open_async():
        await app.run_worker_async(
            concurrency=CONCURRENCY,
            # Anybody may NOTIFY in SQL, and procrastinate aborts whichever job a notification names: only the table is believed.
            listen_notify=False,
            fetch_job_polling_interval=1,
            abort_job_polling_interval=5,
            update_heartbeat_interval=5,
            stalled_worker_timeout=15,
            shutdown_graceful_timeout=5,
            delete_jobs="successful",  # the trail says what was done; what failed stays to be looked at
        )


def build_app(url: str, database: Database, modules: Sequence[Module]) -> App:
    """Procrastinate's application with every module's jobs and the platform's schedule."""
    connector = PsycopgConnector(conninfo=url, kwargs={"options": _QUEUE_OPTIONS}, min_size=1, max_size=CONCURRENCY + 2)
    app = App(connector=connector)
    for module in modules:
        for job in module.jobs:
            app.task(name=job.name, pass_context=True, retry=Backoff())(_tenant_job(database, job))
    _schedule(app, database)
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


def _schedule(app: App, database: Database) -> None:
    # One run for each moment is kept in a table of procrastinate's. No queueing lock besides: under row security PostgreSQL does not
    # say which key was taken twice, and procrastinate's scheduler falls over an error without that detail. And no lock: one held by
    # a killed worker's retry_stalled would keep everything after it from running.
    @app.periodic(cron="*/10 * * * *")
    @app.task(name="belsimple.sweep", queue="system", pass_context=False)
    async def sweep(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes the moment by name
        await database.call(_q.sweep)

    @app.periodic(cron="* * * * *")
    @app.task(name="belsimple.retry_stalled", queue="system", pass_context=False)
    async def retry_stalled(timestamp: int) -> None:  # noqa: ARG001
        # A worker that was killed leaves its jobs as being worked on; its heart no longer beats.
        stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=20)
        await asyncio.gather(*(app.job_manager.retry_job(job) for job in stalled))
