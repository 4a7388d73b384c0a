"""Structured logs of the request path: one JSON line per request, and one per unexpected error.

They hold the route's template, never the path, the query string, an address, an e-mail or an error's message (a
database's message quotes rows).
"""

import asyncio
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

PIPE_BYTES = 4096
"""What Linux writes to a pipe in one piece (PIPE_BUF)."""
GATHER_SECONDS = 0.05


class Access(msgspec.Struct, frozen=True, tag="access", tag_field="event"):
    """One answered request; ``status`` 0 when the client left before the answer."""

    at: datetime
    part: str
    method: str
    route: str
    status: int
    ms: float
    request_id: str
    account: UUID | None


class Failure(msgspec.Struct, frozen=True, tag="failure", tag_field="event"):
    """An error nobody expected: its type, SQLSTATE and where it was raised."""

    at: datetime
    part: str
    request_id: str
    route: str
    error: str
    sqlstate: str | None
    where: list[str]


Log = Callable[[Access | Failure], None]


def failure(part: str, request_id: str, route: str, error: BaseException) -> Failure:
    """Describe an error that just happened, without its message."""
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    return Failure(datetime.now(UTC), part, request_id, route, kind, getattr(error, "sqlstate", None), frames[-12:])


class LineLog:
    """Writes each record as a line of JSON; requests are gathered for a moment, failures are written at once.

    One write for many requests, because a system call for each costs as much as finding its route and checking its
    origin. ``write`` is given whole lines, never more than PIPE_BYTES of them unless one is longer: what several
    processes write to one pipe does not mix.
    """

    def __init__(self, write: Callable[[bytes], Any]) -> None:
        self._write = write
        self._encode = msgspec.json.Encoder().encode
        self._lines = bytearray()
        self._flushing: asyncio.TimerHandle | None = None
        self._closed = False

    def __call__(self, record: Access | Failure) -> None:
        """Log one record."""
        line = self._encode(record) + b"\n"
        if len(self._lines) + len(line) > PIPE_BYTES:
            self.flush()
        self._lines += line
        if self._closed or isinstance(record, Failure):
            self.flush()
        elif self._flushing is None:
            self._flushing = asyncio.get_running_loop().call_later(GATHER_SECONDS, self.flush)

    def flush(self) -> None:
        """Write what was gathered."""
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        if self._lines:
            # Not written, they are gone: a full disk under the logs must take no request with it, nor all the memory.
            with suppress(OSError):
                self._write(bytes(self._lines))
            self._lines.clear()

    def close(self) -> None:
        """Gather no more: the process is about to end."""
        self._closed = True
        self.flush()


def line_log(write: Callable[[bytes], Any]) -> Log:
    """A log on whatever ``write`` writes to."""
    return LineLog(write)
