"""Filters: parsed against the schema, within bounds; what comes of them is a tree of data."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from belsimple.scim.faults import InvalidFilter
from belsimple.scim.filters import MAX_DEPTH, MAX_LENGTH, MAX_TERMS, holds, named, parse_filter, tree
from belsimple.scim.schemas import GROUP, USER

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
JAN = {
    "id": "2819c223",
    "userName": "Jan@Brouwer.example",
    "externalId": "Key",
    "active": True,
    "name": {"familyName": "O'Malley"},
    "emails": [{"type": "work", "value": "jan@brouwer.example"}, {"type": "home", "value": "jan@home.example"}],
    ENTERPRISE: {"department": "Deeds"},
    "meta": {"lastModified": "2026-05-13T04:42:34.000000Z"},
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('userName eq "jan@brouwer.example"', True),
        ('USERNAME Eq "JAN@BROUWER.EXAMPLE"', True),
        ('externalId eq "key"', False),  # caseExact
        ('externalId eq "Key"', True),
        ('name.familyName co "O\'Malley"', True),
        ('urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"', True),
        (f'{ENTERPRISE}:department eq "deeds"', True),
        ('userName ew "example" and not (title pr)', True),
        ("title pr or active eq true", True),
        ('active eq "False"', False),
        ('meta.lastModified gt "2026-05-13T04:42:33Z"', True),
        ('meta.lastModified ge "2026-05-13T06:42:34+02:00"', True),
        ('meta.lastModified lt "2011-05-13T04:42:34Z"', False),
        ('emails[type eq "work" and value co "@brouwer.example"]', True),
        ('emails[type eq "home" and value co "@brouwer.example"]', False),
        ('emails eq "jan@home.example"', True),
        ('emails.type eq "other"', False),
        ('emails.type ne "work"', False),
        ("title eq null", True),
        ("userName ne null", True),
        ('active eq false or (userName sw "j" and userName ew "e")', True),
        ("title pr and userName pr or externalId pr", True),
        ('userName eq "a\\"b"', False),
    ],
)
def test_a_filter_finds_what_it_says(text: str, found: bool) -> None:
    assert holds(parse_filter(text, USER), JAN) is found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "userName",
        "userName eq",
        'userName xx "a"',
        'userName eq "a',
        'userName eq "a" and',
        '(userName eq "a"',
        'userName eq "a")',
        'nothing eq "a"',
        'name.nothing eq "a"',
        "password pr",
        'emails[nothing eq "a"]',
        'userName[value eq "a"]',
        "userName eq 5",
        "active gt true",
        'active eq "perhaps"',
        'name eq "a"',
        "userName gt null",
        'meta.created gt "yesterday"',
        "userName eq ünquoted",
        'not userName eq "a"',
        "userName eq ' or 1=1 --",
        "a" * (MAX_LENGTH + 1),
        "(" * (MAX_DEPTH + 1) + "title pr" + ")" * (MAX_DEPTH + 1),
        " or ".join(["title pr"] * (MAX_TERMS + 1)),
    ],
)
def test_a_filter_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidFilter):
        parse_filter(text, USER)


def test_an_extension_belongs_to_its_resource() -> None:
    with pytest.raises(InvalidFilter):
        parse_filter(f'{ENTERPRISE}:department eq "Deeds"', GROUP)


def test_what_a_filter_must_equal_is_known_beforehand() -> None:
    assert named(parse_filter('externalId eq "Key"', USER), "externalId") == "Key"
    assert named(parse_filter('externalId eq "Key" and active eq true', USER), "externalId") == "Key"
    assert named(parse_filter('externalId eq "Key" or active eq true', USER), "externalId") is None
    assert named(parse_filter('not (externalId eq "Key")', USER), "externalId") is None


@given(some.text(max_size=60))
def test_any_value_stays_a_value(value: str) -> None:
    made = tree(parse_filter(f"userName eq {json.dumps(value)}", USER))
    assert made == {"op": "eq", "path": ("userName",), "value": value, "fold": True}


@given(some.text(max_size=200))
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidFilter):
        holds(parse_filter(text, USER), JAN)
