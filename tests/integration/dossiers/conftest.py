"""The API of dossiers on a real database: the newest server owned, the oldest managed."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from belsimple_dossiers import module
from tests.support.api import Api, Response
from tests.support.databases import PROFILES, Profile
from tests.support.world import World

Make = Callable[..., Awaitable[dict[str, Any]]]
Send = Callable[..., Awaitable[Response]]


@pytest.fixture(params=[PROFILES[0], PROFILES[3]], ids=str)
def profile(request: pytest.FixtureRequest) -> Profile:
    """The two that differ most."""
    return request.param


@pytest_asyncio.fixture
async def api(world: World) -> AsyncIterator[Api]:
    """Part web with this module alone."""
    async with Api.serving(world.installed, module.endpoints) as api:
        yield api


@pytest_asyncio.fixture
async def send(api: Api, world: World) -> Send:
    """Requests of the tenant's owner."""
    session = await world.session()

    async def request(method: str, target: str, json: Any = None, **options: Any) -> Response:
        return await api(session, method, target, json, **options)

    return request


@pytest.fixture
def make(send: Send) -> Make:
    """Makes a dossier."""

    async def dossier(title: str = "Janssens", **fields: Any) -> dict[str, Any]:
        made = await send("POST", "/api/v1/dossiers", {"title": title, **fields})
        assert made.status == 201, made.body
        return made.json

    return dossier
