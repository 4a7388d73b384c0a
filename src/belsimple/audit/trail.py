"""The tenant's trail: its entries, the filters on them, and places in it."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Transaction
from belsimple.web.inputs import Input

_q = load_queries("belsimple.audit")
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Word = Annotated[str, msgspec.Meta(max_length=60)]


FILTERS: Final = ("since", "until", "actor", "action", "object_type", "object_id")
"""Fields of whoever asks for entries: from `since` (included) until `until` (excluded), by actor, action and object; None filters nothing."""


class Place(Input, frozen=True):
    """A place in the trail, behind an entry."""

    at: Moment
    id: UUID


class Entry(msgspec.Struct, frozen=True):
    """One entry: who did what to which object when. `old` and `new` are the row before and after, without its secrets."""

    id: UUID
    at: datetime
    account_id: UUID | None
    actor_name: str | None
    actor_email: str | None
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


async def read_entries(
    transaction: Transaction, wanted: msgspec.Struct, place: Place | None, limit: int
) -> list[Entry]:
    """Entries that the FILTERS of `wanted` let through, newest first, from behind `place`; none for whoever may not read the trail."""
    return await transaction.rows(
        _q.entries,
        Entry,
        **{name: getattr(wanted, name) for name in FILTERS},
        before_at=place and place.at,
        before_id=place and place.id,
        limit=limit,
    )
