"""Notes, listed and written; a job throws away all but the newest."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from belsimple.modules import (
    Conflict,
    Created,
    Input,
    Page,
    Paging,
    Setting,
    Transaction,
    cut_page,
    endpoint,
    load_queries,
    read_cursor,
)

_q = load_queries("belsimple_notebook")
LONGEST = Setting(
    name="notebook.longest", label="Characters of a note", kind=int, default=1000, minimum=10, maximum=1000
)
SHARED = Setting(name="notebook.shared", label="Tell everybody of a new note", kind=bool, default=False)
COLOUR = Setting(
    name="notebook.colour", label="Paper", kind=str, default="white", choices={"white": "White", "yellow": "Yellow"}
)
_AFTER_ALL = UUID(int=2**128 - 1)


class NewNote(Input, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A note to be written; at most `keep` notes stay, when it is given, and the account `tell` is told by mail."""

    text: Annotated[str, Meta(min_length=1, max_length=1000)]
    keep: Annotated[int, Meta(ge=1)] | None = None
    tell: UUID | None = None


class Note(Struct, frozen=True):
    """A note."""

    id: UUID
    text: str


class Place(Input, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a page ends."""

    id: UUID


@endpoint("GET", "/api/v1/notes", permission="notebook:read", summary="List notes, newest first")
async def list_notes(transaction: Transaction, query: Paging) -> Page[Note]:
    """A page of notes."""
    place = read_cursor(query.cursor, Place)
    rows = await transaction.rows(_q.list_notes, Note, before=place.id if place else _AFTER_ALL, limit=query.limit + 1)
    return cut_page(rows, query.limit, lambda note: Place(id=note.id))


@endpoint("POST", "/api/v1/notes", permission="notebook:write", summary="Write a note")
async def create_note(transaction: Transaction, body: NewNote) -> Created[Note]:
    """The note as written."""
    longest = await transaction.setting(LONGEST)
    if len(body.text) > longest:
        raise Conflict(f"Notes have at most {longest} characters here.")
    made: UUID = await transaction.value(_q.insert_note, text=body.text)
    if body.keep is not None:
        await transaction.enqueue("notebook.tidy", {"keep": body.keep})
    if body.tell is not None:
        await transaction.mail("notebook.written", body.tell, {"id": str(made), "text": body.text})
    return Created(Note(made, body.text), f"/api/v1/notes/{made}")


async def tidy_notes(transaction: Transaction, keep: int) -> None:
    """Delete all but the newest `keep` notes of the tenant."""
    await transaction.execute(_q.delete_older_notes, keep=keep)
