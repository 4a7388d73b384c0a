"""Moments, dates, numbers and sizes are written as people in Belgium write them."""

import datetime as dt

import pytest

from belsimple.language import LANGUAGES, Language
from belsimple.language.formats import clock, day, moment, number, size

AT = dt.datetime(2026, 1, 12, 23, 4, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "13 January 2026, 00:04"),
        ("nl", "13 januari 2026, 00:04"),
        ("fr", "13 janvier 2026, 00:04"),
        ("de", "13. Januar 2026, 00:04"),
    ],
)
def test_a_moment_is_told_by_the_readers_clock(language: Language, said: str) -> None:
    assert moment(AT, language, "Europe/Brussels") == said
    assert moment(AT, language, None) == said
    assert moment(AT.replace(tzinfo=None), language, None) == said


def test_a_day_is_the_zones_when_there_is_one() -> None:
    assert day(AT, "nl", "Europe/Brussels") == "13 januari 2026"
    assert day(AT, "nl", "America/New_York") == "12 januari 2026"
    assert day(AT.date(), "nl", "Europe/Brussels") == "12 januari 2026"
    assert clock(AT, "fr", "Asia/Tokyo") == "08:04"


@pytest.mark.parametrize(
    "zone", ["", "Nowhere/Atlantis", "../../etc/passwd", "/etc/passwd", "a\0b", "Europe", "x" * 5000]
)
def test_what_is_no_zone_is_brussels(zone: str) -> None:
    assert moment(AT, "nl", zone) == "13 januari 2026, 00:04"


def test_numbers_have_the_languages_separators() -> None:
    assert [number(1234567.5, language) for language in LANGUAGES] == [
        "1.234.567,5",
        "1.234.567,5",
        "1\u202f234\u202f567,5",
        "1.234.567,5",
    ]


@pytest.mark.parametrize(
    ("count", "language", "said"),
    [
        (0, "en", "0 bytes"),
        (1, "fr", "1 octet"),
        (999, "de", "999 Byte"),
        (1000, "nl", "1 kB"),
        (1_500_000, "nl", "1,5 MB"),
        (1_500_000, "fr", "1,5 Mo"),
        (9_960, "nl", "10 kB"),
        (25_400_000, "de", "25 MB"),
        (999_499, "nl", "999 kB"),
        (999_500, "nl", "1 MB"),
        (10**16, "nl", "10.000 TB"),
    ],
)
def test_a_size_has_a_unit_that_keeps_it_short(count: int, language: Language, said: str) -> None:
    assert size(count, language) == said.replace(" ", "\u00a0")
