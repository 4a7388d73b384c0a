"""The browser's wish decides the language of a page, unless somebody chose one."""

import pytest

from belsimple.language import Language, preferred_language
from belsimple.web.exchange import Exchange
from belsimple.web.languages import asked_language, language_of


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("nl", "nl"),
        ("nl-BE,nl;q=0.9,en;q=0.8", "nl"),
        ("FR-be", "fr"),
        ("de-Latn-BE-1996", "de"),
        ("de_BE", "de"),
        ("it, pt;q=0.9, de;q=0.2", "de"),
        ("en;q=0.5, fr;q=0.7, de;q=0.6", "fr"),
        ("fr-CH;q=0.3, nl;q=0.4, fr;q=0.5", "fr"),
        ("de, nl", "de"),
        ("nl ; q=0.1 , fr\t; Q=1.000", "fr"),
        ("nl;q=0, fr;q=0.001", "fr"),
        ("nl;q=0", None),
        ("nl;q=0.0, *", None),
        ("*", None),
        ("", None),
        ("it", None),
        ("nlx, english", None),
        ("nl;q=2, nl;q=-1, nl;q=0.1234, nl;q=, nl;level=1, n l", None),
        (";;,,q=1,\x00, de;q=0.5", "de"),
        ("x," * 60 + "nl", None),
        ("fr," + "x," * 100_000, "fr"),
        ("-" * 30_000, None),
        ("nl-" * 10_000, None),
    ],
)
def test_the_header_is_read_as_rfc_9110_says(header: str, language: Language | None) -> None:
    assert preferred_language(header) == language


def exchange(query: bytes, header: bytes = b"") -> Exchange:
    made = Exchange({"method": "GET", "path": "/", "query_string": query})
    made.read_headers([(b"accept-language", header)] if header else [])
    return made


@pytest.mark.parametrize(
    ("query", "language"),
    [
        (b"language=fr", "fr"),
        (b"a=1&language=de&b=2", "de"),
        (b"language=it", None),
        (b"language=frx", None),
        (b"xlanguage=fr", None),
        (b"language=FR", None),
        (b"language=", None),
        (b"", None),
    ],
)
def test_the_address_may_name_one_of_ours(query: bytes, language: Language | None) -> None:
    assert asked_language(exchange(query)) == language


def test_what_was_asked_for_goes_before_the_account_the_tenant_and_the_browser() -> None:
    assert language_of(exchange(b"language=de", b"fr"), "nl", "en") == "de"
    assert language_of(exchange(b"", b"fr"), "nl", "en") == "nl"
    assert language_of(exchange(b"", b"fr"), None, "en") == "en"
    assert language_of(exchange(b"", b"fr"), None, None) == "fr"
    assert language_of(exchange(b"", b"it"), None) == "en"
    assert language_of(exchange(b"language=it")) == "en"
