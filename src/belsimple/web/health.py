"""Health: does the process live, and can it serve."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database
from belsimple.web.endpoint import Endpoint, Part, endpoint
from belsimple.web.problems import Unavailable

READY_SECONDS = 2.0

q = load_queries("belsimple.web")


class Health(msgspec.Struct, frozen=True):
    """``{"status": "ok"}``"""

    status: str = "ok"


class Behind(Protocol):
    """The way to a part behind web."""

    async def ready(self) -> bool:
        """Whether that part can serve."""
        ...


def health_endpoints(part: Part) -> tuple[Endpoint, Endpoint]:
    """``/healthz`` and ``/readyz`` of a part; web is ready when gate and operator are too, for without them nobody signs in."""

    @endpoint("GET", "/healthz", permission="public", summary="Whether the process lives", part=part)
    async def healthz() -> Health:
        return Health()

    @endpoint("GET", "/readyz", permission="public", summary="Whether the service can serve", part=part)
    async def readyz(database: Database) -> Health:
        await _check_database(database)
        return Health()

    @endpoint("GET", "/readyz", permission="public", summary="Whether the service can serve", part=part)
    async def readyz_of_all(database: Database, behind: Sequence[Behind]) -> Health:
        await _check_database(database)
        if not all(await asyncio.gather(*(one.ready() for one in behind))):
            raise Unavailable
        return Health()

    return healthz, readyz_of_all if part == "web" else readyz


async def _check_database(database: Database) -> None:
    async with asyncio.timeout(READY_SECONDS):
        await database.call(q.ready)
