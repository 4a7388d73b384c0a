"""A page of another site cannot cause a change, and only our own host name is answered."""

import pytest

from .conftest import Make
from .harness import SIGNED_IN, Service

OWN = "https://app.example"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "null", "sec-fetch-site": "same-origin"},
        {"origin": "http://app.example"},
        {"origin": "https://app.example:8443"},
        {"origin": "https://app.example.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
        {"sec-fetch-site": ""},
        {"referer": "https://evil.example/"},
        {"user-agent": "Mozilla/5.0 (X11; Linux x86_64)"},
        {"sec-fetch-mode": "navigate"},
    ],
)
def test_a_change_that_another_site_may_have_caused_is_refused(service: Service, headers: dict[str, str]) -> None:
    answer = service.request("POST", "/things", headers=SIGNED_IN | headers, json={"title": "a"})
    assert (answer.status, answer.problem) == (403, "cross-origin")
    assert service.database.log == []


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": OWN},
        {"origin": OWN, "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"user-agent": "curl/8.5"},
        {},
    ],
)
def test_our_own_pages_and_programs_may_change(service: Service, headers: dict[str, str]) -> None:
    assert service.request("POST", "/things", headers=SIGNED_IN | headers, json={"title": "a"}).status == 201


def test_a_cross_site_link_may_be_followed(service: Service) -> None:
    headers = {"sec-fetch-site": "cross-site", "referer": "https://other.example/"}
    assert service.request("GET", "/page", headers=headers).status == 200


def test_two_origins_are_refused(service: Service) -> None:
    headers = [*SIGNED_IN.items(), ("origin", OWN), ("origin", "https://evil.example")]
    assert service.request("POST", "/things", headers=headers, json={"title": "a"}).status == 400


@pytest.mark.parametrize(
    "host", ["evil.example", "app.example.evil.example", "app.example:x", "app.example:", "localhost", "127.0.0.1", ""]
)
def test_another_host_is_421(service: Service, host: str) -> None:
    answer = service.request("GET", "/page", headers={"host": host})
    assert (answer.status, answer.problem) == (421, "misdirected")


@pytest.mark.parametrize("host", ["app.example", "app.example:443", "APP.example"])
def test_our_host_is_answered(service: Service, host: str) -> None:
    assert service.request("GET", "/page", headers={"host": host}).status == 200


@pytest.mark.parametrize("host", ["localhost:8443", "127.0.0.1:8443", "[::1]:8443", "[::1]"])
def test_on_loopback_every_name_of_this_machine_is_ours(make: Make, host: str) -> None:
    service = make(host="localhost", port=8443, loopback=True)
    assert service.request("GET", "/page", headers={"host": host}).status == 200
    assert service.request("GET", "/page", headers={"host": "evil.example:8443"}).status == 421


def test_health_needs_no_host(service: Service) -> None:
    assert service.request("GET", "/healthz", headers={"host": "10.0.0.7"}).status == 200
