"""A directory that is connected to a tenant of the test's own."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.api import Api
from tests.support.directory import Directory, web
from tests.support.world import World


@pytest_asyncio.fixture
async def api(world: World) -> AsyncIterator[Api]:
    async with web(world) as serving:
        yield serving


@pytest_asyncio.fixture
async def directory(world: World, api: Api) -> Directory:
    return await Directory.connected(world, api)
