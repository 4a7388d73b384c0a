"""What both peers answer, and how they are configured: the same columns and the same JSON as the service's."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from starlette.responses import Response


class Dossier(msgspec.Struct):
    """A client's file in a list."""

    id: UUID
    title: str
    reference: str | None
    status: str
    version: int
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None


class Page(msgspec.Struct):
    """A page of dossiers."""

    items: list[Dossier]
    next: str | None


encoder = msgspec.json.Encoder()


def page(rows: Iterable[Any]) -> Response:
    """The JSON answer for database `rows`, whose columns stand in the order of `Dossier`."""
    body = Page([Dossier(*row) for row in rows], None)
    return Response(encoder.encode(body), media_type="application/json")


@cache
def statement(name: str) -> str:
    """The text of the statement `name`, from its .sql file."""
    return Path(__file__).with_name(f"{name}.sql").read_text()


def make_pool(**settings: Any) -> Any:
    """The peer's pool, as many connections as the service's own; to be opened with `async with`."""
    size = int(os.environ["BENCH_PEER_POOL"])
    url = os.environ["BENCH_PEER_DATABASE_URL"]
    return asyncpg.create_pool(url, min_size=size, max_size=size, **settings)  # pyright: ignore[reportUnknownMemberType] - asyncpg types its pool half
