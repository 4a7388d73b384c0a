"""A small HTTP/1.1 keep-alive load generator over TLS: loopback only, bounded in connections and in time.

It is the same for the service and for every peer, so what it costs falls out of a ratio.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

import uvloop

LOOPBACK: Final = "127.0.0.1"
MOST_CONNECTIONS: Final = 64
MOST_SECONDS: Final = 120.0
ANSWER_LIMIT_S: Final = 30.0


class LoadError(Exception):
    """An answer was not the expected one, so what was measured means nothing."""


@dataclass(frozen=True, slots=True)
class Load:
    """What to send, and for how long.

    `request` gives the next request's bytes for a connection (numbered from 0).
    """

    port: int
    request: Callable[[int], bytes]
    status: int
    connections: int
    seconds: float

    def __post_init__(self) -> None:
        """Refuse a load that is not bounded."""
        if not (0 < self.connections <= MOST_CONNECTIONS and 0 < self.seconds <= MOST_SECONDS):
            raise LoadError("a load is at most 64 connections for 120 seconds")


@dataclass(slots=True)
class Answers:
    """What came back. Latencies are seconds, one per answer; `elapsed` is seconds from first request to last answer."""

    latencies: list[float] = field(default_factory=list)
    elapsed: float = 0.0
    body: bytes = b""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.elapsed

    @property
    def p50(self) -> float:
        """Median latency, seconds."""
        return quantile(self.latencies, 0.5)

    @property
    def p99(self) -> float:
        """99th percentile of latency, seconds."""
        return quantile(self.latencies, 0.99)


class Client(asyncio.Protocol):
    """One connection that sends its next request as soon as the last one is answered."""

    def __init__(self, number: int, load: Load, answers: Answers) -> None:
        """`number` is the connection's; what comes back goes into `answers`."""
        self._number = number
        self._load = load
        self._answers = answers
        self._deadline = 0.0
        self._status_line = b"HTTP/1.1 %d " % load.status
        self._buffer = b""
        self._started = 0.0
        self._transport: asyncio.Transport | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def begin(self, deadline: float) -> None:
        """Send requests, one after the other, until `deadline` (a `time.perf_counter` moment)."""
        self._deadline = deadline
        self._send()

    def close(self) -> None:
        """Close the connection."""
        self.done.cancel()
        if self._transport is not None:
            self._transport.abort()

    def _send(self) -> None:
        assert self._transport is not None
        self._started = time.perf_counter()
        if self._started < self._deadline:
            self._transport.write(self._load.request(self._number))
        elif not self.done.done():
            self.done.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        size = answer_size(self._buffer)
        if size is None or len(self._buffer) < size:
            return
        if not self._buffer.startswith(self._status_line) or len(self._buffer) > size:
            self._fail(self._buffer)
            return
        self._answers.latencies.append(time.perf_counter() - self._started)
        self._answers.body = self._buffer
        self._buffer = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self._fail(b"the connection was lost (%r)" % exc)

    def _fail(self, answer: bytes) -> None:
        if not self.done.done():
            head, _, body = answer.decode(errors="replace").partition("\r\n\r\n")
            self.done.set_exception(LoadError(f"{head.splitlines()[0]}: {body[:300]}"))


def answer_size(buffer: bytes) -> int | None:
    """Bytes of the answer that `buffer` begins with, or None while its head is incomplete."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = buffer[:end].lower()
    mark = head.find(b"\r\ncontent-length:")
    if mark < 0:
        if head.startswith((b"http/1.1 204", b"http/1.1 304")):
            return end + 4
        raise LoadError("an answer without a Content-Length: " + head.decode(errors="replace"))
    return end + 4 + int(head[mark + 17 :].split(b"\r\n", 1)[0])


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of `values` lie; nearest rank, in the unit of `values`."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def run(load: Load) -> Answers:
    """Send `load` and return what came back; raises LoadError at the first unexpected answer."""
    return uvloop.run(_run(load))


async def _run(load: Load) -> Answers:
    loop = asyncio.get_running_loop()
    answers = Answers()
    clients: list[Client] = []
    try:
        for number in range(load.connections):
            client = Client(number, load, answers)
            clients.append(client)
            await loop.create_connection(lambda client=client: client, LOOPBACK, load.port, ssl=_loopback_tls())
        begun = time.perf_counter()
        for client in clients:
            client.begin(begun + load.seconds)
        async with asyncio.timeout(load.seconds + ANSWER_LIMIT_S):
            await asyncio.gather(*(client.done for client in clients))
        answers.elapsed = time.perf_counter() - begun
    finally:
        for client in clients:
            client.close()
    if not answers.latencies:
        raise LoadError("no request was answered in time")
    return answers


def _loopback_tls() -> ssl.SSLContext:
    """TLS 1.3 without checking the certificate: both ends are this machine, and only speed is measured."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context
