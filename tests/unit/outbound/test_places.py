"""Where a request may go: public addresses in every notation, and nothing that wraps another kind."""

import pytest

from belsimple.outbound import OutboundTrouble, place_of
from belsimple.outbound.places import is_metadata, is_public, parsed

_PRIVATE = (
    *("127.0.0.1", "127.255.255.254", "10.1.2.3", "172.16.0.1", "192.168.1.1", "0.0.0.0", "255.255.255.255"),
    *("100.64.0.1", "169.254.169.254", "192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "203.0.113.9"),
    *(
        "224.0.0.1",
        "240.0.0.1",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
    ),
    *(
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
    ),
    *("fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%1", "fec0::1", "ff02::1", "5f00::1"),
)


@pytest.mark.parametrize("text", _PRIVATE)
def test_it_takes_no_special_address_for_a_public_one(text: str) -> None:
    assert not is_public(parsed(text))


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "193.191.1.1", "2a02:2c80::1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_it_takes_everybodys_address_for_a_public_one(text: str) -> None:
    assert is_public(parsed(text))


@pytest.mark.parametrize("text", ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "fd00:ec2::254"])
def test_it_knows_where_clouds_keep_credentials(text: str) -> None:
    assert is_metadata(parsed(text))
    assert not is_metadata(parsed("10.0.0.1"))


@pytest.mark.parametrize(
    "address",
    [
        *(
            "http://idp.example",
            "ftp://idp.example",
            "file:///etc/passwd",
            "//idp.example",
            "idp.example",
            "",
            "https://",
        ),
        *("https://user@idp.example", "https://user:password@idp.example/", "https://idp.example/#part"),
        *(
            "https://idp.example:0/",
            "https://idp.example:99999/",
            "https:///path",
            "https://" + "a" * 2000 + ".example/",
        ),
    ],
)
def test_it_refuses_what_is_no_plain_https_address(address: str) -> None:
    with pytest.raises(OutboundTrouble):
        place_of(address)


def test_it_reads_an_address_as_the_client_will() -> None:
    place = place_of("https://IDP.Example.:8443/a?b=c")
    assert (place.host, place.port) == ("idp.example", 8443)
    assert place_of("https://[::1]/").host == "::1"
