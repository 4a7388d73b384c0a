"""What a handler may take: base classes of bodies and query strings, and what is known of the caller."""

from typing import Annotated

import msgspec

MAX_PAGE = 200


class Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every body and query string: a field we do not know is refused, not ignored."""


class Form(Input, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of a body that a page's form sends, as application/x-www-form-urlencoded."""


class Paging(Input, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every list's query string: ``?limit`` (1 to 200) and ``?cursor`` (see cursor.py)."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE)] = 50
    cursor: Annotated[str, msgspec.Meta(max_length=1000)] | None = None


class Caller(msgspec.Struct, frozen=True):
    """Who calls, as far as the network tells. ``token`` is the session cookie's 32 bytes, not yet verified."""

    address: str
    user_agent: str
    request_id: str
    token: bytes | None
