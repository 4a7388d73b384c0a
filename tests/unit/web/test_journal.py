"""The journal of directories' requests: bounded, written in one go, and no trouble of its own reaches a request."""

import json
from datetime import UTC, datetime

from belsimple.web.journal import _KEPT, _MAX_TOKENS, Entry, Journal

AT = datetime(2026, 11, 30, tzinfo=UTC)


def entry(number: int = 0) -> Entry:
    return Entry(AT, "GET", f"/scim/v2/Users/{number}", 200)


async def test_the_newest_are_written_once() -> None:
    written: list[tuple[bytes, str]] = []

    async def write(token: bytes, entries: str) -> None:
        written.append((token, entries))

    journal = Journal(write, print)
    for number in range(_KEPT + 5):
        journal.add(b"token", entry(number))
    await journal.flush()
    await journal.flush()
    [(token, entries)] = written
    assert (token, len(json.loads(entries))) == (b"token", _KEPT)
    assert json.loads(entries)[-1]["path"].endswith(f"/{_KEPT + 4}")


async def test_tokens_without_end_fill_no_memory() -> None:
    async def write(_: bytes, __: str) -> None:
        pass

    journal = Journal(write, print)
    for number in range(_MAX_TOKENS + 5):
        journal.add(str(number).encode(), entry())
    assert len(journal._entries) == _MAX_TOKENS


async def test_trouble_is_told_and_the_next_is_written() -> None:
    told: list[Exception] = []
    written: list[bytes] = []

    async def write(token: bytes, _: str) -> None:
        if token == b"bad":
            raise ConnectionError
        written.append(token)

    journal = Journal(write, told.append)
    journal.add(b"bad", entry())
    journal.add(b"good", entry())
    await journal.flush()
    assert written == [b"good"]
    assert [type(error) for error in told] == [ConnectionError]
