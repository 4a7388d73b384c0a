"""What an error of the database, or of what else the service needs, means to the person who asked."""

import re
from typing import Final

import asyncpg
from asyncpg.exceptions import InvalidCachedStatementError

from belsimple.keys.store import KeyTrouble
from belsimple.language import marked as _
from belsimple.web.problems import (
    CHALLENGE,
    Conflict,
    Forbidden,
    NoSession,
    NotFound,
    Problem,
    Stale,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    Unprocessable,
)

OUR_STATE: Final = re.compile(r"BS([45][0-9]{2})")
"""SQLSTATE of our own functions: BS and the HTTP status. Message: the sentence; hint: the name; detail: a pointer."""

_NAME: Final = re.compile(r"[a-z][a-z-]{1,60}")
_TRY_AGAIN: Final = ("57014", "57P", "55P03", "53", "08", "40", "25P03", "26000")
"""Timeouts, shutdown, locks, resources, connections, serialization failures, deadlocks, statements that are gone."""
_OUT_OF_RANGE: Final = ("22003", "22008", "22021", "22P05")

_BY_STATUS: Final[dict[int, type[Problem]]] = {
    kind.status: kind
    for kind in (Unauthorized, Forbidden, Conflict, Stale, TooLarge, Unprocessable, TooManyRequests, Unavailable)
}


def problem_of(error: BaseException) -> Problem | None:
    """The problem that an error of the database, a store or the keys is; None for one that nobody expected."""
    if isinstance(error, asyncpg.PostgresError):
        if isinstance(error, InvalidCachedStatementError):
            return Unavailable()  # stale on this connection, retried, and stale on the next one too
        return _of_state(_field(error, "sqlstate"), error)
    if isinstance(error, asyncpg.InterfaceError):
        # A value that PostgreSQL's type cannot hold is a ValueError too; everything else is a connection that went away.
        return _out_of_range() if isinstance(error, ValueError) else Unavailable()
    # InternalClientError: a connection that the server ended a moment ago, before asyncpg has noticed.
    if isinstance(error, OSError | TimeoutError | asyncpg.InternalClientError | KeyTrouble):
        return Unavailable()
    return None


def _of_state(state: str, error: asyncpg.PostgresError) -> Problem | None:
    if ours := OUR_STATE.fullmatch(state):
        return _ours(int(ours[1]), error)
    if state == "28000":
        return NoSession()
    if state == "42501":
        return Forbidden()
    if state in ("23505", "23503", "23P01"):
        return Conflict()  # without the constraint's detail, which may quote a row
    if state in _OUT_OF_RANGE:
        return _out_of_range()
    return Unavailable() if state.startswith(_TRY_AGAIN) else None


def _ours(status: int, error: asyncpg.PostgresError) -> Problem:
    if status == 404:
        return NotFound()  # whatever the function said: every 404 is the same
    sentence, hint, pointer = _field(error, "message"), _field(error, "hint"), _field(error, "detail")
    known = _BY_STATUS.get(status, Problem)
    headers = {"retry-after": "60"} if status in (429, 503) else CHALLENGE if status == 401 else None
    return Problem(
        sentence or None,
        status=status,
        name=hint if _NAME.fullmatch(hint) else known.name,
        title=known.title,
        errors=[(pointer, sentence)] if status == 422 and pointer.startswith("/") else (),
        headers=headers,
    )


def _field(error: asyncpg.PostgresError, name: str) -> str:
    return getattr(error, name, None) or ""


def _out_of_range() -> Problem:
    return Unprocessable([], _("A value is out of range, or holds a character that cannot be stored."))
