"""Query files: what is a parameter, what is not, and what is refused."""

import sys
from pathlib import Path

import pytest

from belsimple.database.queries import Query, QueryFile, load_queries


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Reads a text as the query file of a package."""
    package = tmp_path / "queries_under_test"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))

    def loaded(text: str) -> QueryFile:
        (package / "queries.sql").write_text(text)
        sys.modules.pop("queries_under_test", None)
        return load_queries("queries_under_test")

    yield loaded
    sys.modules.pop("queries_under_test", None)


@pytest.mark.parametrize(
    ("text", "sql", "parameters"),
    [
        ("select :one, :two, :one", "select $1, $2, $1", ("one", "two")),
        ("select :one::uuid, now()::date", "select $1::uuid, now()::date", ("one",)),
        ("select ':one', 'it''s :two', \":three\"", "select ':one', 'it''s :two', \":three\"", ()),
        ("select 1 -- :one and 'a quote\n, :two", "select 1 \n, $1", ("two",)),
        ("select a[1:2], a[:from_here:3]", "select a[1:2], a[$1:3]", ("from_here",)),
        ("select 'a:b' || :one;", "select 'a:b' || $1", ("one",)),
        ("select E'\\\\' , :one", "select E'\\\\' , $1", ("one",)),
    ],
)
def test_it_numbers_parameters_and_leaves_the_rest_alone(
    load, text: str, sql: str, parameters: tuple[str, ...]
) -> None:
    query = load(f"-- name: it\n-- Says what it does.\n{text}\n").it
    assert (query.sql, query.parameters) == (sql, parameters)


def test_it_keeps_apart_what_stands_in_one_file(load) -> None:
    file = load("-- About the file.\n\n-- name: first\n-- One.\nselect 1;\n\n-- name: second\n-- Two.\nselect :two;\n")
    assert [(query.name, query.sql, query.line) for query in file.all()] == [
        ("first", "select 1", 3),
        ("second", "select $1", 7),
    ]


def test_it_names_the_file_when_a_query_is_missing(load) -> None:
    with pytest.raises(AttributeError, match=r"queries_under_test/queries\.sql has no query named 'absent'"):
        _ = load("-- name: it\nselect 1").absent


@pytest.mark.parametrize(
    "text",
    [
        "-- name: it\n-- Nothing follows.\n",
        "-- name: it\nselect 1;\n-- name: it\nselect 2;",
        "select 1;\n-- name: it\nselect 2;",
        "Select 1;\n-- name: it\nselect 2;",
    ],
    ids=["empty", "twice", "before the first name", "before the first name, capital"],
)
def test_it_refuses_a_file_in_disorder(load, text: str) -> None:
    with pytest.raises(ValueError, match=r"queries_under_test/queries\.sql"):
        load(text)


def test_a_query_cannot_be_made_from_a_string() -> None:
    with pytest.raises(TypeError, match="cannot be made from a string"):
        Query(object(), "injected", "select 1", (), "nowhere", 1)


def test_a_query_cannot_be_changed(load) -> None:
    query = load("-- name: it\nselect 1").it
    with pytest.raises(AttributeError):
        query.sql = "select 2"


def test_a_file_without_a_query_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "__init__.py").touch()
    (tmp_path / "without" / "queries.sql").write_text("-- nothing yet\n", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert load_queries("without").all() == ()
