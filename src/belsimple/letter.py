"""What a letter is made of: its subject, its paragraphs, and the one link that it may hold.

A text may name facts in braces. `tenant`, `service` (the public host), `url` and `recipient` are always there; what else a
letter needs is in the facts that its order brings. No fact is ever read as a pattern, so what people call themselves is text.
"""

from typing import Literal, TypeAlias

import msgspec


class IfGiven(msgspec.Struct, frozen=True):
    """`then` when the fact is there, else `otherwise`."""

    fact: str
    then: str
    otherwise: str


class ByValue(msgspec.Struct, frozen=True):
    """The text of the fact's value; a value without one is a fault of the order."""

    fact: str
    texts: dict[str, str]


Paragraph: TypeAlias = str | IfGiven | ByValue
Page: TypeAlias = Literal[
    "/invitation", "/reset", "/email-change", "/sign-in/confirmation", "/operator/invitation", "/operator/reset"
]


class Action(msgspec.Struct, frozen=True):
    """The button: its label, and the page that its link opens with the token."""

    label: str
    page: Page


class Link(msgspec.Struct, frozen=True):
    """A module's button: its label, and the page that it opens, as ``/visits/{id}``. Whoever follows it signs in as always."""

    label: str
    path: str


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """`details` are pairs of a label and the fact behind it; a detail whose fact is not given is left out.

    A module's letter has a `kind`, as ``notebook.reminder``, and may have a `link`; only the platform's have actions with a token.
    """

    kind: str = ""
    subject: str
    before: tuple[Paragraph, ...]
    action: Action | None = None
    link: Link | None = None
    details: tuple[tuple[str, str], ...] = ()
    after: tuple[Paragraph, ...] = ()
