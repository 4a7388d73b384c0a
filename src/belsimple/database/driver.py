"""The one door to asyncpg, which ships no type stubs: what comes through here has a type."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias, cast

import asyncpg

Connection: TypeAlias = Any
_connect = cast("Any", asyncpg.connect)

FAILURES: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, ValueError)
"""What connecting raises: no server, a refused login, an answer that is no PostgreSQL, no answer, an unusable URL."""


async def connect(url: str, settings: Mapping[str, str]) -> Connection:
    """A connection to `url` with these settings as start-up options; raises one of FAILURES within ten seconds."""
    return await _connect(url, timeout=10, server_settings=dict(settings))


def state_of(error: asyncpg.PostgresError) -> str:
    """The SQLSTATE; ours are BS and an HTTP status."""
    return cast("str | None", getattr(error, "sqlstate", None)) or ""
