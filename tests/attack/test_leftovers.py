"""What a run that was killed left behind, the next one removes; two at once do not happen."""

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from belsimple.attack.ground import furnish, new_credential, prepared
from belsimple.errors import OperatorError
from belsimple.tenancy import actions as tenancy
from tests.support.attack_ground import ground_in
from tests.support.clusters import RunningCluster
from tests.support.databases import PROFILES, Installed, copy_of, dropped, installed_template


@pytest_asyncio.fixture(params=PROFILES[:2], ids=str)
async def installed(
    request: pytest.FixtureRequest,
    attacked_clusters: Callable[[str], RunningCluster],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Installed]:
    folder = tmp_path_factory.mktemp("credentials")
    copy = await copy_of(await installed_template(attacked_clusters(request.param.version), request.param, folder))
    yield copy
    await dropped(copy)


async def slugs(installed: Installed) -> list[str]:
    return [view.slug for view in await tenancy.list_tenants(installed.admin_url)]


async def test_what_a_killed_run_left_is_removed_by_the_next(installed: Installed) -> None:
    await tenancy.create_tenant(installed.admin_url, slug="attack-a-0badcafe", owner="a@example.org")
    async with ground_in(installed) as ground:
        killed = type(ground)(ground.admin_url, ground.urls, dict(ground.names), ground.profile, await new_credential())
        await furnish(killed)
        await tenancy.set_status(installed.admin_url, slug=killed.names["b_slug"], status="suspended")
    assert killed.names["a_slug"] in await slugs(installed)
    async with ground_in(installed) as ground:
        left = await slugs(installed)
        assert killed.names["a_slug"] not in left
        assert killed.names["b_slug"] not in left
        assert {ground.names["a_slug"], ground.names["b_slug"]} <= set(left)
    assert await slugs(installed) == ["attack-a-0badcafe"], "a real tenant is nobody's leftover"


async def test_a_second_attack_at_the_same_time_is_refused(installed: Installed) -> None:
    async with ground_in(installed) as ground:
        with pytest.raises(OperatorError, match="under way"):
            async with prepared(installed.admin_url, ground.urls, installed.prefix, ground.profile):
                raise AssertionError
        assert ground.names["a_slug"] in await slugs(installed)
