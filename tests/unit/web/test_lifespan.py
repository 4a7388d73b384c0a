"""The application opens its database when the process starts and leaves nothing behind when it ends."""

import asyncio
from typing import Any

import pytest

from belsimple.errors import OperatorError
from belsimple.web.application import build_application

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


@pytest.mark.parametrize("away", [0, 1])
def test_ready_asks_the_database_and_every_part_behind(make: Make, away: int) -> None:
    class Behind:
        answer = True

        async def ready(self) -> bool:
            return self.answer

    behind = (Behind(), Behind())
    service = make(services={"behind": behind})
    assert service.request("GET", "/readyz").status == 200
    behind[away].answer = False
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
