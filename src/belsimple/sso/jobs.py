"""Jobs of single sign-on: looks at the DNS, when an admin asks and once a day, and what is old goes."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from uuid import UUID

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database
from belsimple.jobs.worker import PlatformJob
from belsimple.sso.dns import Look, has_record

_q = load_queries("belsimple.sso")


async def look_at(database: Database, arguments: Mapping[str, Any], *, look: Look = has_record) -> None:
    """Look for one domain's record, as its admin asked."""
    found = await database.call(_q.domain_challenge, id=UUID(arguments["id"]))
    if found:
        await _note(database, UUID(arguments["id"]), found=await look(found[0]["name"], found[0]["challenge"]))


async def look_again(database: Database, _: Mapping[str, Any], *, look: Look = has_record) -> None:
    """Look for the records of every proven domain that nobody has looked at for a day."""
    for domain in await database.call(_q.domains_due):
        await _note(database, domain["id"], found=await look(domain["name"], domain["challenge"]))


async def _note(database: Database, domain: UUID, *, found: bool | None) -> None:
    if found is not None:
        await database.call(_q.note_domain_look, id=domain, found=found)


async def _tidy(database: Database, _: Mapping[str, Any]) -> None:
    await database.call(_q.sweep_providers)


JOBS: Final = (
    PlatformJob("belsimple.domain", partial(look_at)),
    PlatformJob("belsimple.domains", partial(look_again), cron="17 * * * *"),
    PlatformJob("belsimple.providers", _tidy, cron="41 3 * * *"),
)
