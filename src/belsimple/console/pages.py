"""Renders the pages of one part: the frame, the menu, the notice, and what went wrong."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any, Final

import msgspec

from belsimple.console.menu import Menu
from belsimple.console.templating import Speech, address_with, environment
from belsimple.database.operator_transaction import OperatorTransaction
from belsimple.database.queries import load_queries
from belsimple.database.transaction import Transaction
from belsimple.language import LANGUAGES, PLATFORM, Language
from belsimple.language.formats import ZONE
from belsimple.web.answers import View
from belsimple.web.endpoint import Endpoint, Part
from belsimple.web.pages import notice_key
from belsimple.web.problems import NoSession, Problem
from belsimple.web.showing import Notice, Question, Showing, Support, Viewer

_q = load_queries("belsimple.console")
_LANGUAGE_NAMES: Final = {"en": "English", "nl": "Nederlands", "fr": "Français", "de": "Deutsch"}


class _Reader(msgspec.Struct, frozen=True):
    name: str
    email: str
    language: Language
    zone: str
    tenant: str
    slug: str
    support_inside: bool
    support_operator: str | None
    support_reason: str | None
    support_until: datetime | None
    support_writing: bool | None

    @property
    def support(self) -> Support | None:
        if self.support_operator is None or self.support_until is None:
            return None
        return Support(
            self.support_inside,
            self.support_operator,
            self.support_reason or "",
            self.support_until,
            self.support_writing is True,
        )


class ConsolePages:
    """See web.showing.Pages."""

    def __init__(self, part: Part, endpoints: Iterable[Endpoint], menu: Menu, settings: Menu) -> None:
        """``menu`` is the main one; ``settings`` the one beside it, empty for operators."""
        operators = part == "operator"
        self.sign_in = Question("/operator/", "operator_sign_in.html") if operators else Question("/", "sign_in.html")
        self.reauthentication = (
            Question("/operator/reauthentication", "operator_reauthentication.html")
            if operators
            else Question("/reauthentication", "reauthentication.html")
        )
        self._operators = operators
        self._menu = menu
        self._settings = settings
        self._told = {notice_key(one): one for one in endpoints if one.done is not None}

    async def viewer(self, transaction: Transaction | OperatorTransaction) -> Viewer:
        """Who reads."""
        query = _q.operator_viewer if isinstance(transaction, OperatorTransaction) else _q.viewer
        reader = await transaction.row(query, _Reader)
        if reader is None:
            raise NoSession  # ended between two statements
        return Viewer(
            name=reader.name,
            email=reader.email,
            language=reader.language,
            zone=reader.zone,
            tenant=reader.tenant,
            slug=reader.slug,
            permissions=transaction.principal.permissions,
            support=reader.support,
        )

    def notice(self, key: str, subject: str | None) -> Notice | None:
        """What a POST has done, and the address that takes it back."""
        endpoint = self._told.get(key)
        if endpoint is None or endpoint.done is None:
            return None
        undo = endpoint.undo
        if undo is not None and "{" in undo:
            undo = None if subject is None else undo[: undo.index("{")] + subject + undo[undo.index("}") + 1 :]
        return Notice(endpoint.done, undo)

    def render(self, package: str, view: View, showing: Showing) -> str:
        """The page in its frame."""
        return self._render(package, view.template, view.values, showing)

    def explain(self, problem: Problem, showing: Showing) -> str:
        """A page that tells of a problem, for whoever it may be."""
        showing.problem = problem
        return self._render(PLATFORM, "problem.html", {"status": problem.status}, showing)

    def _render(self, package: str, template: str, values: dict[str, Any], showing: Showing) -> str:
        viewer = showing.viewer
        speech = Speech(package, showing.language, viewer.zone if viewer else ZONE)
        permissions = viewer.permissions if viewer else frozenset[str]()
        problem = showing.problem
        frame = {
            **speech.names(),
            "language": showing.language,
            "languages": {one: _LANGUAGE_NAMES[one] for one in LANGUAGES},
            "path": showing.path,
            "address": partial(address_with, showing.path, showing.query),
            "viewer": viewer,
            "operators": self._operators,
            "menu": self._menu.permitted(permissions) if viewer else [],
            "settings": self._settings.permitted(permissions) if viewer else [],
            "notice": showing.notice,
            "problem": problem,
            "errors": _by_field(problem),
            "given": showing.given,
        }
        return environment(package).get_template(template).render({**frame, **values})


def _by_field(problem: Problem | None) -> dict[str, str]:
    return {pointer.removeprefix("/"): said for pointer, said in problem.errors} if problem else {}
