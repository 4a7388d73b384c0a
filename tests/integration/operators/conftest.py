"""Part operator on two databases: one that these tests share, and one of a test's own where it must be the only one."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from tests.support.databases import Installed, Profile, copy_of
from tests.support.operators import OperatorApi
from tests.support.world import World, opened_parts

Databases = Callable[[Profile], Awaitable[Installed]]


@pytest_asyncio.fixture(scope="session")
async def serving_operators(templates: Databases) -> AsyncIterator[Callable[[Profile], Awaitable[OperatorApi]]]:
    """Part operator of a profile, started when it is first asked for."""
    made: dict[Profile, OperatorApi] = {}
    async with AsyncExitStack() as stack:

        async def serve(profile: Profile) -> OperatorApi:
            if profile not in made:
                installed = await copy_of(await templates(profile))
                made[profile] = await stack.enter_async_context(OperatorApi.serving(installed))
                await made[profile].operator()  # one platform operator that no test touches
            return made[profile]

        yield serve


@pytest_asyncio.fixture
async def operators(profile: Profile, serving_operators: Callable[[Profile], Awaitable[OperatorApi]]) -> OperatorApi:
    """Part operator on the shared database: nothing but operators and tenants of one's own may be changed in it."""
    return await serving_operators(profile)


@pytest_asyncio.fixture
async def own_operators(fresh: Installed) -> AsyncIterator[OperatorApi]:
    """Part operator on a database in which there is no operator yet."""
    async with OperatorApi.serving(fresh) as api:
        yield api


@pytest_asyncio.fixture
async def tenant(operators: OperatorApi) -> AsyncIterator[World]:
    """A tenant beside them."""
    async with opened_parts(operators.installed) as parts, World.opened(operators.installed, parts) as world:
        yield world


@pytest.fixture
def email() -> str:
    """Nobody's address yet."""
    return f"emma-{secrets.token_hex(4)}@operator.example"
