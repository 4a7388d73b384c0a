"""The page of the trail, with its filters and exports. Served by part web."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from belsimple.audit.changes import shown
from belsimple.audit.routes import TrailQuery
from belsimple.audit.trail import FILTERS, Place, Word, read_entries
from belsimple.audit.words import SOURCES, actions, objects
from belsimple.database.queries import load_queries
from belsimple.database.transaction import Transaction
from belsimple.language.formats import zone_of
from belsimple.modules import Module
from belsimple.web.answers import View, view
from belsimple.web.cursor import cut_page, read_cursor
from belsimple.web.endpoint import page
from belsimple.web.inputs import PageLimit, Paging

_q: Final = load_queries("belsimple.audit")


class TrailPageQuery(Paging, frozen=True):
    """Filters: days by the reader's clock, both included, and what the API's list takes."""

    limit: PageLimit = 25
    since: date | None = None
    until: date | None = None
    actor: UUID | None = None
    action: Word | None = None
    object_type: Word | None = None
    object_id: UUID | None = None


class Person(msgspec.Struct, frozen=True):
    """Somebody whose entries can be asked for."""

    id: UUID
    name: str
    email: str


@page("GET", "/settings/audit", permission="audit:read", summary="The trail on a page")
async def trail(transaction: Transaction, modules: Sequence[Module], query: TrailPageQuery) -> View:
    wanted = _wanted(query, await transaction.value(_q.reader_zone))
    found = await read_entries(transaction, wanted, read_cursor(query.cursor, Place), query.limit + 1)
    cut = cut_page(found, query.limit, lambda last: Place(at=last.at, id=last.id))
    return view(
        "trail.html",
        entries=[shown(entry) for entry in cut.items],
        next=cut.next,
        query=query,
        filtered=any(getattr(query, name) is not None for name in FILTERS),
        people=await transaction.rows(_q.people, Person),
        actions=actions(modules),
        objects=objects(modules),
        sources=SOURCES,
        exports={kind: _export(wanted, kind) for kind in ("csv", "jsonl")},
    )


def _wanted(query: TrailPageQuery, zone: str | None) -> TrailQuery:
    return TrailQuery(
        since=query.since and _midnight(query.since, zone),
        until=query.until and _midnight(_after(query.until), zone),
        actor=query.actor,
        action=query.action,
        object_type=query.object_type,
        object_id=query.object_id,
    )


def _after(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)


def _midnight(day: date, zone: str | None) -> datetime:
    # Days at the calendar's ends have no moment in UTC in every zone.
    try:
        return datetime.combine(day, time(), zone_of(zone)).astimezone(UTC)
    except OverflowError:
        return datetime.combine(day, time(), UTC)


def _export(wanted: TrailQuery, kind: str) -> str:
    filters = {name: value for name in FILTERS if (value := getattr(wanted, name)) is not None}
    texts = {name: value.isoformat() if isinstance(value, datetime) else str(value) for name, value in filters.items()}
    return f"/api/v1/audit/export?{urlencode({'format': kind, **texts})}"


ENDPOINTS = (trail,)
