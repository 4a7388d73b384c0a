"""Rate limits: sensitive endpoints' in the database, the general flood guard in memory."""

from typing import Any

import pytest

from belsimple.web.flood import FloodGuard, Rate
from belsimple.web.inputs import Caller
from belsimple.web.limits import Limit, by_address, by_session
from belsimple.web.problems import TooManyRequests

from .conftest import Make
from .harness import SIGNED_IN, FakeDatabase, Service

SIGN_IN = {"tenant": "Acme", "email": "Jan@Example.com "}


def keys(service: Service) -> list[bytes]:
    return [parameters["key"] for name, parameters in service.database.calls if name == "take_limit"]


def test_each_limit_is_taken_before_the_handler_runs(service: Service) -> None:
    assert service.request("POST", "/sign-in", json=SIGN_IN).status == 201
    taken = [parameters for name, parameters in service.database.calls if name == "take_limit"]
    assert [(one["every"], one["burst"]) for one in taken] == [(2_000_000, 10), (6_000_000, 5)]


@pytest.mark.parametrize(("wait", "retry_after"), [(0.001, "1"), (7.2, "8"), (30.0, "30")])
def test_a_used_up_limit_is_429_with_the_seconds_to_wait(make: Make, wait: float, retry_after: str) -> None:
    service = make(FakeDatabase(results={"take_limit": wait}))
    answer = service.request("POST", "/sign-in", json=SIGN_IN)
    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (429, "too-many-requests", retry_after)
    assert "set-cookie" not in answer.headers


def test_the_key_tells_nothing_of_its_subject_and_differs_by_limit(service: Service) -> None:
    service.request("POST", "/sign-in", json=SIGN_IN)
    address, account = keys(service)
    assert len(address) == len(account) == 32
    assert address != account
    assert b"Jan" not in account


def test_the_same_account_is_the_same_subject_however_it_is_written(service: Service) -> None:
    service.request("POST", "/sign-in", json=SIGN_IN, client="192.0.2.1")
    service.request("POST", "/sign-in", json={"tenant": "acme", "email": "jan@example.com"}, client="192.0.2.2")
    first_address, first_account, second_address, second_account = keys(service)
    assert first_account == second_account
    assert first_address != second_address


def test_other_fields_cannot_be_mixed_into_one_subject(service: Service) -> None:
    service.request("POST", "/sign-in", json={"tenant": "a", "email": "b|c"})
    service.request("POST", "/sign-in", json={"tenant": "a|b", "email": "c"})
    assert keys(service)[1] != keys(service)[3]


def test_neighbours_in_one_ipv6_network_share_a_limit(service: Service) -> None:
    for client in ("2001:db8::1", "2001:db8::ffff", "2001:db8:0:1::1"):
        service.request("POST", "/sign-in", json=SIGN_IN, client=client)
    first, second, third = keys(service)[::2]
    assert first == second != third


def test_a_malformed_request_uses_nothing_up(service: Service) -> None:
    service.request("POST", "/sign-in", json={"tenant": "a"})
    assert keys(service) == []


def test_by_session_counts_the_session_and_without_one_the_address() -> None:
    caller = Caller("192.0.2.1", "", "", b"\1\2")
    assert by_session(caller, None) == "0102"
    assert by_session(Caller("192.0.2.1", "", "", None), None) == by_address(caller, None) == "192.0.2.1"


def test_a_limit_knows_what_one_request_uses_up() -> None:
    assert Limit(name="x", times=3, seconds=60, burst=1, subject=by_address).every_us == 20_000_000


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_then_the_rate_holds() -> None:
    clock = Clock()
    guard = FloodGuard(Rate(2, 3), clock=clock)
    for _ in range(3):
        guard.take("a")
    with pytest.raises(TooManyRequests):
        guard.take("a")
    guard.take("b")
    clock.now += 0.5
    guard.take("a")
    with pytest.raises(TooManyRequests):
        guard.take("a")


def test_refused_requests_do_not_lengthen_the_wait() -> None:
    clock = Clock()
    guard = FloodGuard(Rate(1, 1), clock=clock)
    guard.take("a")
    for _ in range(100):
        with pytest.raises(TooManyRequests):
            guard.take("a")
    clock.now += 1
    guard.take("a")


def test_memory_is_bounded_and_the_least_recent_is_forgotten() -> None:
    clock = Clock()
    guard = FloodGuard(Rate(0.001, 1), capacity=2, clock=clock)
    for subject in ("a", "b", "c"):
        guard.take(subject)
    cells: dict[Any, float] = guard._cells  # pyright: ignore[reportPrivateUsage]
    assert set(cells) == {"b", "c"}


@pytest.mark.parametrize("rate", ["address_rate", "account_rate", "tenant_rate"])
def test_a_flood_is_429(make: Make, rate: str) -> None:
    service = make(**{rate: Rate(0.01, 2)})
    statuses = [service.request("GET", "/things", headers=SIGNED_IN).status for _ in range(3)]
    assert statuses == [200, 200, 429]


def test_a_flood_from_one_address_leaves_others_alone(make: Make) -> None:
    service = make(address_rate=Rate(0.01, 1))
    clients = ("192.0.2.1", "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2")
    assert [service.request("GET", "/page", client=one).status for one in clients] == [200, 429, 200, 200, 429]
