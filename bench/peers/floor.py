"""The floor: one SELECT on a warm connection. No session, no transaction, no row security."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.peers.dossier import database_url, page, pool_size, statement

TENANT = UUID(os.environ["BENCH_PEER_TENANT"])
LIST_DOSSIERS = statement("list_dossiers")


async def keep(_: Any) -> None:
    """Send nothing when a connection goes back to the pool: the floor sends that SELECT only."""


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Hold the pool for as long as the process serves."""
    size = pool_size()
    async with asyncpg.create_pool(database_url(), min_size=size, max_size=size, reset=keep) as pool:
        app.state.pool = pool
        yield


async def list_dossiers(request: Request) -> Response:
    """GET /api/v1/dossiers?limit=N"""
    limit = int(request.query_params["limit"])
    return page(await request.app.state.pool.fetch(LIST_DOSSIERS, TENANT, limit))


app = Starlette(routes=[Route("/api/v1/dossiers", list_dossiers)], lifespan=lifespan)
