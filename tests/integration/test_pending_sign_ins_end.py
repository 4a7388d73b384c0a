"""What ends a pending sign-in: whatever changes that it stands on, by triggers, so that no code path can forget."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from belsimple.identity import account, own_factors
from tests.support.factors import (
    add_passkey,
    add_totp,
    by_passkey,
    change_policy,
    give_password,
    pending_count,
    role_id,
)
from tests.support.people import Account
from tests.support.world import World

Change = Callable[[World, Account], Awaitable[Any]]


async def _stamped(world: World, sql: str, *arguments: Any) -> None:
    async with world.installed.owner() as connection, connection.transaction():
        await connection.execute(f"select context.stamp('{await world.tenant_id()}', null, null, '', 'command')")
        await connection.execute(sql, *arguments)


async def _password(world: World, who: Account) -> None:
    await _stamped(world, "update identity.password set verifier = sha256('another') where id = $1", who.id)


async def _email(world: World, who: Account) -> None:
    await _stamped(world, "update identity.account set email = 'moved@example.com' where id = $1", who.id)


async def _deactivated(world: World, who: Account) -> None:
    await world.deactivate(who)


async def _suspended(world: World, _: Account) -> None:
    await world.suspend()


async def _role(world: World, who: Account) -> None:
    async with world.acting() as inside:
        await account.change_member(inside, member_id=who.id, status=None, roles=["auditor"], expected=None)


async def _policy(world: World, _: Account) -> None:
    await change_policy(world, most_sessions=5)


async def _networks(world: World, _: Account) -> None:
    await change_policy(world, networks=["192.0.2.0/24"])


async def _new_passkey(world: World, who: Account) -> None:
    await add_passkey(world, who, session=SESSIONS[who.id])


async def _removed_totp(world: World, who: Account) -> None:
    async with world.gate.tenant(SESSIONS[who.id], writing=True) as inside:
        await own_factors.remove_totp(inside)


SESSIONS: dict[Any, bytes] = {}


@pytest.mark.parametrize(
    "change",
    [_password, _email, _deactivated, _suspended, _role, _policy, _networks, _new_passkey, _removed_totp],
    ids=lambda change: change.__name__.lstrip("_"),
)
async def test_it_is_over_at_once(world: World, change: Change) -> None:
    member = await world.account("member")
    SESSIONS[member.id] = await world.session(member)
    await add_totp(world, member, SESSIONS[member.id])
    assert await give_password(world, member)
    assert await pending_count(world, member) == 1
    await change(world, member)
    assert await pending_count(world, member) == 0


async def test_another_account_s_goes_on(world: World) -> None:
    member, other = await world.account("member"), await world.account("member")
    await add_totp(world, other)
    await give_password(world, other)
    await world.deactivate(member)
    assert await pending_count(world, other) == 1


async def test_a_new_demand_ends_the_sessions_that_do_not_meet_it(world: World) -> None:
    member, strong = await world.account("member"), await world.account("member")
    weak = await world.session(member)
    device, _ = await add_passkey(world, strong)
    shown = (await by_passkey(world.gate, device)).token
    await change_policy(world, factor_role_ids=[await role_id(world, "member")])
    living = await world.observe(
        "select account_id from identity.session where token_hash in (sha256($1), sha256($2))", weak, shown
    )
    assert [row["account_id"] for row in living] == [strong.id]


async def test_who_has_shown_a_factor_goes_on_under_a_new_demand(world: World) -> None:
    member, other = await world.account("member"), await world.account("member")
    sessions = [await world.session(member), await world.session(other)]
    await add_totp(world, member, sessions[0])
    await add_passkey(world, other, session=sessions[1])
    await change_policy(world, factor_role_ids=[await role_id(world, "member")])
    for session, whose in zip(sessions, (member, other), strict=True):
        async with world.app.tenant(session, writing=False) as inside:
            assert inside.principal.account_id == whose.id
