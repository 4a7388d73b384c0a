"""The databases that the SQL attacks are tried on: one for each version and profile, with the two synthetic tenants."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest
import pytest_asyncio

from belsimple.attack.ground import Ground
from tests.support.attack_ground import ground_in
from tests.support.clusters import RunningCluster, running_cluster
from tests.support.databases import PROFILES, Profile, installed_template

# One worker of a parallel run takes all cases of a profile: each makes its ground once.
_PROFILES = [pytest.param(one, id=str(one), marks=pytest.mark.xdist_group(f"attack-{one}")) for one in PROFILES]


@pytest.fixture(scope="session")
def attacked_clusters() -> Iterator[Callable[[str], RunningCluster]]:
    """Starts a cluster of a version when it is first asked for."""
    with ExitStack() as running:
        yield cache(lambda version: running.enter_context(running_cluster(version)))


@pytest_asyncio.fixture(scope="session", params=_PROFILES)
async def ground(
    request: pytest.FixtureRequest,
    attacked_clusters: Callable[[str], RunningCluster],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Ground]:
    """Two synthetic tenants in a database of one profile."""
    profile: Profile = request.param
    cluster = attacked_clusters(profile.version)
    async with ground_in(await installed_template(cluster, profile, tmp_path_factory.mktemp("credentials"))) as ground:
        yield ground
