"""`/metrics` for Prometheus, served by part worker on a local address of its own: no route of the service, no secret in it."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import asyncpg
from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from belsimple import __version__
from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database
from belsimple.metrics.slots import forget_the_dead

_q = load_queries("belsimple.metrics")
_TYPE: Final = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
_SECONDS: Final = 5.0
_FIGURES: Final = {
    "database_size_bytes": ("Size of the database.", None),
    "sessions": ("Sessions that have not ended.", None),
    "jobs_waiting": ("Jobs that wait for their turn or their time.", "queue"),
    "jobs_failed": ("Jobs that were given up.", "queue"),
    "jobs_oldest_seconds": ("How long the oldest job that could run has waited.", "queue"),
    "mails": ("Mails that are not sent.", "state"),
    "worker_heartbeat_age_seconds": ("Since the last sign of life of the queue's youngest worker.", None),
}
Row = tuple[str, str | None, float]


@asynccontextmanager
async def serving(
    host: str, port: int, *, database: Database, folder: Path, places: Mapping[str, Path]
) -> AsyncIterator[None]:
    """Serve the figures for the length of a `with`. `places`: whose disk is looked at. Raises OSError for a taken port."""

    async def metrics(_request: web.Request) -> web.Response:
        rows = await _measured(database)
        return web.Response(body=await asyncio.to_thread(_text, rows, folder, places), headers=_TYPE)

    application = web.Application()
    _ = application.router.add_get("/metrics", metrics)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield
    finally:
        await runner.cleanup()


async def _measured(database: Database) -> list[Row] | None:
    """What the database says of itself; None when it does not answer, which is the first thing to know."""
    try:
        async with asyncio.timeout(_SECONDS):
            return [(row[0], row[1], row[2]) for row in await database.call(_q.figures)]
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        return None


def _text(rows: list[Row] | None, folder: Path, places: Mapping[str, Path]) -> bytes:
    forget_the_dead(folder)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))
    registry.register(_Now(rows, places))
    return generate_latest(registry)


class _Now(Collector):
    """What is true at this moment, as against what processes counted."""

    def __init__(self, rows: list[Row] | None, places: Mapping[str, Path]) -> None:
        self._rows = rows
        self._places = places

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Every gauge; those of the database only when it answered."""
        version = GaugeMetricFamily("belsimple_release", "The release that runs.", labels=["version"])
        version.add_metric([__version__], 1)
        yield version
        yield GaugeMetricFamily("belsimple_database_up", "Whether the database answers.", float(self._rows is not None))
        yield from self._disks()
        for name, (text, label) in _FIGURES.items() if self._rows is not None else ():
            family = GaugeMetricFamily(f"belsimple_{name}", text, labels=[label] if label else [])
            for found, value_of_label, value in self._rows or ():
                if found == name:
                    family.add_metric([value_of_label or ""] if label else [], value)
            yield family

    def _disks(self) -> Iterable[GaugeMetricFamily]:
        free = GaugeMetricFamily("belsimple_disk_free_bytes", "Room on the disk of this folder.", labels=["place"])
        size = GaugeMetricFamily("belsimple_disk_size_bytes", "Size of the disk of this folder.", labels=["place"])
        for place, path in self._places.items():
            if path.exists():
                usage = shutil.disk_usage(path)
                free.add_metric([place], usage.free)
                size.add_metric([place], usage.total)
        yield from (free, size)
