"""What a handler may take: base classes of bodies and query strings, and what is known of the caller."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

MAX_PAGE = 200


class Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every body and query string: a field we do not know is refused, not ignored."""


class Form(Input, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of a body that a page's form sends, as application/x-www-form-urlencoded."""


PageLimit = Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE)]


class Paging(Input, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every list's query string: ``?limit`` (1 to 200) and ``?cursor`` (see cursor.py)."""

    limit: PageLimit = 50
    cursor: Annotated[str, msgspec.Meta(max_length=1000)] | None = None


class Upload(msgspec.Struct, frozen=True):
    """A request's body that is in the store already, encrypted: its handler makes the row that holds it, in the same transaction.

    ``size``: bytes; ``media_type``: as the client says, syntactically sound and no more than that.
    """

    id: UUID
    size: int
    media_type: str


class FormUpload(Upload, frozen=True):
    """One of the files that a page's form sent; ``filename``: as `file_name` cleans it."""

    filename: str


class PreviewInfo(msgspec.Struct, frozen=True):
    """What can be shown of a file; of an "image" and a "pdf" by an endpoint that answers with a `Preview`.

    ``text``: the first 64 KiB of a "text", ``truncated`` when there is more; None: there is no preview.
    """

    kind: Literal["image", "pdf", "text"] | None = None
    pages: int | None = None
    text: str | None = None
    truncated: bool = False


class Caller(msgspec.Struct, frozen=True):
    """Who calls, as far as the network tells. ``token`` is the session cookie's 32 bytes, not yet verified.

    ``pending``: likewise the pending sign-in's.
    """

    address: str
    user_agent: str
    request_id: str
    token: bytes | None
    pending: bytes | None = None
