"""A migration under a running service: the plans of open connections go stale, and nobody notices."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from tests.support.databases import PROFILES
from tests.support.world import World

from .test_request_path import DOSSIERS, Front

pytestmark = pytest.mark.parametrize("profile", [pytest.param(PROFILES[0], id=str(PROFILES[0]))], indirect=True)


@pytest_asyncio.fixture
async def front(own_world: World) -> AsyncGenerator[Front]:
    front = Front(own_world)
    await front.inner.start()
    yield front
    await front.inner.stop()


async def test_a_changed_table_is_replanned_within_the_request(front: Front) -> None:
    token = await front.world.session()
    made = await front.made(token)
    path = f"{DOSSIERS}/{made['id']}"
    for _ in range(8):  # every connection has a plan
        assert (await front.ask("GET", path, token)).status == 200
    await front.world.observe("alter table dossiers.dossier alter column notes type varchar(200000)")
    answers = [await front.ask("GET", path, token) for _ in range(8)]
    assert [one.status for one in answers] == [200] * 8
    assert answers[0].json == made
