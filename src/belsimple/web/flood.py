"""The general flood guard: per address, account and tenant, in each process's own memory.

It is generous and inexact (each worker counts for itself); what must be exact is in limits.py. GCRA needs one number
per subject; the least recently used subjects are forgotten, so memory is bounded whatever an attacker sends.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

import msgspec

from belsimple.web.problems import TooManyRequests

CAPACITY = 100_000


class Rate(msgspec.Struct, frozen=True):
    """Requests per second in the long run, and how many may come at once."""

    per_second: float
    burst: int


class FloodGuard:
    """One family of subjects under one rate."""

    def __init__(self, rate: Rate, *, capacity: int = CAPACITY, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1.0 / rate.per_second
        self._tolerance = self._interval * (rate.burst - 1)
        self._capacity = capacity
        self._clock = clock
        self._cells: OrderedDict[Hashable, float] = OrderedDict()

    def take(self, subject: Hashable) -> None:
        """Count one request; raises TooManyRequests with the seconds to wait, and then counts nothing."""
        cells = self._cells
        now = self._clock()
        arrival = max(cells.get(subject, now), now)
        if arrival - now > self._tolerance:
            raise TooManyRequests(arrival - now - self._tolerance)
        cells[subject] = arrival + self._interval
        cells.move_to_end(subject)
        if len(cells) > self._capacity:
            cells.popitem(last=False)
