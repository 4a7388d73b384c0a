"""The client's address is the connection's; forwarded headers count from trusted proxies only."""

from ipaddress import ip_network

import pytest

from belsimple.web.addresses import TrustedProxies
from belsimple.web.limits import network_of

from .conftest import Make

PROXIES = TrustedProxies((ip_network("10.0.0.0/8"), ip_network("fd00::/8")))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "192.0.2.1", "203.0.113.9"),
        ("10.0.0.2", "", "10.0.0.2"),
        ("10.0.0.2", "192.0.2.1", "192.0.2.1"),
        ("10.0.0.2", "6.6.6.6, 192.0.2.1", "192.0.2.1"),
        ("10.0.0.2", "6.6.6.6, 192.0.2.1, 10.0.0.3", "192.0.2.1"),
        ("10.0.0.2", "6.6.6.6, nonsense, 10.0.0.3", "10.0.0.3"),
        ("10.0.0.2", "192.0.2.1:4711", "192.0.2.1"),
        ("10.0.0.2", "[2001:db8::1]:4711", "2001:db8::1"),
        ("10.0.0.2", "2001:db8::1", "2001:db8::1"),
        ("10.0.0.2", "fe80::1%eth0", "fe80::1"),
        ("10.0.0.2", "::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:10.0.0.2", "192.0.2.1", "192.0.2.1"),
        ("fd00::1", "10.0.0.3, 10.0.0.4", "10.0.0.3"),
        ("", "192.0.2.1", ""),
    ],
)
def test_the_right_most_untrusted_address_is_the_client(peer: str, forwarded: str, client: str) -> None:
    assert PROXIES.client(peer, forwarded) == client


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("", ""),
    ],
)
def test_an_ipv6_address_is_counted_with_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


def test_forwarded_headers_of_a_stranger_are_ignored(make: Make) -> None:
    headers = {"x-forwarded-for": "192.0.2.1", "x-request-id": "chosen-by-a-stranger"}
    seen = make().request("GET", "/seen", headers=headers).json
    assert seen["address"] == "203.0.113.9"
    assert seen["request_id"] != "chosen-by-a-stranger"


def test_forwarded_headers_of_a_trusted_proxy_are_read(make: Make) -> None:
    service = make(trusted_proxies=(ip_network("203.0.113.9/32"),))
    headers = {"x-forwarded-for": "6.6.6.6, 192.0.2.1", "x-request-id": "from-the-proxy-1"}
    answer = service.request("GET", "/seen", headers=headers)
    assert (answer.json["address"], answer.json["request_id"]) == ("192.0.2.1", "from-the-proxy-1")
    assert answer.headers["x-request-id"] == "from-the-proxy-1"


def test_a_request_id_with_strange_characters_is_replaced(make: Make) -> None:
    service = make(trusted_proxies=(ip_network("203.0.113.9/32"),))
    answer = service.request("GET", "/seen", headers={"x-request-id": 'x"}\n{"event":"forged'})
    assert answer.headers["x-request-id"].isalnum()
