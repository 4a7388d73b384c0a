"""Every request acts as its session, read-only when it reads, with the permission its endpoint declares."""

import asyncio

import asyncpg
import pytest

from belsimple.web.runtime import Runtime

from .conftest import Make
from .harness import ACCOUNT, COOKIE, SIGNED_IN, TOKEN, FakeDatabase, Service

ID = "00000000-0000-0000-0000-000000000007"


def ended(token: bytes) -> None:
    raise asyncpg.InvalidAuthorizationSpecificationError("no session")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"cookie": "other=1"},
        {"cookie": f"{COOKIE}="},
        {"cookie": f"{COOKIE}=short"},
        {"cookie": f"{COOKIE}={'!' * 43}"},
        {"cookie": f"x{COOKIE}={'A' * 43}"},
    ],
)
def test_without_a_session_it_is_401_and_the_database_is_not_asked(service: Service, headers: dict[str, str]) -> None:
    answer = service.request("GET", "/things", headers=headers)
    assert (answer.status, answer.problem) == (401, "no-session")
    assert service.database.log == []


def test_an_ended_session_is_401_and_its_cookie_is_cleared(make: Make) -> None:
    answer = make(FakeDatabase(enter=ended)).request("GET", "/things", headers=SIGNED_IN)
    assert (answer.status, answer.problem) == (401, "no-session")
    assert answer.headers["www-authenticate"] == 'Cookie realm="belsimple"'
    assert answer.headers["set-cookie"] == f"{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"


def test_the_database_is_given_the_cookies_raw_bytes(make: Make) -> None:
    tokens: list[bytes] = []
    headers = [("cookie", "a=b"), ("cookie", SIGNED_IN["cookie"])]  # HTTP/2 may split the header
    make(FakeDatabase(enter=tokens.append)).request("GET", "/things", headers=headers)
    assert tokens == [TOKEN]


def test_a_read_is_read_only_and_a_change_is_not(service: Service) -> None:
    service.request("GET", "/things", headers=SIGNED_IN)
    service.request("HEAD", "/things", headers=SIGNED_IN)
    service.request("POST", "/things", headers=SIGNED_IN, json={"title": "a"})
    assert service.database.log == ["read", "commit", "read", "commit", "write", "commit"]


def test_without_the_permission_it_is_403_and_nothing_is_done(make: Make) -> None:
    service = make(FakeDatabase(permissions=frozenset({"things:read"})))
    answer = service.request("POST", "/things", headers=SIGNED_IN, json={"title": "a"})
    assert (answer.status, answer.problem) == (403, "forbidden")
    assert service.database.log == ["write", "rollback"]


def test_signed_in_needs_no_permission(make: Make) -> None:
    answer = make(FakeDatabase(permissions=frozenset())).request("GET", "/named/x", headers=SIGNED_IN)
    assert answer.status == 200


@pytest.mark.parametrize(
    ("method", "target"), [("GET", "/things/malformed"), ("GET", "/things?limit=0"), ("POST", "/things")]
)
def test_who_may_not_use_an_endpoint_learns_nothing_of_its_input(make: Make, method: str, target: str) -> None:
    service = make(FakeDatabase(permissions=frozenset()))
    assert service.request(method, target, headers=SIGNED_IN).status == 403


def test_a_database_refusal_is_403(make: Make) -> None:
    def refused(token: bytes) -> None:
        raise asyncpg.InsufficientPrivilegeError("permission denied for table thing")

    answer = make(FakeDatabase(enter=refused)).request("GET", "/things", headers=SIGNED_IN)
    assert (answer.status, answer.problem) == (403, "forbidden")
    assert b"table" not in answer.body


def test_what_asks_for_a_fresh_session_refuses_a_stale_one(make: Make) -> None:
    path = f"/things/{ID}/closure"
    stale = make(FakeDatabase(fresh=False)).request("POST", path, headers=SIGNED_IN)
    assert (stale.status, stale.problem) == (403, "reauthentication-required")
    assert make(FakeDatabase(fresh=True)).request("POST", path, headers=SIGNED_IN).status == 204


@pytest.mark.parametrize("permissions", [{"things:read"}, set[str]()])
def test_last_use_is_written_after_the_transaction_refused_or_not(make: Make, permissions: set[str]) -> None:
    service = make(FakeDatabase(touch_due=True, permissions=frozenset(permissions)))
    service.request("GET", "/things", headers=SIGNED_IN)
    assert service.database.log == ["read", "commit" if permissions else "rollback", "touch"]


def test_a_touch_that_fails_is_reported_and_tried_again(make: Make) -> None:
    service = make(FakeDatabase(touch_due=True))

    async def broken(token: bytes) -> None:
        raise OSError

    service.database.touch = broken  # pyright: ignore[reportAttributeAccessIssue]
    assert service.request("GET", "/things", headers=SIGNED_IN).status == 200
    assert [getattr(record, "error", None) for record in service.records] == [None, "builtins.OSError"]
    runtime: Runtime = service.inner._runtime
    assert runtime._touching == {}


def test_one_session_is_touched_once_at_a_time(make: Make) -> None:
    service = make(FakeDatabase(touch_due=True))
    touched: list[bytes] = []
    release = asyncio.Event()

    async def slow(token: bytes) -> None:
        touched.append(token)
        await release.wait()

    service.database.touch = slow
    for _ in range(3):
        service.request("GET", "/things", headers=SIGNED_IN)
    assert touched == [TOKEN]
    release.set()


def test_refusals_are_counted_per_session_and_route(make: Make) -> None:
    service = make(FakeDatabase(permissions=frozenset()))
    for _ in range(3):
        service.request("GET", "/things", headers=SIGNED_IN)
    service.request("GET", f"/things/{ID}", headers=SIGNED_IN)
    assert service.database.calls == []
    service.loop.run(service.inner._runtime.refusals.flush())
    recorded = [parameters for name, parameters in service.database.calls if name == "record_refusal"]
    assert sorted((one["route"], one["status"], one["times"]) for one in recorded) == [
        ("GET /things", 403, 3),
        ("GET /things/{id}", 403, 1),
    ]
    assert {one["token"] for one in recorded} == {TOKEN}


def test_the_access_log_names_the_account(service: Service) -> None:
    service.request("GET", "/things", headers=SIGNED_IN)
    assert getattr(service.records[0], "account", None) == ACCOUNT


def test_cookies_are_set_and_cleared_with_every_attribute(service: Service) -> None:
    opened = service.request("POST", "/sign-in", json={"tenant": "a", "email": "b"})
    closed = service.request("DELETE", "/sign-in", headers=SIGNED_IN)
    attributes = "; Path=/; Secure; HttpOnly; SameSite=Lax"
    assert opened.headers["set-cookie"] == f"{COOKIE}={'A' * 43}{attributes}"
    assert closed.headers["set-cookie"] == f"{COOKIE}={attributes}; Max-Age=0"
