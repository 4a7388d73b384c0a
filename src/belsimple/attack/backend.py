"""One connection of an attacker's: a service role with the service's own settings, any SQL, one statement after another."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, LiteralString, NamedTuple, Self, cast

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from belsimple.attack.corpus import CONTEXTS
from belsimple.attack.manner import SERVICE, Manner
from belsimple.database.queries import load_queries

_pool = load_queries("belsimple.database", "pool.sql")
_q = load_queries("belsimple.attack")
_SPACE, _ESCAPED = " ", "\\ "
_NAME: Final = re.compile(r":'(?P<value>[a-z_]+)'|:\"(?P<role>[a-z_]+)\"")
_TO_STDOUT: Final = re.compile(r"^copy\b.*\bto stdout$", re.DOTALL)


class Seen(NamedTuple):
    """What a statement did: an SQLSTATE, or the rows it affected and the first of its rows' values, as text."""

    sqlstate: str | None
    affected: int = 0
    returned: int = 0
    value: str | None = None

    def __str__(self) -> str:
        if self.sqlstate is not None:
            return self.sqlstate
        return (
            f"{self.returned} rows, first value {self.value!r}" if self.returned else f"{self.affected} rows affected"
        )


class Backend:
    """A connection; `names` are the values that statements refer to, and where kept ones go."""

    def __init__(
        self, connection: "psycopg.AsyncConnection[tuple[object, ...]]", names: dict[str, str], manner: Manner
    ) -> None:
        self._connection = connection
        self._manner = manner
        self._names = names
        self._keep = ""

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, names: dict[str, str], manner: Manner = SERVICE) -> AsyncIterator[Self]:
        """Connect as the service does. Whatever is open at the end is rolled back."""
        options = " ".join(f"-c {name}={value.replace(_SPACE, _ESCAPED)}" for name, value in manner.settings.items())
        connection = await psycopg.AsyncConnection.connect(
            url,
            autocommit=True,
            options=options,
            connect_timeout=10,
            prepare_threshold=None,
            application_name="belsimple-attack",
        )
        try:
            yield cls(connection, names, manner)
        finally:
            await connection.close()

    async def become_owner(self) -> None:
        """Act as the installation's owner. Only an admin's connection can."""
        await self._connection.execute(SQL(literal(_q.become.sql)).format(Identifier(self._names["owner"])))

    async def begin(self, *, writing: bool) -> Seen:
        """Start a transaction with the very message that the service sends."""
        return await self._run(self._manner.begin_write if writing else self._manner.begin_read)

    async def roll_back(self) -> None:
        """End whatever transaction is open."""
        await self._run(_pool.rollback.sql)

    async def enter(self, context: str) -> Seen:
        """Begin as CONTEXTS says."""
        plan = CONTEXTS[context]
        if plan is None:
            return Seen(None)
        token, writing = plan
        seen = await self.begin(writing=writing)
        if seen.sqlstate is None and token:
            seen = await self._run(_q.enter.sql.replace("$1", f":'{token}'"))
        return seen

    def keep_next(self, name: str) -> None:
        """Keep the first value that the next statement returns."""
        self._keep = name

    async def run(self, statement: str) -> Seen:
        """Run one statement of the corpus."""
        seen = await self._run(statement)
        if self._keep:
            self._names[self._keep], self._keep = seen.value or "", ""
        return seen

    async def _run(self, statement: str) -> Seen:
        text = substitute(statement, self._names)
        try:
            if _TO_STDOUT.match(text):
                return await self._copy(text)
            cursor = await self._connection.execute(text.encode())
            if cursor.description is None:
                return Seen(None, affected=max(cursor.rowcount, 0))
            rows = await cursor.fetchall()
            return Seen(None, max(cursor.rowcount, 0), len(rows), _first(rows))
        except psycopg.Error as error:
            return Seen(error.sqlstate or "connection lost")

    async def column(self, statement: str) -> list[str]:
        """The first column of every row. Raises psycopg.Error."""
        cursor = await self._connection.execute(statement.encode())
        return [str(row[0]) for row in await cursor.fetchall()]

    async def _copy(self, text: str) -> Seen:
        lines: list[str] = []
        async with self._connection.cursor() as cursor, cursor.copy(text.encode()) as copy:
            async for block in copy:
                lines += bytes(block).decode().splitlines()
        return Seen(None, len(lines), len(lines), lines[0] if lines else None)


def substitute(text: str, names: Mapping[str, str]) -> str:
    """Put values and role names in. Raises KeyError for a name that nothing has."""

    def quoted(match: re.Match[str]) -> str:
        if match["value"]:
            return Literal(names[match["value"]]).as_string(None)
        return Identifier(names[match["role"]]).as_string(None)

    return _NAME.sub(quoted, text)


def _first(rows: list[tuple[object, ...]]) -> str | None:
    value = rows[0][0] if rows and rows[0] else None
    if isinstance(value, bool):
        return "t" if value else "f"
    return None if value is None else str(value)


def literal(statement: str) -> LiteralString:
    """`statement` for psycopg, which wants a literal so that nobody formats a stranger's text; it comes from a .sql file of this package."""
    return cast("LiteralString", statement)
