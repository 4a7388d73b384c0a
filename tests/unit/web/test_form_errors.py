"""Everything that is wrong with a form is said at once, beside its field, in words for people."""

import datetime as dt
import enum
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest
from msgspec import Meta

from belsimple.identity.addresses import Email
from belsimple.identity.sign_in_routes import Password, PersonName
from belsimple.language import LANGUAGES, translated
from belsimple.web.form_errors import SAID, form_errors
from belsimple.web.inputs import Form

ASK = "Use small letters."
Short = Annotated[str, Meta(max_length=2)]
Own = Annotated[UUID, Meta(extra={SAID: ASK})]
Several = Annotated[list[str], Meta(min_length=2)]


class Colour(enum.Enum):
    RED = "red"


class Example(Form, frozen=True):
    name: Annotated[str, Meta(max_length=10)]
    email: Email
    age: Annotated[int, Meta(ge=18, le=99)] | None = None
    slug: Annotated[str, Meta(pattern="^[a-z]+$", extra={SAID: ASK})] | None = None
    renamed: str = msgspec.field(name="other-name", default="")


def errors(kind: Any, value: object) -> list[str]:
    made = msgspec.defstruct("Made", [("field", kind)], bases=(Form,), frozen=True)
    return [str(said) for pointer, said in form_errors(made, {"field": value}) if pointer == "/field"]


def test_all_faults_are_told_at_once_in_the_order_of_the_form() -> None:
    assert form_errors(Example, {"age": "17", "email": "", "name": "x" * 11, "slug": "A"}) == [
        ("/name", "At most 10 characters."),
        ("/email", "Fill this in."),
        ("/age", "At least 18."),
        ("/slug", ASK),
    ]


def test_a_good_form_has_no_faults() -> None:
    assert form_errors(Example, {"name": "Jan", "email": "jan@example.be", "age": "", "slug": "", "unknown": "1"}) == []
    assert form_errors(Example, {"name": "Jan", "email": "jan@example.be", "age": "20", "slug": "a"}) == []


@pytest.mark.parametrize("empty", [None, "", []])
def test_what_is_empty_is_missing_only_where_it_is_needed(empty: object) -> None:
    assert errors(str, empty) == errors(int | None, empty) == ["Fill this in."]
    assert errors(list[str], empty) == ["Choose at least one."]
    assert errors(Several | None, empty) == ["Choose at least one."]
    assert form_errors(Example, {"name": empty, "email": "a@b"}) == [("/name", "Fill this in.")]


def test_the_pointer_is_the_name_that_the_form_uses() -> None:
    assert form_errors(Example, {"name": "a", "email": "a@b", "other-name": ["a", "b"]}) == [
        ("/other-name", "This cannot be used here.")
    ]


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (Annotated[str, Meta(max_length=20_000)], "x" * 20_001, "At most 20000 characters."),
        (Short | None, "xxx", "At most 2 characters."),
        (Annotated[str, Meta(min_length=3)], "xx", "At least 3 characters."),
        (Annotated[str, Meta(pattern="^x")], "y", "This cannot be used here."),
        (Annotated[str, Meta(pattern="^x", min_length=3, extra={SAID: ASK})], "y", ASK),
        (Annotated[str, Meta(max_length=2, extra={SAID: ASK})], "xxx", "At most 2 characters."),
        (Own | None, "x", ASK),
        (int, "1.5", "Write a whole number."),
        (int | None, "x", "Write a whole number."),
        (float, "x", "Write a number."),
        (float | None, "x", "Write a number."),
        (int | float, "x", "Write a number."),
        (Decimal, "x", "Write a number."),
        (Annotated[int, Meta(ge=1)], "0", "At least 1."),
        (Annotated[int, Meta(gt=1)], "1", "At least 2."),
        (Annotated[float, Meta(ge=1.5)], "1", "At least 1.5."),
        (Annotated[float, Meta(le=2)], "3", "At most 2."),
        (Annotated[int, Meta(multiple_of=5)], "3", "Write a multiple of 5."),
        (Literal["a", "b"], "c", "Choose one of these."),
        (Literal["a", "b"] | None, "c", "Choose one of these."),
        (Colour, "blue", "Choose one of these."),
        (bool, "perhaps", "Choose one of these."),
        (UUID, "x", "Choose one of these."),
        (list[UUID], ["x"], "Choose one of these."),
        (Annotated[list[str], Meta(max_length=1)], ["a", "b"], "Choose at most 1."),
        (Annotated[list[str], Meta(min_length=2)], ["a"], "Choose at least 2."),
        (list[Annotated[str, Meta(max_length=2)]], ["xxx"], "At most 2 characters."),
        (dt.date, "31/12/2026", "Write a date, such as 2026-12-31."),
        (dt.time, "x", "Write a time of day, such as 14:30."),
        (dt.datetime, "x", "Write a date with a time of day."),
        (Annotated[dt.datetime, Meta(tz=True)], "2026-01-01T00:00:00", "Write a date with a time of day."),
        (dict[str, int], "x", "This cannot be used here."),
    ],
)
def test_each_complaint_is_a_sentence(kind: Any, value: object, said: str) -> None:
    assert errors(kind, value) == [said]


def test_fields_of_our_own_say_what_they_want() -> None:
    for value in ("a", "a@", "a b@c", "a@b, c@d", "é@example.be"):
        assert errors(Email, value) == ["Write an e-mail address, such as name@example.be."]
    assert errors(PersonName, "\t") == ["This cannot be used here."]
    assert errors(Password, "x" * 1025) == ["At most 1024 characters."]


def test_the_sentences_are_in_the_readers_language() -> None:
    said = [said for _, said in form_errors(Example, {"age": "17", "email": "x", "name": "x" * 11})]
    assert len(said) == 3
    for sentence in said:
        assert len({translated(sentence, language) for language in LANGUAGES}) == len(LANGUAGES)
