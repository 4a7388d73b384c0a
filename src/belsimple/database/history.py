"""What happened to an object, as whoever may read the object is told."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class HistoryEntry(msgspec.Struct, frozen=True):
    """One entry: what was done to the object when, and by whom (`actor`, a name; None where nobody acted, as in a sweep).

    `action` is insert, update, delete, or an event's word. An update has the names of the columns that it changed in `changed`
    and their values in `old` and `new`; an insert has the whole row in `new`, a delete in `old`. An event has its `detail`.
    Columns declared secret are in none of them.
    """

    id: UUID
    at: datetime
    actor: str | None
    source: str
    action: str
    changed: tuple[str, ...]
    old: dict[str, Any] | None
    new: dict[str, Any] | None
    detail: dict[str, Any] | None

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "changed", tuple(self.changed or ()))
        for name in ("old", "new", "detail"):  # the database's own JSON
            text = getattr(self, name)
            if isinstance(text, str):
                msgspec.structs.force_setattr(self, name, msgspec.json.decode(text))
