"""How many long streams there may be at once, and how much they may bring."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from belsimple.database.transaction import Principal
from belsimple.web.problems import TooManyRequests, Unavailable

ALL_STREAMS: Final = 64
"""Of one process: each holds a few chunks in memory (up to 20 MiB where documents go to a bucket)."""
TENANT_STREAMS: Final = 24
ACCOUNT_STREAMS: Final = 8


class Streams:
    """Counts the streams of one process. One account, or one tenant, cannot hold them all."""

    def __init__(self) -> None:
        self._open: Counter[object] = Counter()
        self._arriving: Counter[UUID] = Counter()

    @contextmanager
    def one(self, principal: Principal) -> Iterator[None]:
        """A place for a stream. Raises TooManyRequests, and Unavailable when the process has no place for anybody."""
        held = (None, principal.tenant_id, (principal.tenant_id, principal.account_id))
        if self._open[None] >= ALL_STREAMS:
            raise Unavailable
        if self._open[held[1]] >= TENANT_STREAMS or self._open[held[2]] >= ACCOUNT_STREAMS:
            raise TooManyRequests(2)
        self._open.update(held)
        try:
            yield
        finally:
            self._open.subtract(held)
            for one in held:
                if not self._open[one]:
                    del self._open[one]

    @contextmanager
    def intake(self, tenant: UUID, room: int) -> Iterator[Callable[[int], bool]]:
        """Takes in an upload's bytes: false once this process's unfinished uploads of the tenant fill its ``room`` together.

        The database counts what is kept. Without this, uploads at once would fill the disk with what it refuses in the end.
        """
        own = 0

        def take(size: int) -> bool:
            nonlocal own
            own += size
            self._arriving[tenant] += size
            return self._arriving[tenant] <= room

        try:
            yield take
        finally:
            self._arriving[tenant] -= own
            if not self._arriving[tenant]:
                del self._arriving[tenant]
