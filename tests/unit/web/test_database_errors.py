"""What goes wrong in the database becomes a problem that helps and leaks nothing."""

from typing import Any

import asyncpg
import pytest
from asyncpg.exceptions import InvalidCachedStatementError, QueryCanceledError

from belsimple.web.database_errors import problem_of

from .conftest import Make
from .harness import SIGNED_IN, FakeDatabase


def error(state: str, message: str = "secret", hint: str | None = None, detail: str | None = None) -> Exception:
    made = asyncpg.PostgresError(message)
    for name, value in (("sqlstate", state), ("message", message), ("hint", hint), ("detail", detail)):
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("state", "status", "name"),
    [
        ("28000", 401, "no-session"),
        ("42501", 403, "forbidden"),
        ("23505", 409, "conflict"),
        ("23503", 409, "conflict"),
        ("22021", 422, "invalid"),
        ("22003", 422, "invalid"),
        ("57014", 503, "unavailable"),
        ("57P01", 503, "unavailable"),
        ("55P03", 503, "unavailable"),
        ("53300", 503, "unavailable"),
        ("08006", 503, "unavailable"),
        ("40001", 503, "unavailable"),
        ("40P01", 503, "unavailable"),
        ("BS404", 404, "not-found"),
    ],
)
def test_states_of_postgresql(state: str, status: int, name: str) -> None:
    problem = problem_of(error(state, "secret", "secret", "secret"))
    assert problem is not None
    assert (problem.status, problem.name) == (status, name)
    assert b"secret" not in problem.encode()
    assert ("retry-after" in problem.headers) == (status == 503)


@pytest.mark.parametrize("state", ["42P01", "42601", "XX000", "22012", "BS200", "BS4040"])
def test_what_nobody_expected_stays_unexpected(state: str) -> None:
    assert problem_of(error(state)) is None


@pytest.mark.parametrize(
    ("state", "name"), [("BS403", "forbidden"), ("BS409", "conflict"), ("BS412", "stale"), ("BS401", "unauthorized")]
)
def test_our_own_states_carry_their_sentence(state: str, name: str) -> None:
    problem = problem_of(error(state, "The last owner stays."))
    assert problem is not None
    assert (problem.status, problem.name, problem.detail) == (int(state[2:]), name, "The last owner stays.")


def test_our_own_states_may_name_the_problem_and_the_field() -> None:
    problem = problem_of(error("BS422", "This password is common.", "password-common", "/new"))
    assert problem is not None
    assert (problem.name, problem.errors) == ("password-common", (("/new", "This password is common."),))


def test_a_hint_that_is_no_name_is_not_used() -> None:
    problem = problem_of(error("BS409", "x", "Perhaps you meant to reference the column"))
    assert problem is not None
    assert problem.name == "conflict"


def test_a_rate_limit_of_the_database_says_when() -> None:
    problem = problem_of(error("BS429"))
    assert problem is not None
    assert "retry-after" in problem.headers


@pytest.mark.parametrize(
    "lost",
    [
        ConnectionResetError(),
        TimeoutError(),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("cannot switch to state 12; terminated"),
    ],
)
def test_a_lost_connection_is_503(lost: Exception) -> None:
    problem = problem_of(lost)
    assert problem is not None
    assert problem.status == 503


def failing(*errors: Exception) -> FakeDatabase:
    pending = list(errors)

    def enter(token: bytes) -> None:
        if pending:
            raise pending.pop(0)

    return FakeDatabase(enter=enter)


def test_a_stale_plan_is_retried_once(make: Make) -> None:
    stale = InvalidCachedStatementError("cached statement plan is invalid")
    assert make(failing(stale)).request("GET", "/things", headers=SIGNED_IN).status == 200
    assert make(failing(stale, stale)).request("GET", "/things", headers=SIGNED_IN).status == 503


def test_nothing_else_is_retried(make: Make) -> None:
    answer = make(failing(QueryCanceledError("timeout"))).request("GET", "/things", headers=SIGNED_IN)
    assert (answer.status, answer.headers["retry-after"]) == (503, "2")


def test_an_answer_that_cannot_be_encoded_is_rolled_back(make: Make) -> None:
    service = make()
    plan: Any = service.inner._router.find("/things")[0]["POST"]

    def broken(answer: object) -> None:
        raise TypeError

    plan._encode = broken
    assert service.request("POST", "/things", headers=SIGNED_IN, json={"title": "a"}).status == 500
    assert service.database.log == ["write", "rollback"]


def test_a_request_that_takes_too_long_is_503(make: Make) -> None:
    service = make(request_seconds=0.01)
    plan: Any = service.inner._router.find("/things")[0]["GET"]

    async def forever(**arguments: object) -> None:
        import asyncio

        await asyncio.sleep(5)

    plan._handler = forever
    answer = service.request("GET", "/things", headers=SIGNED_IN)
    assert (answer.status, answer.problem) == (503, "unavailable")
    assert service.database.log == ["read", "rollback"]
