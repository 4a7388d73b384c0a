"""Mails to people who have not asked for any: whoever may send them cannot bury a mailbox in them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from belsimple.identity import invitation_routes, routes
from tests.support.api import Api
from tests.support.databases import ONE_PROFILE
from tests.support.links import posted
from tests.support.people import Account
from tests.support.world import World

pytestmark = ONE_PROFILE
ENDPOINTS = (*invitation_routes.ENDPOINTS, *routes.ENDPOINTS)
VICTIM = "victim@elsewhere.example"


@pytest_asyncio.fixture
async def api(world: World) -> AsyncIterator[Api]:
    async with Api.serving(world.installed, ENDPOINTS) as api:
        yield api


async def test_one_address_is_not_invited_over_and_over(world: World, api: Api) -> None:
    async def invite(email: str) -> Any:
        # From a new session each time: a limit by session would begin anew.
        return await api(await world.session(), "POST", "/api/v1/invitations", {"email": email, "roles": ["member"]})

    answers = [await invite(VICTIM) for _ in range(8)]
    assert [one.status for one in answers] == [201] * 5 + [429] * 3
    assert answers[-1].problem == "too-many-requests"
    assert len(await posted(world, to=VICTIM)) == 5
    assert (await invite("another@elsewhere.example")).status == 201
    # The invitation that there is goes on.
    listed = await api(await world.session(), "GET", "/api/v1/invitations")
    assert [one["email"] for one in listed.json["items"]].count(VICTIM) == 1


async def test_a_change_of_address_is_not_asked_for_over_and_over(world: World, api: Api) -> None:
    member, taken = await world.account("member"), await world.account("member")

    async def ask(who: Account, email: str) -> int:
        body = {"email": email}
        return (await api(await world.session(who), "POST", "/api/v1/account/email-change", body)).status

    assert [await ask(member, VICTIM) for _ in range(12)] == [202] * 10 + [429] * 2
    assert len(await posted(world, "email_change_new", to=VICTIM)) == 10
    # An address that is somebody's gives the same answers: else they would tell that it is.
    assert [await ask(world.owner, taken.email) for _ in range(12)] == [202] * 10 + [429] * 2
