"""What every answer carries, and what it never says."""

import re
from typing import Any

import pytest

from belsimple.web.answers import Answer, Created
from belsimple.web.encoding import compile_answer
from belsimple.web.exchange import MAX_HEADERS
from belsimple.web.headers import policy_for
from belsimple.web.signature import Returns

from .conftest import Make
from .harness import SIGNED_IN, Service
from .things import thing

ALWAYS = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
}


@pytest.mark.parametrize("target", ["/things", "/nothing", "/page", "/fault", "/healthz", "/api/openapi.json"])
def test_every_answer_carries_the_security_headers(service: Service, target: str) -> None:
    headers = service.request("GET", target, headers=SIGNED_IN).headers
    assert ALWAYS.items() <= headers.items()
    assert "camera=()" in headers["permissions-policy"]
    policy = headers["content-security-policy"].split("; ")
    assert policy[:4] == ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"]
    assert ("style-src 'self'" in policy) == (target == "/page")
    assert "unsafe" not in headers["content-security-policy"]


def test_a_file_of_ours_is_sent_as_what_it_is(service: Service) -> None:
    answer = service.request("GET", "/style.css?v=2")
    assert (answer.status, answer.body) == (200, b"body { color: black }")
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_refusal_at_the_door_carries_them_too(service: Service) -> None:
    assert ALWAYS.items() <= service.request("GET", "/page", headers={"host": "evil.example"}).headers.items()


def test_a_page_whose_form_goes_elsewhere_names_that_origin_alone(service: Service) -> None:
    usual = service.request("GET", "/page").headers["content-security-policy"]
    answer = service.request("GET", "/onward")
    assert answer.headers["content-security-policy"] == usual.replace(
        "form-action 'self'", "form-action 'self' https://idp.example:8443"
    )
    assert ALWAYS.items() <= answer.headers.items()
    names = [name for name, _ in answer.raw_headers]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "origin",
    ["http://idp.example", "https://idp.example; script-src *", "https://*", "https://idp.example/path", "data:"],
)
def test_what_is_no_origin_gets_into_no_policy(origin: str) -> None:
    with pytest.raises(ValueError, match=re.escape(origin)):
        policy_for(origin)


def test_no_header_is_sent_twice(service: Service) -> None:
    names = [name for name, _ in service.request("GET", "/page").raw_headers]
    assert len(names) == len(set(names))


def test_there_is_no_hsts_on_loopback(make: Make) -> None:
    answer = make(host="localhost", port=8443, loopback=True).request(
        "GET", "/page", headers={"host": "localhost:8443"}
    )
    assert "strict-transport-security" not in answer.headers


def test_every_answer_has_a_request_id_of_our_own(service: Service) -> None:
    first, second = (service.request("GET", "/nothing").headers["x-request-id"] for _ in range(2))
    assert len(first) == len(second) == 32
    assert first != second


def test_an_unexpected_error_is_500_and_leaks_nothing(service: Service) -> None:
    answer = service.request("GET", "/fault")
    assert (answer.status, answer.problem) == (500, "internal")
    assert set(answer.json) == {"type", "title", "status"}
    failure, access = service.records
    assert getattr(failure, "error", None) == "builtins.RuntimeError"
    assert "4711" not in repr(failure)
    assert getattr(access, "status", None) == 500


def test_an_unknown_method_is_405_with_those_allowed(service: Service) -> None:
    answer = service.request("PUT", "/things", headers=SIGNED_IN)
    assert (answer.status, answer.problem, answer.headers["allow"]) == (405, "method-not-allowed", "GET, HEAD, POST")


def test_head_is_get_without_the_body(service: Service) -> None:
    head, get = (service.request(method, "/things", headers=SIGNED_IN) for method in ("HEAD", "GET"))
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]
    assert service.request("HEAD", "/nothing").body == b""


def test_too_many_or_too_long_headers_are_431(service: Service) -> None:
    many = [(f"x-{number}", "1") for number in range(MAX_HEADERS + 1)]
    assert service.request("GET", "/page", headers=many).status == 431
    assert service.request("GET", "/page", headers={"x-long": "x" * 40_000}).status == 431


def test_204_has_no_content(service: Service) -> None:
    answer = service.request("DELETE", "/things/00000000-0000-0000-0000-000000000007", headers=SIGNED_IN)
    assert (answer.status, answer.body) == (204, b"")
    assert "content-length" not in answer.headers


@pytest.mark.parametrize("value", ["/x\r\nset-cookie: a=b", "/x\ny", "/é"])
def test_a_header_cannot_be_split(value: str) -> None:
    for kind, made in (("created", Created(thing(), value)), ("answer", Answer(200, None, (("location", value),)))):
        encode = compile_answer(Returns(kind, type(thing())), lambda cookie: (b"", b""))  # pyright: ignore[reportArgumentType]
        with pytest.raises(ValueError, match=r"."):
            encode(made)


def test_the_log_has_the_route_and_nothing_personal(service: Service) -> None:
    service.request("GET", "/named/jan@example.com?limit=1", headers=SIGNED_IN, client="203.0.113.77")
    service.request("BREW", "/nothing/jan@example.com")
    text = repr(service.records)
    assert "/named/{name}" in text
    for secret in ("jan@", "limit", "203.0.113.77", "BREW", SIGNED_IN["cookie"].partition("=")[2]):
        assert secret not in text


def test_half_an_answer_is_cut_and_not_answered_twice(service: Service) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)
        if message["type"] == "http.response.body":
            raise OSError

    async def receive() -> Any:
        raise AssertionError

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/page",
        "query_string": b"",
        "headers": [(b"host", b"app.example")],
        "client": ("192.0.2.1", 1),
    }
    with pytest.raises(OSError, match=r"^$"):
        service.loop.run(service.app(scope, receive, send))  # pyright: ignore[reportArgumentType]
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]


def test_a_websocket_is_refused(service: Service) -> None:
    sent: list[object] = []

    async def send(message: object) -> None:
        sent.append(message)

    service.loop.run(service.app({"type": "websocket"}, None, send))  # pyright: ignore[reportArgumentType]
    assert sent == [{"type": "websocket.close", "code": 1008}]
