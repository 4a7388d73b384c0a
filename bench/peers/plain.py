"""The same bytes unencrypted: a body written to a file in pieces of a MiB and flushed to the disk, a file sent in such pieces.

No session, no database, no trail: what it costs to take in and give out a document and nothing else.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

PIECE = 1024 * 1024


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncGenerator[None]:
    """A folder for as long as the process serves."""
    with tempfile.TemporaryDirectory(prefix="belsimple-bench-plain-") as folder:
        app.state.folder = Path(folder)
        yield


async def take(request: Request) -> Response:
    """POST /files"""
    folder: Path = request.app.state.folder
    name, draft = uuid4().hex, folder / f"{uuid4()}.part"
    with draft.open("wb", buffering=0) as file:
        pending, writing = bytearray(), None
        async for piece in request.stream():
            pending += piece
            if len(pending) >= PIECE:
                if writing is not None:
                    await writing
                writing = asyncio.create_task(asyncio.to_thread(file.write, pending))
                pending = bytearray()
        if writing is not None:
            await writing
        await asyncio.to_thread(file.write, pending)
        await asyncio.to_thread(os.fsync, file.fileno())
    draft.rename(folder / name)
    return JSONResponse({"id": name}, 201)


async def give(request: Request) -> Response:
    """GET /files/NAME"""
    path = request.app.state.folder / request.path_params["name"]
    return StreamingResponse(_pieces(path), headers={"content-length": str(path.stat().st_size)})


async def _pieces(path: Path) -> AsyncGenerator[bytes]:
    with path.open("rb", buffering=0) as file:
        coming = asyncio.create_task(asyncio.to_thread(file.read, PIECE))
        while piece := await coming:
            coming = asyncio.create_task(asyncio.to_thread(file.read, PIECE))
            yield piece


app = Starlette(
    routes=[Route("/files", take, methods=["POST"]), Route("/files/{name}", give)],
    lifespan=lifespan,
)
