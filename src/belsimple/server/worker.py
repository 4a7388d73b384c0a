"""Part worker: runs jobs. Apart from the other parts, which need not load the queue's library."""

import asyncio

from belsimple.database.transaction import Database
from belsimple.jobs.worker import CONCURRENCY, run_worker
from belsimple.modules import discover


def run(url: str) -> None:
    """Run jobs until SIGTERM; `url` is the worker role's. Raises `OperatorError` when the database cannot be used."""
    asyncio.run(_work(url))


async def _work(url: str) -> None:
    database = await Database.open(url, part="worker", size=CONCURRENCY + 1)
    try:
        await run_worker(url, database, discover())
    finally:
        await database.close()
