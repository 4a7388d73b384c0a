"""The log: lines of JSON, whole, soon, and without what a database's message quotes."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from belsimple.web.log import GATHER_SECONDS, PIPE_BYTES, Access, failure, line_log

from .conftest import Make

AT = datetime(2026, 1, 2, tzinfo=UTC)
ACCESS = Access(AT, "web", "GET", "/x", 200, 1.5, "id", UUID(int=1))
FAILED = failure("web", "id", "/x", ValueError("Key (email)=(jan@example.com) exists\n"))


def test_a_record_is_one_line_of_json() -> None:
    written: list[bytes] = []

    async def run() -> None:
        log = line_log(written.append)
        log(ACCESS)
        await asyncio.sleep(GATHER_SECONDS * 3)

    asyncio.run(run())
    expected = (
        b'{"event":"access","at":"2026-01-02T00:00:00Z","part":"web","method":"GET","route":"/x","status":200,"ms":1.5,'
        b'"request_id":"id","account":"00000000-0000-0000-0000-000000000001"}\n'
    )
    assert written == [expected]


def test_a_process_that_ends_loses_no_line(make: Make) -> None:
    written: list[bytes] = []
    service = make(log=line_log(written.append))
    service.request("GET", "/seen")
    assert written == []
    service.stop()
    service.request("GET", "/seen")
    assert [line.count(b"/seen") for line in written] == [1, 1]


def test_a_failure_is_written_at_once_after_what_came_before_it() -> None:
    written: list[bytes] = []

    async def run() -> None:
        log = line_log(written.append)
        log(ACCESS)
        assert written == []
        log(FAILED)

    asyncio.run(run())
    assert [line.startswith(b'{"event":"access"') for line in b"".join(written).splitlines()] == [True, False]


def test_an_errors_message_is_not_in_it() -> None:
    written: list[bytes] = []
    line_log(written.append)(FAILED)
    assert b"builtins.ValueError" in written[0]
    assert b"jan@" not in written[0]


def test_many_requests_are_few_writes_of_whole_lines() -> None:
    written: list[bytes] = []

    async def run() -> None:
        log = line_log(written.append)
        for _ in range(1000):
            log(ACCESS)
        await asyncio.sleep(GATHER_SECONDS * 3)

    asyncio.run(run())
    assert sum(part.count(b"\n") for part in written) == 1000
    assert all(part.endswith(b"\n") and len(part) <= PIPE_BYTES for part in written)
    assert len(written) < 100


def test_what_a_full_disk_does_not_take_is_dropped_and_logging_goes_on() -> None:
    written: list[bytes] = []
    full = True

    def write(lines: bytes) -> None:
        if full:
            raise OSError(28, "No space left on device")
        written.append(lines)

    log = line_log(write)
    log(FAILED)
    full = False
    log(FAILED)
    assert [lines.count(b"\n") for lines in written] == [1]
