"""Named queries on an open transaction, their parameters and their rows."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import lru_cache
from inspect import signature
from operator import itemgetter
from typing import Any, TypeVar, cast

import msgspec

from belsimple.database.queries import Query

T = TypeVar("T", bound=msgspec.Struct)


class Statements(ABC):
    """An open transaction as its handlers see it: whom it acts for is filled in, and it cannot open another."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def rows(self, query: Query, into: type[T], /, **parameters: Any) -> list[T]:
        """All rows of `query`, each as an `into`, by column name."""
        records = await self._connection.fetch(query.sql, *self._bind(query, parameters))
        if not records:
            return []
        build = builder(into, tuple(records[0].keys()))
        return [build(record) for record in records]

    async def row(self, query: Query, into: type[T], /, **parameters: Any) -> T | None:
        """The first row of `query`, or None."""
        record = await self._connection.fetchrow(query.sql, *self._bind(query, parameters))
        return None if record is None else builder(into, tuple(record.keys()))(record)

    async def value(self, query: Query, /, **parameters: Any) -> Any:
        """The first column of the first row, or None."""
        return await self._connection.fetchval(query.sql, *self._bind(query, parameters))

    async def execute(self, query: Query, /, **parameters: Any) -> int:
        """Run `query`; returns how many rows it affected."""
        status: str = await self._connection.execute(query.sql, *self._bind(query, parameters))
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    @abstractmethod
    def _bind(self, query: Query, parameters: dict[str, Any]) -> list[Any]:
        """The values of `query`'s parameters, with the one that says for whom it runs."""


def bind(query: Query, parameters: dict[str, Any], *, own: str = "") -> list[Any]:
    """Order `parameters` as `query` wants them; `own` is the one that need not be used.

    Raises TypeError for one missing or one too many.
    """
    try:
        values = [parameters[name] for name in query.parameters]
    except KeyError as missing:
        raise TypeError(f"query {query.name} needs the parameter {missing}") from None
    if len(parameters) > len(values) + bool(own) or (len(parameters) > len(values) and own in query.parameters):
        raise TypeError(f"query {query.name} does not use {sorted(set(parameters) - set(query.parameters) - {own})}")
    return values


@lru_cache(maxsize=1024)
def builder(into: type[T], columns: tuple[str, ...]) -> Callable[[Any], T]:
    """How to make an `into` of a row with these `columns`. By position, where it can be: that costs a sixth of doing it by name.

    Raises TypeError when the query's columns are not the struct's fields.
    """
    fields = into.__struct_fields__
    if set(fields) != set(columns):
        raise TypeError(f"{into.__name__} has the fields {sorted(fields)}, the query the columns {sorted(columns)}")
    if any(one.kind is one.KEYWORD_ONLY for one in signature(into).parameters.values()):
        return lambda record: into(**record)
    if fields == columns:
        return lambda record: into(*record)
    pick = cast("Callable[[Any], tuple[Any, ...]]", itemgetter(*fields))  # two fields or more: a tuple
    return lambda record: into(*pick(record))
