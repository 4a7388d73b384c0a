"""What one process counts: its requests and what waits in it. Nothing here is on a request's path.

Requests are counted from their log lines after the answer, and waiting is looked at when those lines are written.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

from prometheus_client import Counter, Gauge, Histogram, values

from belsimple.metrics.slots import claim, readable_by_group
from belsimple.web.log import Access, Failure, LineLog

LATENCY_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds."""
REFUSALS: Final = ("401", "403", "404", "429")
_CLASSES: Final = ("2xx", "3xx", "4xx", "5xx", "left")
_SIGN_INS: Final = frozenset(("/api/v1/session", "/operator/api/v1/session"))


class Waiting(Protocol):
    """Something in which requests queue."""

    @property
    def waiting(self) -> int:
        """How many wait now."""
        ...


def begin(folder: Path, part: str) -> None:
    """Make this process count into `folder`; to be called before anything is counted."""
    slot = claim(folder, part)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    values.ValueClass = values.MultiProcessValue(lambda: slot)  # pyright: ignore[reportUnknownMemberType] - untyped


class ProcessFigures:
    """The counters and gauges of one process of a part. All series exist from the start, at nought."""

    def __init__(self, part: str) -> None:
        note_process(part)
        with readable_by_group():
            self._make(part)

    def _make(self, part: str) -> None:
        requests = _of(Counter, "belsimple_requests", "Answered requests, by class of status.", "part", "status")
        refusals = _of(Counter, "belsimple_refusals", "Refused requests, by status.", "part", "status")
        seconds = Histogram(
            "belsimple_request_seconds",
            "From the first byte of a request to the last of its answer.",
            ("part",),
            registry=None,
            buckets=LATENCY_BUCKETS,
        )
        self._requests = {name: requests.labels(part, name) for name in _CLASSES}
        self._refusals = {int(status): refusals.labels(part, status) for status in REFUSALS}
        self._seconds = seconds.labels(part)
        self._sign_ins = _of(Counter, "belsimple_sign_ins_refused", "Refused sign-ins.", "part").labels(part)
        self._pool = _gauge("belsimple_database_pool_waiting", "Requests waiting for a connection.", "part").labels(
            part
        )
        self._hashing = _gauge("belsimple_argon2_waiting", "Passwords hashed or waiting to be.", "part").labels(part)
        for gauge in (self._pool, self._hashing):
            gauge.set(0)

    def count(self, access: Access) -> None:
        """Count an answered request."""
        self._requests[f"{access.status // 100}xx" if access.status >= 200 else "left"].inc()
        self._seconds.observe(access.ms / 1000)
        if access.status in self._refusals:
            self._refusals[access.status].inc()
        if access.status == 401 and access.method == "POST" and access.route in _SIGN_INS:
            self._sign_ins.inc()

    def look(self, pool: Waiting | None, hashing: Waiting | None) -> None:
        """Note what waits at this moment."""
        if pool is not None:
            self._pool.set(pool.waiting)
        if hashing is not None:
            self._hashing.set(hashing.waiting)


class CountingLog(LineLog):
    """The log of requests, which counts what it writes."""

    def __init__(self, write: Callable[[bytes], Any], figures: ProcessFigures, hashing: Waiting | None) -> None:
        super().__init__(write)
        self.pool: Waiting | None = None
        self._figures = figures
        self._hashing = hashing

    def __call__(self, record: Access | Failure) -> None:
        """Log one record."""
        if isinstance(record, Access):
            self._figures.count(record)
        super().__call__(record)

    def flush(self) -> None:
        """Write what was gathered: twenty times a second at most, and once more after the last request."""
        self._figures.look(self.pool, self._hashing)
        super().flush()


def note_process(part: str) -> None:
    """Note that a process of this part lives."""
    with readable_by_group():
        _gauge("belsimple_processes", "Living processes.", "part").labels(part).set(1)


def note_certificate(expires: float) -> None:
    """Note when the certificate that this process serves expires, in seconds since 1970."""
    name = "belsimple_certificate_expires_timestamp_seconds"
    with readable_by_group():
        Gauge(name, "When the served certificate expires.", registry=None, multiprocess_mode="livemax").set(expires)


def _of(kind: type[Counter], name: str, text: str, *labels: str) -> Counter:
    return kind(name, text, labels, registry=None)


def _gauge(name: str, text: str, *labels: str) -> Gauge:
    return Gauge(name, text, labels, registry=None, multiprocess_mode="livesum")
