"""The floor: one SELECT on a warm connection. No session, no transaction, no row security."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.peers.dossier import make_pool, page, statement

TENANT = UUID(os.environ["BENCH_PEER_TENANT"])
LIST_DOSSIERS = statement("list_dossiers")


async def keep(_: Any) -> None:
    """Send nothing when a connection goes back to the pool: the floor sends that SELECT only."""


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncGenerator[None]:
    """Hold the pool for as long as the process serves."""
    async with make_pool(reset=keep) as pool:
        app.state.pool = pool
        yield


async def list_dossiers(request: Request) -> Response:
    """GET /api/v1/dossiers?limit=N"""
    limit = int(request.query_params["limit"])
    return page(await request.app.state.pool.fetch(LIST_DOSSIERS, TENANT, limit))


app = Starlette(routes=[Route("/api/v1/dossiers", list_dossiers)], lifespan=lifespan)
