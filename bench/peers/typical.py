"""The same stack as services usually are: pool with its reset, transaction, session look-up, tenant filter in WHERE."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from hashlib import sha256

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.peers.dossier import make_pool, page, statement

FIND_SESSION = statement("find_session")
LIST_DOSSIERS = statement("list_dossiers")


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncGenerator[None]:
    """Hold the pool for as long as the process serves."""
    async with make_pool() as pool:
        app.state.pool = pool
        yield


async def list_dossiers(request: Request) -> Response:
    """GET /api/v1/dossiers?limit=N"""
    limit = int(request.query_params["limit"])
    token = urlsafe_b64decode(request.cookies.get("session", "") + "=")
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        session = await connection.fetchrow(FIND_SESSION, sha256(token).digest())
        if session is None:
            return Response(status_code=401)
        rows = await connection.fetch(LIST_DOSSIERS, session["tenant_id"], limit)
    return page(rows)


app = Starlette(routes=[Route("/api/v1/dossiers", list_dossiers)], lifespan=lifespan)
