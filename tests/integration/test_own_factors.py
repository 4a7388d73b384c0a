"""The own second factors: what their coming and going tells, and takes with it."""

import re

import pytest

from belsimple.identity import own_factors
from belsimple.server.assembly import all_endpoints
from belsimple.web.problems import NotFound
from tests.support.factors import add_passkey, add_totp
from tests.support.links import kinds
from tests.support.world import World

FACTORS = re.compile(r"(/api/v1)?/account/(factors|totp|passkeys|recovery-codes)(/|$)")
RENAMED = {("POST", "/account/factors/passkeys/{id}"), ("PATCH", "/api/v1/account/passkeys/{id}")}


def test_making_and_removing_one_needs_a_fresh_proof_of_who_it_is() -> None:
    changes = {
        (one.method, one.path): one.fresh for one in all_endpoints() if FACTORS.match(one.path) and not one.reads
    }
    assert len(changes) == 15
    assert {change for change, fresh in changes.items() if not fresh} == RENAMED


async def test_an_app_that_goes_is_told_and_takes_the_recovery_codes_along(world: World) -> None:
    session = await world.session()
    await add_totp(world, world.owner, session)
    async with world.gate.tenant(session, writing=True) as inside:
        assert (await own_factors.overview(inside)).recovery_codes_left == 10
        await own_factors.remove_totp(inside)
        left = await own_factors.overview(inside)
        with pytest.raises(NotFound):
            await own_factors.remove_totp(inside)
    assert (left.totp, left.recovery_codes_left) == (False, 0)
    told = await kinds(world, world.owner.email)
    assert (told.count("factor_added"), told.count("factor_removed")) == (2, 1)  # the app and its codes


async def test_recovery_codes_stay_while_another_factor_is_there(world: World) -> None:
    session = await world.session()
    await add_totp(world, world.owner, session)
    _, passkey = await add_passkey(world, world.owner, session=session)
    async with world.gate.tenant(session, writing=True) as inside:
        await own_factors.remove_totp(inside)
        assert (await own_factors.overview(inside)).recovery_codes_left == 10
        await own_factors.remove_passkey(inside, passkey_id=passkey)
        assert (await own_factors.overview(inside)).recovery_codes_left == 0
    assert (await kinds(world, world.owner.email)).count("factor_removed") == 2


async def test_a_passkey_of_somebody_else_is_not_there(world: World) -> None:
    member = await world.account("member")
    _, theirs = await add_passkey(world, member)
    async with world.gate.tenant(await world.session(), writing=True) as inside:
        for change in (
            own_factors.remove_passkey(inside, passkey_id=theirs),
            own_factors.rename_passkey(inside, passkey_id=theirs, name="Mine"),
        ):
            with pytest.raises(NotFound):
                await change
