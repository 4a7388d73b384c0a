"""The tenant's trail over the API."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Transaction
from belsimple.web.answers import Page
from belsimple.web.cursor import cut_page, read_cursor
from belsimple.web.endpoint import endpoint
from belsimple.web.inputs import Input, Paging

_q = load_queries("belsimple.audit")
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Word = Annotated[str, msgspec.Meta(max_length=60)]


class TrailQuery(Paging, frozen=True):
    """Filters: from `since` (included) until `until` (excluded), by actor, action and object."""

    since: Moment | None = None
    until: Moment | None = None
    actor: UUID | None = None
    action: Word | None = None
    object_type: Word | None = None
    object_id: UUID | None = None


class Place(Input, frozen=True):
    """A cursor into the trail."""

    at: Moment
    id: UUID


class Entry(msgspec.Struct, frozen=True):
    """One entry: who did what to which object when. `old` and `new` are the row before and after, without its secrets."""

    id: UUID
    at: datetime
    account_id: UUID | None
    session_id: UUID | None
    source: str
    action: str
    object_type: str
    object_id: UUID | None
    old: msgspec.Raw | None
    new: msgspec.Raw | None
    detail: msgspec.Raw | None

    def __post_init__(self) -> None:
        for name in ("old", "new", "detail"):  # JSON already, as the database wrote it
            text = getattr(self, name)
            if isinstance(text, str):
                msgspec.structs.force_setattr(self, name, msgspec.Raw(text.encode()))


@endpoint("GET", "/api/v1/audit", permission="audit:read", summary="The tenant's trail, newest first")
async def list_entries(transaction: Transaction, query: TrailQuery) -> Page[Entry]:
    place = read_cursor(query.cursor, Place)
    found = await transaction.rows(
        _q.entries,
        Entry,
        since=query.since,
        until=query.until,
        actor=query.actor,
        action=query.action,
        object_type=query.object_type,
        object_id=query.object_id,
        before_at=place and place.at,
        before_id=place and place.id,
        limit=query.limit + 1,
    )
    return cut_page(found, query.limit, lambda last: Place(at=last.at, id=last.id))


ENDPOINTS = (list_entries,)
