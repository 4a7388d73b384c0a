"""Databases of the four profiles: PostgreSQL 18 and 15, each with a superuser and with a managed service's admin."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from functools import cache

import pytest
import pytest_asyncio
from procrastinate import App

from belsimple.database.transaction import Database
from tests.support.clusters import RunningCluster, running_cluster
from tests.support.databases import PROFILES, Installed, Profile, copy_of, dropped, installed_template
from tests.support.jobs import worker_app
from tests.support.world import World, opened_parts

Clusters = Callable[[str], RunningCluster]
Databases = Callable[[Profile], Awaitable[Installed]]


@pytest.fixture(scope="session")
def clusters() -> Iterator[Clusters]:
    """Starts a cluster of a version when it is first asked for."""
    with ExitStack() as running:
        yield cache(lambda version: running.enter_context(running_cluster(version)))


@pytest.fixture(scope="session")
def templates(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """Installs a profile when it is first asked for."""
    made: dict[Profile, Installed] = {}

    async def template(profile: Profile) -> Installed:
        if profile not in made:
            folder = tmp_path_factory.mktemp("credentials")
            made[profile] = await installed_template(clusters(profile.version), profile, folder)
        return made[profile]

    return template


@pytest.fixture(scope="session")
def shared_copies(templates: Databases) -> Databases:
    """One copy for each profile, in which every test makes tenants of its own."""
    made: dict[Profile, Installed] = {}

    async def copy(profile: Profile) -> Installed:
        if profile not in made:
            made[profile] = await copy_of(await templates(profile))
        return made[profile]

    return copy


@pytest_asyncio.fixture(scope="session")
async def shared_parts() -> AsyncIterator[Callable[[Installed], Awaitable[tuple[Database, Database]]]]:
    """The pools of a shared database's parts web and gate, opened once."""
    made: dict[str, tuple[Database, Database]] = {}
    async with AsyncExitStack() as stack:

        async def parts(installed: Installed) -> tuple[Database, Database]:
            if installed.name not in made:
                made[installed.name] = await stack.enter_async_context(opened_parts(installed))
            return made[installed.name]

        yield parts


@pytest.fixture(params=[PROFILES[0], PROFILES[-1]], ids=str)
def profile(request: pytest.FixtureRequest) -> Profile:
    """Both versions and both kinds of admin, unless a test names its profiles."""
    return request.param


@pytest_asyncio.fixture
async def shared(profile: Profile, shared_copies: Databases) -> Installed:
    """A database that other tests use too: nothing but tenants of one's own may be changed in it."""
    return await shared_copies(profile)


@pytest_asyncio.fixture
async def fresh(profile: Profile, templates: Databases) -> AsyncIterator[Installed]:
    """A database of one's own, to break."""
    installed = await copy_of(await templates(profile))
    yield installed
    await dropped(installed)


@pytest_asyncio.fixture
async def world(
    shared: Installed, shared_parts: Callable[[Installed], Awaitable[tuple[Database, Database]]]
) -> AsyncIterator[World]:
    """A new tenant in the shared database."""
    async with World.opened(shared, await shared_parts(shared)) as world:
        yield world


@pytest_asyncio.fixture
async def own_world(fresh: Installed) -> AsyncIterator[World]:
    """A tenant in a database of one's own."""
    async with opened_parts(fresh) as parts, World.opened(fresh, parts) as world:
        yield world


@pytest_asyncio.fixture
async def worker(own_world: World) -> AsyncIterator[App]:
    """The queue of a database of one's own, as the worker works on it."""
    async with worker_app(own_world.installed) as app:
        yield app
