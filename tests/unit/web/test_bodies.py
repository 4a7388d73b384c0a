"""Bodies are bounded in size and in time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from belsimple.web.bodies import MAX_JSON, Disconnected, read_body
from belsimple.web.exchange import Exchange
from belsimple.web.problems import Malformed, RequestTimeout, TooLarge

from .harness import SIGNED_IN, Service


def exchange(**headers: str) -> Exchange:
    made = Exchange({"method": "POST", "path": "/", "query_string": b""})
    made.read_headers([(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()])
    return made


def chunks(*parts: bytes, pause: float = 0) -> Callable[[], Awaitable[Any]]:
    pending = list(parts)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(pause)
        return {"type": "http.request", "body": pending.pop(0), "more_body": bool(pending)}

    return receive


def test_chunks_are_joined() -> None:
    assert asyncio.run(read_body(exchange(), chunks(b"a", b"", b"bc"))) == b"abc"


def test_a_declared_length_over_the_limit_is_refused_before_anything_is_read() -> None:
    async def receive() -> Any:
        raise AssertionError

    with pytest.raises(TooLarge):
        asyncio.run(read_body(exchange(content_length=str(MAX_JSON + 1)), receive))


@pytest.mark.parametrize("length", ["x", "-1", "1,1"])
def test_a_length_that_is_no_number_is_refused(length: str) -> None:
    with pytest.raises(Malformed):
        asyncio.run(read_body(exchange(content_length=length), chunks(b"")))


def test_a_body_longer_than_declared_is_cut_off_at_the_limit() -> None:
    with pytest.raises(TooLarge):
        asyncio.run(read_body(exchange(content_length="1"), chunks(b"x" * 6, b"x" * 6), limit=10))


def test_a_chunk_that_does_not_come_is_a_timeout() -> None:
    with pytest.raises(RequestTimeout):
        asyncio.run(read_body(exchange(), chunks(b"a", b"b", pause=0.2), chunk_seconds=0.05))


def test_a_trickle_is_a_timeout_though_every_chunk_comes_in_time() -> None:
    with pytest.raises(RequestTimeout):
        asyncio.run(read_body(exchange(), chunks(*[b"a"] * 100, pause=0.01), chunk_seconds=1, total_seconds=0.1))


def test_a_client_that_leaves_is_noticed() -> None:
    async def receive() -> Any:
        return {"type": "http.disconnect"}

    with pytest.raises(Disconnected):
        asyncio.run(read_body(exchange(), receive))


def test_too_large_is_413_over_http(service: Service) -> None:
    headers = SIGNED_IN | {"content-type": "application/json"}
    answer = service.request("POST", "/things", headers=headers, body=b'{"title":"' + b"x" * MAX_JSON + b'"}')
    assert (answer.status, answer.problem) == (413, "too-large")
