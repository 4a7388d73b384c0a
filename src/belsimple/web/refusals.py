"""Refused requests for the trail: aggregated, so that recording them cannot be used to flood it."""

import asyncio
from collections.abc import Awaitable, Callable

FLUSH_SECONDS = 5.0
MAX_KINDS = 10_000
"""Different (session, route, status) between two flushes; past it, refusals of new kinds go uncounted."""

Kind = tuple[bytes, str, int]
Record = Callable[[bytes, str, int, int], Awaitable[None]]


class Refusals:
    """Counts refusals per session token, route and status, and records the counts every few seconds."""

    def __init__(self, record: Record, report: Callable[[Exception], None]) -> None:
        """``record`` is given token, route, status and times; ``report`` is told when that fails."""
        self._record = record
        self._report = report
        self._times: dict[Kind, int] = {}

    def add(self, token: bytes, route: str, status: int) -> None:
        """Count one refused request of a valid session."""
        kind = (token, route, status)
        if kind in self._times or len(self._times) < MAX_KINDS:
            self._times[kind] = self._times.get(kind, 0) + 1

    async def run(self) -> None:
        """Flush every few seconds until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Record what was counted; what cannot be recorded, or is cut off by a cancellation, is kept for the next flush."""
        counted, self._times = self._times, {}
        try:
            while counted:
                kind = next(iter(counted))
                await self._record(*kind, counted[kind])
                del counted[kind]
        except Exception as error:  # noqa: BLE001 - the counts must outlive any trouble of the database
            self._report(error)
        finally:
            for kind, times in counted.items():
                self._times[kind] = self._times.get(kind, 0) + times
