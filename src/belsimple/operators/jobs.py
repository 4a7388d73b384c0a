"""The worker's share: answering who forgot a password, and removing what is over."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database
from belsimple.jobs.worker import PlatformJob

_q = load_queries("belsimple.operators", "links.sql")


async def _answer_reset(database: Database, arguments: Mapping[str, Any]) -> None:
    await database.call(_q.answer_reset, id=UUID(arguments["id"]))


async def _tidy(database: Database, _: Mapping[str, Any]) -> None:
    await database.call(_q.tidy)


JOBS: Final = (
    PlatformJob("belsimple.operator_reset", _answer_reset),
    PlatformJob("belsimple.sweep_operators", _tidy, cron="*/10 * * * *"),
)
