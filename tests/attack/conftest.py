"""The databases that the SQL attacks are tried on: one for each version and profile, with the two synthetic tenants."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from belsimple.attack.ground import Ground
from tests.support.attack_ground import ground_in
from tests.support.clusters import VERSIONS, RunningCluster, running_cluster
from tests.support.databases import PROFILES, Profile, installed_template


@pytest.fixture(scope="session")
def attacked_clusters() -> Iterator[dict[str, RunningCluster]]:
    with running_cluster(VERSIONS[0]) as newer, running_cluster(VERSIONS[1]) as older:
        yield {cluster.version: cluster for cluster in (newer, older)}


@pytest_asyncio.fixture(scope="session", params=PROFILES, ids=str)
async def ground(
    request: pytest.FixtureRequest,
    attacked_clusters: dict[str, RunningCluster],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Ground]:
    profile: Profile = request.param
    template = await installed_template(
        attacked_clusters[profile.version], profile, tmp_path_factory.mktemp("credentials")
    )
    async with ground_in(template) as ground:
        yield ground
