"""What happened to a dossier, in words: one sentence for each thing that an entry of the trail tells."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from belsimple.modules import HistoryEntry, Message, message
from belsimple.modules import marked as _


class Told(msgspec.Struct, frozen=True):
    """An entry for people; `actor` is None where nobody acted."""

    at: datetime
    actor: str | None
    said: list[Message]


def told(entry: HistoryEntry) -> Told:
    """The entry in words."""
    return Told(entry.at, entry.actor, list(_sentences(entry)))


def _sentences(entry: HistoryEntry) -> Iterator[Message]:
    if entry.action == "insert":
        yield message(_("Made the dossier “{title}”."), title=_text(entry.new, "title"))
    elif entry.action == "update":
        yield from _changes(entry)
    else:
        yield _event(entry.action, entry.detail or {})


def _changes(entry: HistoryEntry) -> Iterator[Message]:
    if "title" in entry.changed:
        old, new = _text(entry.old, "title"), _text(entry.new, "title")
        yield message(_("Changed the title from “{old}” to “{new}”."), old=old, new=new)
    if "reference" in entry.changed:
        yield _reference(_text(entry.old, "reference"), _text(entry.new, "reference"))
    if "notes" in entry.changed:
        yield message(_("Changed the notes."))
    if "status" in entry.changed:
        closed = _text(entry.new, "status") == "closed"
        yield message(_("Closed the dossier.")) if closed else message(_("Reopened the dossier."))


def _reference(old: str, new: str) -> Message:
    if not old:
        return message(_("Gave it the reference “{new}”."), new=new)
    if not new:
        return message(_("Took away the reference “{old}”."), old=old)
    return message(_("Changed the reference from “{old}” to “{new}”."), old=old, new=new)


def _event(action: str, detail: dict[str, Any]) -> Message:
    name = _text(detail, "filename")
    if action == "document_added":
        return message(_("Added the document “{name}”."), name=name)
    if action == "document_replaced":
        return message(
            _("Added version {number} of the document “{name}”."), number=detail.get("version", 0), name=name
        )
    if action == "document_deleted":
        return message(_("Deleted the document “{name}”."), name=name)
    return message(_("Recorded: {action}."), action=action)


def _text(row: dict[str, Any] | None, name: str) -> str:
    return str((row or {}).get(name) or "")
