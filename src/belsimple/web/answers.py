"""What a handler may return, besides a plain struct (200) and None (204)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID

import msgspec

from belsimple.language import Language

if TYPE_CHECKING:
    from belsimple.database.transaction import Transaction

S = TypeVar("S", bound=int)
T = TypeVar("T")
Headers = tuple[tuple[str, str], ...]


class Versioned(msgspec.Struct, frozen=True):
    """An object with a version: its answers carry ``ETag: "<version>"`` (RFC 9110, section 8.8.3)."""

    version: int


class NewSession(msgspec.Struct, frozen=True):
    """Sets the session cookie to these 32 random bytes. ``after_pending``: the pending sign-in's cookie goes with it."""

    token: bytes
    after_pending: bool = False


class SupportSession(msgspec.Struct, frozen=True):
    """Sets the tenants' session cookie, on the operator's side, to the 33 random bytes of a support session."""

    token: bytes


class EndSession(msgspec.Struct, frozen=True):
    """Clears the session cookie."""


class NewPending(msgspec.Struct, frozen=True):
    """Sets the cookie of a pending sign-in to these 32 random bytes."""

    token: bytes


class EndPending(msgspec.Struct, frozen=True):
    """Clears it."""


Cookie = NewSession | EndSession | NewPending | EndPending | SupportSession


class Created(msgspec.Struct, Generic[T], frozen=True):
    """201 with ``Location`` (a path) and the new object."""

    body: T
    location: str


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list: ``{"items": [...], "next": cursor or null}``."""

    items: list[T]
    next: str | None = None


class Answer(msgspec.Struct, Generic[S, T], frozen=True):
    """Another status, headers or a cookie. ``body`` None sends no content.

    A handler's annotation says the status too, ``Answer[Literal[202], None]``: the interface document tells it to clients.
    """

    status: S
    body: T | None = None
    headers: Headers = ()
    cookie: Cookie | None = None


class View(msgspec.Struct, frozen=True):
    """A page for people, to be rendered by the platform with its frame: a template of the handler's own package and its values.

    ``language``: of whoever reads it, where that is known better than from the session or the browser. ``leads_to``: the one other
    origin that a form of this page may be sent to.
    """

    template: str
    values: dict[str, Any]
    status: int = 200
    language: Language | None = None
    cookie: Cookie | None = None
    leads_to: str | None = None


def view(template: str, /, **values: Any) -> View:
    """A page with these values."""
    return View(template, values)


class Redirect(msgspec.Struct, frozen=True):
    """303 to a page of ours, by its path: what follows a form that was accepted (RFC 9110, 15.4.4)."""

    location: str
    cookie: Cookie | None = None


class Download(msgspec.Struct, frozen=True):
    """The content of a file that a row of an attached table holds (see files.attach), as a person saves it.

    Ranges, the ETag, decryption and the entry in the trail are the platform's. ``name`` comes from `file_name`.
    """

    file: UUID
    name: str
    media_type: str


Piece = Callable[["Transaction", Any], Awaitable[tuple[bytes, Any]]]
"""From a transaction and a place to the bytes from there on and the next place; None at the beginning and at the end."""


@dataclass(frozen=True, kw_only=True)
class Export:
    """A file of any length, made piece by piece while it is sent; no transaction is open for longer than one piece takes.

    Each piece is made in a transaction of its own, which finds out anew whether the session lives and holds the permission. The
    trail notes it as the event ``exported`` on `object_type` before the first byte leaves. ``name`` is the file's, in ASCII.
    """

    name: str
    media_type: str
    piece: Piece
    object_type: str
    detail: Mapping[str, Any]


class Preview(msgspec.Struct, frozen=True):
    """A file as it is shown within a page, by ``<img src>``: an image, or one page (from 1) of a PDF as an image.

    What it is, its content decides; 404 for what cannot be shown and for a page beyond the last. Shown is read: it is in the trail.
    """

    file: UUID
    name: str
    page: int | None = None


class Asset(msgspec.Struct, frozen=True):
    """A file of ours, such as the stylesheet: the same for everybody.

    ``compressed``: it as gzip, for who takes that. ``immutable``: this address answers with nothing else, ever.
    """

    content_type: str
    content: bytes
    compressed: bytes | None = None
    etag: str | None = None
    immutable: bool = False
