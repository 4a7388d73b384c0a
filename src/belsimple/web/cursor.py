"""Cursors of lists: where the next page begins, as base64url of JSON.

They are validated but not signed: a cursor only says where to start reading, and row security decides what is read.
"""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from belsimple.web.answers import Page
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
        raise Unprocessable([("/cursor", "This cursor is not one of this list's.")]) from None


def cut_page(rows: Sequence[Row], limit: int, place: Callable[[Row], msgspec.Struct]) -> Page[Row]:
    """A page of at most ``limit`` rows; the query asked for ``limit + 1`` so as to know whether more follow."""
    if len(rows) <= limit:
        return Page(list(rows))
    items = list(rows[:limit])
    return Page(items, write_cursor(place(items[-1])))
