"""What a page is shown with: who reads it, what was just done, what went wrong; and who renders it."""

from datetime import datetime
from typing import Any, Protocol

import msgspec

from belsimple.language import Language
from belsimple.web.answers import View
from belsimple.web.forms import Given
from belsimple.web.problems import Problem


class Support(msgspec.Struct, frozen=True):
    """Support access that a page tells of. ``inside``: the reader is the operator who was let in."""

    inside: bool
    operator: str
    reason: str
    until: datetime
    writing: bool


class Viewer(msgspec.Struct, frozen=True, kw_only=True):
    """Who reads a page. ``tenant``: its full name, "" for an operator; ``zone``: an IANA time zone."""

    name: str
    email: str
    language: Language
    zone: str
    tenant: str = ""
    slug: str = ""
    permissions: frozenset[str] = frozenset()
    support: Support | None = None


class Notice(msgspec.Struct, frozen=True):
    """What the form just sent has done; ``undo``: where a POST takes it back."""

    text: str
    undo: str | None = None


class Showing(msgspec.Struct, kw_only=True):
    """The circumstances of one rendering."""

    path: str
    query: str = ""
    language: Language
    viewer: Viewer | None = None
    notice: Notice | None = None
    problem: Problem | None = None
    given: Given = {}


class Question(msgspec.Struct, frozen=True):
    """A page that asks who somebody is, and goes on with ``next`` and the ``held`` form afterwards."""

    path: str
    template: str


class Pages(Protocol):
    """Renders; the console implements it, for one part."""

    sign_in: Question
    reauthentication: Question

    async def viewer(self, transaction: Any) -> Viewer:
        """Who reads, as the transaction knows."""
        ...

    def notice(self, key: str, subject: str | None) -> Notice | None:
        """The notice of a page's POST, by the key that `notice_key` gives."""
        ...

    def render(self, package: str, view: View, showing: Showing) -> str:
        """The page."""
        ...

    def explain(self, problem: Problem, showing: Showing) -> str:
        """A page that tells of a problem."""
        ...
