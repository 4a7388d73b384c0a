"""What directories asked and were answered, for the page of their connection: kept a moment, written apart from the requests."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final, Self

import msgspec

from belsimple.web.exchange import Exchange

FLUSH_SECONDS: Final = 2.0
_KEPT: Final = 100
"""Entries of one token between two writes; older ones fall out, as they would from the page."""
_MAX_TOKENS: Final = 1000


class Entry(msgspec.Struct, frozen=True):
    """One request: never its body, nor a header."""

    at: datetime
    method: str
    path: str
    status: int
    scim_type: str | None = None
    detail: str | None = None

    @classmethod
    def of(cls, exchange: Exchange, status: int, scim_type: str | None = None, detail: str | None = None) -> Self:
        """What a request came to."""
        query = exchange.query.decode("ascii", "replace")
        path = f"{exchange.path}?{query}" if query else exchange.path
        return cls(datetime.now(UTC), exchange.method, path[:400], status, scim_type, detail and detail[:300])


Write = Callable[[bytes, str], Awaitable[None]]


class Journal:
    """Entries by token, until they are written. A token that is none of ours leaves nothing: the database knows which are."""

    def __init__(self, write: Write, report: Callable[[Exception], None]) -> None:
        self._write = write
        self._report = report
        self._entries: dict[bytes, deque[Entry]] = {}

    def add(self, token: bytes, entry: Entry) -> None:
        """Keep an entry for the next write."""
        if token in self._entries or len(self._entries) < _MAX_TOKENS:
            self._entries.setdefault(token, deque(maxlen=_KEPT)).append(entry)

    async def run(self) -> None:
        """Write every few seconds until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Write what there is; what cannot be written is lost, as it is for looking at only."""
        kept, self._entries = self._entries, {}
        for token, entries in kept.items():
            try:
                await self._write(token, msgspec.json.encode(list(entries)).decode())
            except Exception as error:  # noqa: BLE001 - whatever it is, requests go on
                self._report(error)
