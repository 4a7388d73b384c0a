"""The application opens its database when the process starts and leaves nothing behind when it ends."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from belsimple.errors import OperatorError
from belsimple.web.application import build_application
from belsimple.web.log import Access, Failure, failure, line_log

from .conftest import Make
from .harness import SIGNED_IN, FakeDatabase, settings


def live(open_database: Any) -> list[Any]:
    app = build_application(
        part="gate", endpoints=(), open_database=open_database, settings=settings(), log=lambda record: None
    )
    pending = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return pending.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app({"type": "lifespan"}, receive, send))  # pyright: ignore[reportArgumentType]
    return sent


def test_it_opens_and_closes_its_database() -> None:
    database = FakeDatabase()

    async def opened() -> FakeDatabase:
        return database

    assert [one["type"] for one in live(opened)] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert database.log == ["close"]


def test_a_start_that_fails_says_why() -> None:
    async def refused() -> FakeDatabase:
        raise OperatorError("The database cannot be reached", "Start it.")

    (failed,) = live(refused)
    assert failed == {"type": "lifespan.startup.failed", "message": "The database cannot be reached. Start it."}


def test_what_is_still_to_be_recorded_is_recorded_at_the_end(make: Make) -> None:
    service = make(FakeDatabase(permissions=frozenset()))
    service.request("GET", "/things", headers=SIGNED_IN)
    service.stop()
    assert [name for name, _ in service.database.calls] == ["record_refusal"]
    assert service.database.log[-1] == "close"


def test_ready_asks_the_database_and_gate(make: Make) -> None:
    class Gate:
        answer = True

        async def ready(self) -> bool:
            return self.answer

    gate = Gate()
    service = make(services={"gate": gate})
    assert service.request("GET", "/readyz").status == 200
    gate.answer = False
    assert service.request("GET", "/readyz").status == 503
    assert service.request("GET", "/healthz").json == {"status": "ok"}


def test_a_database_that_does_not_answer_is_not_ready(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("belsimple.web.health.READY_SECONDS", 0.01)
    service = make(FakeDatabase(), part="gate")

    async def stuck(query: object, /, **parameters: object) -> Any:
        await asyncio.sleep(5)

    service.database.call = stuck
    assert service.request("GET", "/readyz").status == 503
    assert service.request("GET", "/healthz").status == 200


def test_the_log_is_one_line_of_json_per_record() -> None:
    lines: list[bytes] = []
    log = line_log(lines.append)

    log(Access(datetime(2026, 1, 2, tzinfo=UTC), "GET", "/x", 200, 1.5, "id", None))
    log(failure(datetime(2026, 1, 2, tzinfo=UTC), "id", "/x", ValueError("Key (email)=(jan@example.com) exists\n")))
    assert lines[0] == (
        b'{"event":"access","at":"2026-01-02T00:00:00Z","method":"GET","route":"/x","status":200,"ms":1.5,'
        b'"request_id":"id","account":null}\n'
    )
    assert b"builtins.ValueError" in lines[1]
    assert b"jan@" not in lines[1]
    assert lines[1].count(b"\n") == 1
    assert isinstance(failure(datetime.now(UTC), "", "", OSError()), Failure)
