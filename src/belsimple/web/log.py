"""Structured logs of the request path: one JSON line per request, and one per unexpected error.

They hold the route's template, never the path, the query string, an address, an e-mail or an error's message (a
database's message quotes rows).
"""

import traceback
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class Access(msgspec.Struct, frozen=True, tag="access", tag_field="event"):
    """One answered request; ``status`` 0 when the client left before the answer."""

    at: datetime
    method: str
    route: str
    status: int
    ms: float
    request_id: str
    account: UUID | None


class Failure(msgspec.Struct, frozen=True, tag="failure", tag_field="event"):
    """An error nobody expected: its type, SQLSTATE and where it was raised."""

    at: datetime
    request_id: str
    route: str
    error: str
    sqlstate: str | None
    where: list[str]


Log = Callable[[Access | Failure], None]


def failure(at: datetime, request_id: str, route: str, error: BaseException) -> Failure:
    """Describe an error without its message."""
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    return Failure(at, request_id, route, kind, getattr(error, "sqlstate", None), frames[-12:])


def line_log(write: Callable[[bytes], Any]) -> Log:
    """A log that writes each record as one line of JSON, with one call: lines of several processes do not mix."""
    encode = msgspec.json.Encoder().encode

    def log(record: Access | Failure) -> None:
        write(encode(record) + b"\n")

    return log
