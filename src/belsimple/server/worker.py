"""Part worker: runs jobs. Apart from the other parts, which need not load the queue's library."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from belsimple.database.transaction import Database
from belsimple.errors import OperatorError
from belsimple.identity.recovery import JOBS as IDENTITY
from belsimple.jobs.worker import CONCURRENCY, MAIL_CONCURRENCY, PlatformJob, run_worker
from belsimple.metrics.exposition import serving
from belsimple.metrics.process import begin, note_process
from belsimple.modules import Module, discover
from belsimple.operators.jobs import JOBS as OPERATORS
from belsimple.server.filing import sweeps
from belsimple.server.layout import blob_place, metrics_folder
from belsimple.server.mailing import outbox
from belsimple.server.settings import Settings
from belsimple.sso.jobs import JOBS as SSO


def run(url: str, settings: Settings) -> None:
    """Run jobs until SIGTERM; `url` is the worker role's. Raises `OperatorError` when the database cannot be used."""
    modules = discover()
    asyncio.run(_work(url, settings, modules, platform_jobs(settings, modules)))


def platform_jobs(settings: Settings, modules: Sequence[Module]) -> tuple[PlatformJob, ...]:
    """The platform's own jobs. Raises `OperatorError` when what they need cannot be used."""
    return (*outbox(settings, modules).jobs(), *IDENTITY, *sweeps(settings), *OPERATORS, *SSO)


async def _work(url: str, settings: Settings, modules: Sequence[Module], platform: tuple[PlatformJob, ...]) -> None:
    database = await Database.open(url, part="worker", size=CONCURRENCY + MAIL_CONCURRENCY + 1)
    try:
        async with _figures(database, settings):
            await run_worker(url, database, modules, platform)
    finally:
        await database.close()


@asynccontextmanager
async def _figures(database: Database, settings: Settings) -> AsyncIterator[None]:
    """Serve `/metrics` beside the work, where it is wanted."""
    if settings.metrics is None:
        yield
        return
    where, folder = settings.metrics, metrics_folder(settings)
    begin(folder, "worker")
    note_process("worker")
    blobs = blob_place(settings)
    places = {"data": settings.data, **({"blobs": blobs} if isinstance(blobs, Path) else {})}
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(
                serving(where.host, where.port, database=database, folder=folder, places=places)
            )
        except OSError as error:
            raise OperatorError(
                f"The figures cannot be served on {where.host} port {where.port} ({error.strerror})",
                "Set BELSIMPLE_METRICS to an address of this machine and a free port.",
            ) from error
        yield
