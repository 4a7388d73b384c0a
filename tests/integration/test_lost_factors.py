"""Second factors that are lost: who may take them away, what ends with them, who is told, and a key that is gone."""

import pytest

from belsimple.errors import OperatorError
from belsimple.identity import account, admission
from belsimple.identity.factors import CodesUnavailable, Factors
from belsimple.tenancy import actions as tenancy
from tests.support.factors import FACTORS, add_passkey, add_totp, caller, code_of, give_password, opens, pending
from tests.support.links import kinds
from tests.support.people import Account
from tests.support.world import World, refused


async def cleared(world: World, who: Account, by: Account | None = None) -> None:
    async with world.acting(by) as inside:
        await account.clear_member_factors(inside, member_id=who.id)


async def test_a_colleague_takes_them_away_and_the_password_opens_again(world: World) -> None:
    member = await world.account("member")
    session = await world.session(member)
    await add_totp(world, member, session)
    await add_passkey(world, member, session=session)
    async with world.acting() as inside:
        assert await account.member_factors(inside, member_id=member.id) == account.MemberFactors(True, 1)
    waiting = await pending(world, member)
    await cleared(world, member)
    assert await admission.pending(world.gate, caller(waiting)) is None
    with refused("28000"):
        async with world.app.tenant(session, writing=False):
            pass
    assert await opens(world, await give_password(world, member))
    assert (await kinds(world, member.email)).count("factor_removed") == 2
    assert len(await world.trail(action="factors_cleared")) == 1
    async with world.acting() as inside:
        assert await account.member_factors(inside, member_id=member.id) == account.MemberFactors(False, 0)


async def test_recovery_codes_go_too(world: World) -> None:
    member = await world.account("member")
    await add_totp(world, member)
    await cleared(world, member)
    left = await world.observe("select count(*) as n from identity.recovery_code where account_id = $1", member.id)
    assert left[0]["n"] == 0


async def test_nobody_takes_them_from_who_may_do_more(world: World) -> None:
    admin = await world.account("admin")
    await add_totp(world, world.owner)
    with refused("BS403"):
        await cleared(world, world.owner, by=admin)
    member = await world.account("member")
    with refused("42501"):
        await cleared(world, admin, by=member)
    assert (await give_password(world, world.owner)).outcome == "factor"  # pyright: ignore[reportOptionalMemberAccess]


async def test_nobody_takes_their_own_this_way(world: World) -> None:
    session = await world.session()
    await add_totp(world, world.owner, session)
    with refused("BS409"):
        async with world.acting(token=session) as inside:
            await account.clear_member_factors(inside, member_id=world.owner.id)


async def test_another_tenants_person_is_not_there(world: World) -> None:
    _, stranger = await world.another_tenant()
    with refused("BS404"):
        await cleared(world, stranger)
    async with world.acting() as inside:
        assert await account.member_factors(inside, member_id=stranger.id) is None


async def test_the_only_owners_go_by_command(world: World) -> None:
    await add_totp(world, world.owner)
    admin = world.installed.admin_url
    assert await tenancy.clear_factors(admin, slug=world.slug, email=world.owner.email.upper()) == 1
    assert await opens(world, await give_password(world, world.owner))
    assert "factor_removed" in await kinds(world, world.owner.email)
    [entry] = await world.trail(action="factors_cleared")
    assert (entry["object_id"], entry["account_id"]) == (world.owner.id, None)
    assert await tenancy.clear_factors(admin, slug=world.slug, email=world.owner.email) == 0
    with pytest.raises(OperatorError, match="There is no account"):
        await tenancy.clear_factors(admin, slug=world.slug, email="nobody@example.be")


async def test_without_the_key_codes_are_told_and_recovery_codes_still_work(world: World) -> None:
    secret, codes = await add_totp(world, world.owner)
    other = Factors(bytes(32), host=FACTORS.service, origin=FACTORS.party.origin)
    token = await pending(world, world.owner)
    with pytest.raises(CodesUnavailable):
        await admission.prove_code(world.gate, other, caller(token), code=code_of(secret))
    assert await opens(world, await admission.prove_recovery_code(world.gate, caller(token), code=codes[0]))
