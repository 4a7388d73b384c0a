"""Turns: so that the writes of one directory's first sync leave the database's connections to everybody else."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from belsimple.web.flood import Rate
from belsimple.web.problems import TooManyRequests

AT_ONCE: Final = 2
"""Transactions of one directory at the same time in one process: people's requests keep the other connections."""
WAITING: Final = 40
"""Requests of one directory that may wait for their turn; the next is told to come back in a second."""


RATE: Final = Rate(300, 600)
"""Of one directory, in one process: more than a first sync sends, so that it is no slower than the database; past it, 429."""


class Turns:
    """Lets each subject have a few turns at once, and so many wait for theirs."""

    def __init__(self) -> None:
        self._turns: dict[bytes, asyncio.Semaphore] = {}
        self._present: Counter[bytes] = Counter()

    @asynccontextmanager
    async def turn(self, subject: bytes) -> AsyncIterator[None]:
        """Wait for a turn. Raises TooManyRequests when too many wait already."""
        if self._present[subject] >= AT_ONCE + WAITING:
            raise TooManyRequests(1)
        self._present[subject] += 1
        try:
            async with self._turns.setdefault(subject, asyncio.Semaphore(AT_ONCE)):
                yield
        finally:
            self._present[subject] -= 1
            if not self._present[subject]:  # nothing is kept of who is not here: memory stays bounded
                del self._present[subject]
                self._turns.pop(subject, None)
