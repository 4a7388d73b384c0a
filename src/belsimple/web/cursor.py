"""Cursors of lists: where the next page begins, as base64url of JSON.

They are validated but not signed: a cursor only says where to start reading, and row security decides what is read.
"""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

import msgspec

from belsimple.language import marked as _
from belsimple.web.answers import Page
from belsimple.web.inputs import Input, Paging
from belsimple.web.problems import Unprocessable

Place = TypeVar("Place", bound=msgspec.Struct)
Row = TypeVar("Row")


def write_cursor(place: msgspec.Struct) -> str:
    """The opaque text for a place in a list."""
    return urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode("ascii")


def read_cursor(text: str | None, into: type[Place]) -> Place | None:
    """The place that a cursor names, None without a cursor.

    ``into`` should forbid unknown fields (see inputs.Input). Raises Unprocessable for anything we did not write.
    """
    if text is None:
        return None
    try:
        raw = b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        return msgspec.json.decode(raw, type=into)
    except ValueError:  # not ASCII, not base64, not JSON, not this struct: all of them are ValueErrors
        raise Unprocessable([("/cursor", _("This cursor is not one of this list's."))]) from None


def cut_page(rows: Sequence[Row], limit: int, place: Callable[[Row], msgspec.Struct]) -> Page[Row]:
    """A page of at most ``limit`` rows; the query asked for ``limit + 1`` so as to know whether more follow."""
    if len(rows) <= limit:
        return Page(list(rows))
    items = list(rows[:limit])
    return Page(items, write_cursor(place(items[-1])))


class Offset(Input, frozen=True):
    """A cursor into a short list."""

    offset: Annotated[int, msgspec.Meta(ge=0)]


def page_of_all(rows: Sequence[Row], query: Paging) -> Page[Row]:
    """A page of a list that is short by nature (roles, sessions) and was read whole."""
    place = read_cursor(query.cursor, Offset)
    begin = place.offset if place else 0
    end = begin + query.limit
    return Page(list(rows[begin:end]), write_cursor(Offset(offset=end)) if end < len(rows) else None)
