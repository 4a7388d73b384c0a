"""What people wrote about themselves, in somebody else's mail."""

import re

import pytest

from belsimple.mail.facts import browser, fit, is_address, moment


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Jan\r\nBcc: all@example.com", "Jan Bcc: all@example.\u2060com"),
        ("Jan\x00\x1b[31m \t Peeters", "Jan [31m Peeters"),
        ("Jan\u2028Peeters\u2029\x85!", "Jan Peeters !"),
        ("\u202egnp.exe", "gnp.\u2060exe"),
        ("a\u200bb\ufeffc\ud800", "abc"),
        ("x" * 300, "x" * 119 + "…"),
        ("Zoë d'Haène-Müller 李", "Zoë d'Haène-Müller 李"),
        ("jan@example.be", "jan@example.be"),
        ("192.0.2.1", "192.0.2.1"),
        ("=?utf-8?q?=0ABcc:_a=40b.c?=", "=\u2060?utf-8?q?=0ABcc:_a=40b.\u2060c?="),
    ],
)
def test_it_is_one_line(value: str, expected: str) -> None:
    assert fit(value) == expected


@pytest.mark.parametrize(
    "name", ["Win at https://evil.example/x", "www.evil.example", "evil.example", "EVIL.EXAMPLE", "x//evil.example"]
)
def test_it_is_no_link(name: str) -> None:
    shown = fit(name)
    assert not re.search(r"\w\.[A-Za-z]|://|//", shown), shown
    assert shown.replace("\u2060", "") == name


@pytest.mark.parametrize(
    "address",
    ["a@b", "jan.peeters+x@example.be", "o'brien@example.be", "zoë@exämple.be", "x@192.0.2.1"],
)
def test_an_address_is_one_mailbox(address: str) -> None:
    assert is_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "@b",
        "a@",
        "a@b@c",
        "a b@c",
        "a@b, c@d",
        "a@b\r\nBcc: c@d",
        "<a@b>",
        "a@b;c@d",
        "a@[1.2.3.4]",
        "a\u200b@b",
        "x" * 65 + "@b",
        '"a"@b',
    ],
)
def test_what_is_none(address: str) -> None:
    assert not is_address(address)


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0", "Edge, Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36", "Chrome, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile Safari/604.1", "Safari, iPhone"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("evil.example\r\nX: y", "evil.\u2060example X: y"),
    ],
)
def test_a_browser_has_the_name_that_people_know(agent: str, expected: str) -> None:
    assert browser(agent) == expected


def test_a_time_is_the_readers() -> None:
    assert moment("2026-07-01T21:40:12Z", "nl", "Europe/Brussels") == "1 juli 2026, 23:40 (Europe/Brussels)"
    assert moment("2026-12-31T23:40:12Z", "fr", None) == "1 janvier 2027, 00:40 (Europe/Brussels)"
    assert moment("2026-07-01T21:40:12+00:00", "de", "No/Such") == moment("2026-07-01T21:40:12", "de", None)
    assert "America" not in moment("2026-07-01T21:40:12Z", "en", "../../etc/passwd")
    with pytest.raises(ValueError, match="Invalid"):
        moment("yesterday", "en", None)
