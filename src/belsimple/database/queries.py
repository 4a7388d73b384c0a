"""Named SQL queries, read from `.sql` files.

The database layer accepts :class:`Query` objects and nothing else, and only this module makes them: a query cannot be put
together from strings at run time, so SQL injection cannot be written (ASVS 1.2.4).

A file holds blocks of this form; parameters are named and bound by the driver::

    -- name: close_dossier
    -- Closes an open dossier.
    update dossiers.dossier set status = 'closed' where tenant_id = :tenant and id = :id;
"""

import re
from dataclasses import dataclass
from importlib import resources
from typing import Final

_BLOCK: Final = re.compile(r"^-- name: *(?P<name>[a-z][a-z0-9_]*) *$", re.MULTILINE)
_COMMENT: Final = re.compile(r"--[^\n]*")
# A string, a quoted name or a comment is passed over whole; a cast (::) is no parameter, nor is an array slice.
_TOKEN: Final = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|::|(?<![\w:]):(?P<parameter>[a-z][a-z0-9_]*)")
_SEALED: Final = object()


@dataclass(frozen=True, slots=True, init=False)
class Query:
    """One named statement; `sql` has positional parameters in the order of `parameters`."""

    name: str
    sql: str
    parameters: tuple[str, ...]
    source: str
    line: int

    def __init__(self, seal: object, name: str, sql: str, parameters: tuple[str, ...], source: str, line: int) -> None:
        if seal is not _SEALED:
            raise TypeError("a Query is read from a .sql file; it cannot be made from a string")
        for field, value in zip(
            ("name", "sql", "parameters", "source", "line"), (name, sql, parameters, source, line), strict=True
        ):
            object.__setattr__(self, field, value)


class QueryFile:
    """The queries of one file, as attributes; a name that is not there raises AttributeError."""

    def __init__(self, source: str, queries: dict[str, Query]) -> None:
        self._source = source
        self._queries = queries

    def __getattr__(self, name: str) -> Query:
        try:
            return self._queries[name]
        except KeyError:
            raise AttributeError(f"{self._source} has no query named {name!r}") from None

    def all(self) -> tuple[Query, ...]:
        """Every query of the file, in its order."""
        return tuple(self._queries.values())


def load_queries(package: str, filename: str = "queries.sql") -> QueryFile:
    """Read `filename` from `package`.

    Raises ValueError when a block is empty, named twice, or stands before the first name.
    """
    text = (resources.files(package) / filename).read_text(encoding="utf-8")
    source = f"{package.replace('.', '/')}/{filename}"
    blocks = list(_BLOCK.finditer(text))
    preamble = text[: blocks[0].start()] if blocks else text
    if _COMMENT.sub("", preamble).strip():
        raise ValueError(f"{source}: a statement stands before the first '-- name:'")
    queries: dict[str, Query] = {}
    for block, following in zip(blocks, [*blocks, None][1:], strict=True):
        body = text[block.end() : following.start() if following else len(text)]
        query = _compile(block["name"], body, source, text.count("\n", 0, block.start()) + 1)
        if query.name in queries:
            raise ValueError(f"{source}:{query.line}: the name {query.name!r} is used twice")
        queries[query.name] = query
    return QueryFile(source, queries)


def _compile(name: str, body: str, source: str, line: int) -> Query:
    parameters: list[str] = []

    def number(match: re.Match[str]) -> str:
        parameter = match["parameter"]
        if parameter is None:
            return "" if match[0].startswith("--") else match[0]
        if parameter not in parameters:
            parameters.append(parameter)
        return f"${parameters.index(parameter) + 1}"

    sql = _TOKEN.sub(number, body).strip().rstrip(";").strip()
    if not sql:
        raise ValueError(f"{source}:{line}: the query {name!r} is empty")
    return Query(_SEALED, name, sql, tuple(parameters), source, line)
