"""The trail as a file: comma-separated (RFC 4180) or one JSON object a line, in UTF-8 and of any length."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from belsimple.audit.trail import Entry, Moment, Place, Word, read_entries
from belsimple.database.transaction import Transaction
from belsimple.web.answers import Export
from belsimple.web.inputs import Input

Format = Literal["csv", "jsonl"]
PIECE: Final = 1000
"""Entries read in one transaction."""
_MEDIA_TYPE: Final = {"csv": "text/csv; charset=utf-8; header=present", "jsonl": "application/jsonl"}
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_json: Final = msgspec.json.Encoder().encode


class ExportQuery(Input, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The filters of the trail, as its list has them, and what kind of file."""

    since: Moment | None = None
    until: Moment | None = None
    actor: UUID | None = None
    action: Word | None = None
    object_type: Word | None = None
    object_id: UUID | None = None
    format: Format = "csv"


def export_trail(wanted: ExportQuery) -> Export:
    """The entries that the filters let through, newest first, as they are when each piece is read."""
    written: dict[Format, Callable[[list[Entry]], bytes]] = {"csv": csv_lines, "jsonl": json_lines}
    write = written[wanted.format]
    header = _row(Entry.__struct_fields__) if wanted.format == "csv" else b""

    async def piece(transaction: Transaction, place: Place | None) -> tuple[bytes, Place | None]:
        found = await read_entries(transaction, wanted, place, PIECE + 1)
        entries = found[:PIECE]
        begin = b"" if place is not None else header
        following = Place(at=entries[-1].at, id=entries[-1].id) if len(found) > PIECE else None
        return begin + write(entries), following

    filters = {name: value for name in wanted.__struct_fields__ if (value := getattr(wanted, name)) is not None}
    name = f"trail-{datetime.now(UTC):%Y-%m-%d}.{wanted.format}"
    return Export(
        name=name, media_type=_MEDIA_TYPE[wanted.format], piece=piece, object_type="audit.entry", detail=filters
    )


def json_lines(entries: list[Entry]) -> bytes:
    """Each entry as the API has it, on a line of its own."""
    return b"".join(_json(entry) + b"\n" for entry in entries)


def csv_lines(entries: list[Entry]) -> bytes:
    """Each entry as a row. What changed stands in its cells as JSON."""
    return b"".join(_row([_cell(getattr(entry, name)) for name in entry.__struct_fields__]) for entry in entries)


def _row(cells: Any) -> bytes:
    line = StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().encode()


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    text = bytes(value).decode() if isinstance(value, msgspec.Raw) else str(value) if value is not None else ""
    # A spreadsheet would run a name that begins so as a formula (OWASP, CSV injection).
    return f"'{text}" if text.startswith(_FORMULA) else text
