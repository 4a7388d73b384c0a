"""Reads a request's body: bounded in size and in time."""

import asyncio

from belsimple.web.asgi import Receive
from belsimple.web.exchange import Exchange
from belsimple.web.problems import Malformed, RequestTimeout, TooLarge

MAX_JSON = 1024 * 1024
TOTAL_SECONDS = 20.0
"""All of the body: a client that drips bytes just under the per-chunk deadline still lets go (slow POST)."""
CHUNK_SECONDS = 5.0
"""Between two chunks."""


class Disconnected(Exception):
    """The client went away while sending; there is nobody to answer."""


async def read_body(
    exchange: Exchange,
    receive: Receive,
    *,
    limit: int = MAX_JSON,
    total_seconds: float = TOTAL_SECONDS,
    chunk_seconds: float = CHUNK_SECONDS,
) -> bytes:
    """The whole body. Raises TooLarge over ``limit`` bytes, RequestTimeout when it trickles, Disconnected."""
    _check_length(exchange.headers.get(b"content-length"), limit)
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


def _check_length(declared: bytes | None, limit: int) -> None:
    if declared is None:
        return
    if not declared.isdigit():
        raise Malformed("Content-Length is not a number.")
    if len(declared) > 18 or int(declared) > limit:
        raise TooLarge
