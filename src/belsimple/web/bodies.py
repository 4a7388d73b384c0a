"""Reads a request's body: bounded in size and in time; and lets what was refused unread run out."""

import asyncio
from contextlib import suppress

from belsimple.web.asgi import Message, Receive
from belsimple.web.exchange import Exchange
from belsimple.web.problems import Malformed, RequestTimeout, TooLarge

MAX_JSON = 1024 * 1024
TOTAL_SECONDS = 20.0
"""All of the body: a client that drips bytes just under the per-chunk deadline still lets go (slow POST)."""
CHUNK_SECONDS = 5.0
"""Between two chunks."""
DRAINED_BYTES = 8 * 1024 * 1024
DRAINED_SECONDS = 5.0
"""What is still taken in, and thrown away, after an answer that came before the whole body."""
_BODILESS = frozenset(("GET", "HEAD"))


class Disconnected(Exception):
    """The client went away while sending; there is nobody to answer."""


class Intake:
    """A request's messages on their way in, which remembers whether the last of them has come."""

    __slots__ = ("_more", "_receive")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._more = True

    async def receive(self) -> Message:
        """The next message (ASGI)."""
        message = await self._receive()
        self._more = message.get("more_body", False)
        return message

    async def drain(self, exchange: Exchange) -> None:
        """After the answer, take in the rest of the body, up to a bound.

        A server that closes a connection on which its peer still sends makes the network throw the answer away (TCP
        answers with a reset; RFC 9112, section 9.6): the client would see an error in the place of its 413 or 401.
        """
        if not self._more or not _sends_a_body(exchange):
            return
        taken = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAINED_SECONDS):
                while self._more and taken < DRAINED_BYTES:
                    taken += len((await self.receive()).get("body", b""))


def _sends_a_body(exchange: Exchange) -> bool:
    headers = exchange.headers
    if b"expect" in headers:  # it waits for our word before it sends, and our word was no
        return False
    return headers.get(b"content-length", b"0") != b"0" or exchange.method not in _BODILESS


async def read_body(
    exchange: Exchange,
    receive: Receive,
    *,
    limit: int = MAX_JSON,
    total_seconds: float = TOTAL_SECONDS,
    chunk_seconds: float = CHUNK_SECONDS,
) -> bytes:
    """The whole body. Raises TooLarge over ``limit`` bytes, RequestTimeout when it trickles, Disconnected."""
    _ = declared_length(exchange, limit)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(total_seconds):
            more = True
            while more:
                async with asyncio.timeout(chunk_seconds):
                    message = await receive()
                if message["type"] == "http.disconnect":
                    raise Disconnected
                part: bytes = message.get("body", b"")
                size += len(part)
                if size > limit:
                    raise TooLarge
                parts.append(part)
                more = message.get("more_body", False)
    except TimeoutError:
        raise RequestTimeout from None
    return b"".join(parts)


def declared_length(exchange: Exchange, limit: int) -> int | None:
    """What ``Content-Length`` says, None without one. Raises Malformed, and TooLarge over ``limit``."""
    declared = exchange.headers.get(b"content-length")
    if declared is None:
        return None
    if not declared.isdigit():
        raise Malformed("Content-Length is not a number.")
    if len(declared) > 18 or int(declared) > limit:
        raise TooLarge
    return int(declared)
