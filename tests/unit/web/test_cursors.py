"""Cursors say where a page begins, and nothing else."""

from base64 import urlsafe_b64encode

import pytest

from belsimple.web.cursor import cut_page, read_cursor, write_cursor
from belsimple.web.inputs import Input
from belsimple.web.problems import Unprocessable


class Place(Input, frozen=True):
    title: str
    number: int


def encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_a_cursor_comes_back_as_its_place() -> None:
    place = Place(title="é?~", number=-5)
    text = write_cursor(place)
    assert read_cursor(text, Place) == place
    assert text.replace("-", "").replace("_", "").isalnum()


def test_without_a_cursor_there_is_no_place() -> None:
    assert read_cursor(None, Place) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!",
        "a",
        "é",
        write_cursor(Place(title="a", number=1))[:-2],
        write_cursor(Place(title="a", number=1)) + "!",
        encoded(b"[]"),
        encoded(b'{"title":"a"}'),
        encoded(b'{"title":"a","number":"1"}'),
        encoded(b'{"title":"a","number":1,"tenant_id":"x"}'),
        encoded(b'{"title":"\xff","number":1}'),
        encoded(b"[" * 700),
    ],
)
def test_an_edited_cursor_is_422(text: str) -> None:
    with pytest.raises(Unprocessable) as raised:
        read_cursor(text, Place)
    assert raised.value.errors[0][0] == "/cursor"


def test_a_page_ends_where_more_follows() -> None:
    rows = [Place(title="a", number=number) for number in range(4)]
    assert cut_page(rows[:3], 3, lambda row: row).next is None
    page = cut_page(rows, 3, lambda row: row)
    assert page.items == rows[:3]
    assert read_cursor(page.next, Place) == rows[2]
