"""What an entry of the trail tells, in pieces that a page can show."""

import re
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from belsimple.audit.trail import Entry

LONGEST: Final = 300
"""Characters of a value that a page shows; an export has all of it."""
_NAMES: Final = ("title", "name", "filename", "email", "file_name", "reference")
_HIDDEN: Final = frozenset(("tenant_id", "id", "version"))
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
Value = str | datetime | None
_json: Final = msgspec.json.Encoder(order="sorted").encode


class Change(msgspec.Struct, frozen=True):
    """A column, or a fact of an event: what it held before and after, None where there was nothing."""

    name: str
    old: Value
    new: Value


class ShownEntry(msgspec.Struct, frozen=True):
    """An entry as a page shows it. ``named``: what the object is called, as far as its row says."""

    id: UUID
    at: datetime
    account_id: UUID | None
    actor: str | None
    source: str
    action: str
    object_type: str
    object_id: UUID | None
    named: str | None
    changes: list[Change]


def shown(entry: Entry) -> ShownEntry:
    """The entry with its changes."""
    old, new, detail = _fields(entry.old), _fields(entry.new), _fields(entry.detail)
    return ShownEntry(
        entry.id,
        entry.at,
        entry.account_id,
        entry.actor_name,
        entry.source,
        entry.action,
        entry.object_type,
        entry.object_id,
        next((str(row[name]) for row in (new, old) for name in _NAMES if row.get(name)), None),
        [*_changes(old, new), *(Change(name, None, _shown(value)) for name, value in detail.items())],
    )


def _changes(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    names = [name for name in {**old, **new} if name not in _HIDDEN and old.get(name) != new.get(name)]
    return [Change(name, _shown(old.get(name)), _shown(new.get(name))) for name in names]


def _fields(raw: msgspec.Raw | None) -> dict[str, Any]:
    return {} if raw is None else msgspec.json.decode(raw, type=dict[str, Any])


def _shown(value: object) -> Value:
    if value is None:
        return None
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return datetime.fromisoformat(value)
    text = value if isinstance(value, str) else _json(value).decode()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
