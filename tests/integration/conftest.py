"""Databases of the four profiles: PostgreSQL 18 and 15, each with a superuser and with a managed service's admin."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest
import pytest_asyncio

from tests.support.clusters import RunningCluster, running_cluster
from tests.support.databases import PROFILES, Installed, Profile, copy_of, dropped, installed_template
from tests.support.world import World

EVERY_PROFILE = pytest.mark.parametrize("profile", PROFILES, ids=str)
"""For what may differ between them: installing, doctor, isolation, the queue."""
ONE_PROFILE = pytest.mark.parametrize("profile", [PROFILES[0]], ids=str)
"""For what is Python's alone."""
Clusters = Callable[[str], RunningCluster]
Templates = Callable[[Profile], Installed]


@pytest.fixture(scope="session")
def clusters() -> Iterator[Clusters]:
    """Starts a cluster of a version when it is first asked for."""
    with ExitStack() as running:
        yield cache(lambda version: running.enter_context(running_cluster(version)))


@pytest.fixture(scope="session")
def templates(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Installs a profile when it is first asked for."""

    def make(profile: Profile) -> Installed:
        folder = tmp_path_factory.mktemp("credentials")
        return asyncio.run(installed_template(clusters(profile.version), profile, folder))

    return cache(make)


@pytest.fixture(scope="session")
def shared_copies(templates: Templates) -> Templates:
    """One copy for each profile, in which every test makes tenants of its own."""
    return cache(lambda profile: asyncio.run(copy_of(templates(profile))))


@pytest.fixture(params=[PROFILES[0], PROFILES[-1]], ids=str)
def profile(request: pytest.FixtureRequest) -> Profile:
    """Both versions and both kinds of admin, unless a test names its profiles."""
    return request.param


@pytest.fixture
def shared(profile: Profile, shared_copies: Templates) -> Installed:
    """A database that other tests use too: nothing but tenants of one's own may be changed in it."""
    return shared_copies(profile)


@pytest_asyncio.fixture
async def fresh(profile: Profile, templates: Templates) -> AsyncIterator[Installed]:
    """A database of one's own, to break."""
    installed = await copy_of(templates(profile))
    yield installed
    await dropped(installed)


@pytest_asyncio.fixture
async def world(shared: Installed) -> AsyncIterator[World]:
    """A new tenant in the shared database, with connections of the parts."""
    async with World.opened(shared) as world:
        yield world


@pytest_asyncio.fixture
async def own_world(fresh: Installed) -> AsyncIterator[World]:
    """The same in a database of its own."""
    async with World.opened(fresh) as world:
        yield world
