"""What a handler may return, besides a plain struct (200) and None (204)."""

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")
Headers = tuple[tuple[str, str], ...]


class Versioned(msgspec.Struct, frozen=True):
    """An object with a version: its answers carry ``ETag: "<version>"`` (RFC 9110, section 8.8.3)."""

    version: int


class NewSession(msgspec.Struct, frozen=True):
    """Sets the session cookie to these 32 random bytes."""

    token: bytes


class EndSession(msgspec.Struct, frozen=True):
    """Clears the session cookie."""


Cookie = NewSession | EndSession


class Created(msgspec.Struct, Generic[T], frozen=True):
    """201 with ``Location`` (a path) and the new object."""

    body: T
    location: str


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list: ``{"items": [...], "next": cursor or null}``."""

    items: list[T]
    next: str | None = None


class Answer(msgspec.Struct, Generic[T], frozen=True):
    """Any other status, headers or cookie. ``body`` None sends no content."""

    status: int
    body: T | None = None
    headers: Headers = ()
    cookie: Cookie | None = None


class HtmlPage(msgspec.Struct, frozen=True):
    """A page for people. Its content security policy allows our own stylesheet and scripts, nothing inline."""

    status: int
    html: str
    headers: Headers = ()
    cookie: Cookie | None = None


class Asset(msgspec.Struct, frozen=True):
    """A file of ours, such as the stylesheet."""

    content_type: str
    content: bytes
