"""Idempotency-Key: done once, answered the same, kept with the change."""

from typing import Any, Literal

import asyncpg
import pytest

from belsimple.database.transaction import Transaction
from belsimple.web.answers import Answer, NewSession
from belsimple.web.endpoint import endpoint
from belsimple.web.exchange import Exchange
from belsimple.web.idempotency import StoredAnswer, claim_of

from .conftest import Make
from .harness import SIGNED_IN, FakeDatabase, Service

KEYED = SIGNED_IN | {"idempotency-key": "k1"}
STORED = StoredAnswer(201, b'{"first":true}', "/things/1", '"1"')


def calls(service: Service, name: str) -> list[dict[str, Any]]:
    return [parameters for called, parameters in service.database.calls if called == name]


def test_the_first_answer_is_kept_in_the_transaction_of_the_change(service: Service) -> None:
    answer = service.request("POST", "/things", headers=KEYED, json={"title": "a"})
    assert "idempotency-replayed" not in answer.headers
    (kept,) = calls(service, "store_answer")
    assert (kept["route"], kept["key"], kept["status"]) == ("POST /things", "k1", 201)
    assert (kept["body"], kept["location"], kept["etag"]) == (answer.body, answer.headers["location"], '"1"')
    assert service.database.log == ["write", "commit"]


def test_a_repetition_gets_the_kept_answer_and_does_nothing(make: Make) -> None:
    service = make(FakeDatabase(results={"claim_answer": STORED}))
    answer = service.request("POST", "/things", headers=KEYED, json={"title": "another"})
    assert (answer.status, answer.body) == (201, b'{"first":true}')
    expected = {
        "idempotency-replayed": "true",
        "location": "/things/1",
        "etag": '"1"',
        "content-type": "application/json",
    }
    assert expected.items() <= answer.headers.items()
    assert calls(service, "store_answer") == []


def test_a_key_whose_first_request_failed_is_free(make: Make) -> None:
    service = make(FakeDatabase(results={"claim_answer": StoredAnswer(None, None, None, None)}))
    answer = service.request("POST", "/things", headers=KEYED, json={"title": "a"})
    assert answer.status == 201
    assert len(calls(service, "store_answer")) == 1


def test_a_repetition_is_authorised_again(make: Make) -> None:
    service = make(FakeDatabase(results={"claim_answer": STORED}, permissions=frozenset({"things:read"})))
    answer = service.request("POST", "/things", headers=KEYED, json={"title": "a"})
    assert answer.status == 403
    assert calls(service, "claim_answer") == []


def test_the_same_key_with_another_request_is_422(make: Make) -> None:
    class Reused(asyncpg.PostgresError):
        sqlstate = "BS422"
        message = "This Idempotency-Key was used with another request."
        hint = "idempotency-key-reused"

    def reused(parameters: dict[str, Any]) -> None:
        raise Reused(Reused.message)

    service = make(FakeDatabase(results={"claim_answer": reused}))
    answer = service.request("POST", "/things", headers=KEYED, json={"title": "a"})
    assert (answer.status, answer.problem) == (422, "idempotency-key-reused")


def test_the_hash_covers_body_query_and_path(service: Service) -> None:
    id_1, id_2 = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"
    service.request("POST", "/things", headers=KEYED, json={"title": "a"})
    service.request("POST", "/things", headers=KEYED, json={"title": "a"})
    service.request("POST", "/things", headers=KEYED, json={"title": "b"})
    service.request("POST", f"/things/{id_1}/closure", headers=KEYED)
    service.request("POST", f"/things/{id_2}/closure", headers=KEYED)
    hashes = [one["request_hash"] for one in calls(service, "claim_answer")]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 4


@pytest.mark.parametrize("key", ["", "x" * 201, "a b", "é"])
def test_a_bad_key_is_400(service: Service, key: str) -> None:
    answer = service.request("POST", "/things", headers=SIGNED_IN | {"idempotency-key": key}, json={"title": "a"})
    assert answer.status == 400


def test_without_a_key_nothing_is_claimed(service: Service) -> None:
    service.request("POST", "/things", headers=SIGNED_IN, json={"title": "a"})
    assert calls(service, "claim_answer") == []


def test_an_answer_with_a_cookie_is_never_kept(make: Make) -> None:
    @endpoint("POST", "/careless", permission="signed-in", summary="Should be declared secret")
    async def careless(transaction: Transaction) -> Answer[Literal[204], None]:
        return Answer(204, cookie=NewSession(bytes(32)))

    service = make(endpoints=[careless])
    assert service.request("POST", "/careless", headers=KEYED).status == 500
    assert calls(service, "store_answer") == []
    assert service.database.log == ["write", "rollback"]


def test_what_is_declared_secret_is_never_kept(make: Make) -> None:
    @endpoint("POST", "/secret", permission="signed-in", summary="A secret", secret=True)
    async def secret(transaction: Transaction) -> Answer[Literal[204], None]:
        return Answer(204, cookie=NewSession(bytes(32)))

    service = make(endpoints=[secret])
    assert service.request("POST", "/secret", headers=KEYED).status == 204
    assert service.database.calls == []


def test_a_failed_request_keeps_nothing(service: Service) -> None:
    service.request("POST", "/things", headers=KEYED, json={"title": 1})
    assert calls(service, "claim_answer") == []
    assert service.database.log == ["write", "rollback"]


def request_hash(path: str, query: bytes, body: bytes) -> bytes:
    exchange = Exchange({"method": "POST", "path": path, "query_string": query})
    exchange.read_headers([(b"idempotency-key", b"k")])
    claim: Any = claim_of(exchange, "POST /x", body)
    return claim._request_hash


def test_nothing_can_be_moved_from_one_part_of_a_request_to_the_next() -> None:
    requests = [("/ab", b"c", b"d"), ("/a", b"bc", b"d"), ("/ab", b"", b"cd"), ("/ab", b"x", b"d")]
    assert len({request_hash(*one) for one in requests}) == len(requests)
