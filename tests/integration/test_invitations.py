"""Invitations: how an account comes to be, once."""

import asyncio

import pytest

from belsimple.errors import OperatorError
from belsimple.identity import account
from belsimple.tenancy.actions import create_tenant, invite_member
from tests.support.people import COST, accept, digest, identity, random_proof, token_bytes
from tests.support.world import World


async def try_to_accept(world: World, token: str):
    return await world.gate.call(
        identity.accept_invitation,
        token_hash=digest(token_bytes(token)),
        name="New",
        salt=bytes(16),
        verifier=random_proof(),
        **COST,
    )


async def is_open(world: World, token: str) -> list[tuple[str, ...]]:
    return [
        tuple(row) for row in await world.gate.call(identity.invitation_open, token_hash=digest(token_bytes(token)))
    ]


async def invited(world: World, role: str = "member") -> str:
    return await invite_member(world.installed.admin_url, slug=world.slug, email=f"New-{role}@Example.com", role=role)


async def test_the_set_up_link_makes_the_first_owner(world: World) -> None:
    slug = f"{world.slug}-b"
    token = await create_tenant(world.installed.admin_url, slug=slug, owner="First@Example.com", name="A name")
    assert await is_open(world, token) == [(slug, "first@example.com", "en")]
    assert await is_open(world, token) == [(slug, "first@example.com", "en")]  # looking at it consumes nothing
    owner = await accept(world.gate, token)
    async with world.acting(owner, writing=False) as transaction:
        me = await account.me(transaction)
        assert (me.email, me.roles, me.tenant.slug, me.tenant.name) == ("first@example.com", ["owner"], slug, "A name")


async def test_it_works_once(world: World) -> None:
    token = await invited(world)
    assert [tuple(row) for row in await try_to_accept(world, token)] == [(world.slug, "new-member@example.com")]
    assert await is_open(world, token) == []
    assert await try_to_accept(world, token) == []


async def test_it_works_once_though_two_click_at_once(world: World) -> None:
    token = await invited(world)
    results = await asyncio.gather(*(try_to_accept(world, token) for _ in range(6)))
    assert sorted(map(len, results)) == [0, 0, 0, 0, 0, 1]


async def test_it_ends_by_itself(world: World) -> None:
    token = await invited(world)
    async with world.installed.owner() as connection, connection.transaction():
        await connection.execute(f"select context.stamp('{await world.tenant_id()}', null, null, '', 'command')")
        await connection.execute(
            "update identity.invitation i set expires_at = now() from mail.link l where l.token_hash = $1 and l.subject_id = i.id",
            digest(token_bytes(token)),
        )
    assert await is_open(world, token) == []
    assert await try_to_accept(world, token) == []


async def test_it_does_not_work_while_the_tenant_is_suspended(world: World) -> None:
    token = await invited(world)
    await world.suspend()
    assert await is_open(world, token) == []
    assert await try_to_accept(world, token) == []
    await world.resume()
    assert len(await try_to_accept(world, token)) == 1


async def test_a_made_up_token_opens_nothing(world: World) -> None:
    assert await is_open(world, "AAAA") == []
    assert await try_to_accept(world, "AAAA") == []


async def test_the_database_keeps_no_token(world: World) -> None:
    token = await invited(world)
    assert token_bytes(token).hex() not in str(await world.observe("select i::text from identity.invitation i"))
    assert token_bytes(token).hex() not in str(await world.observe("select m::text from mail.message m"))
    [entry] = [
        row
        for row in await world.trail(object_type="identity.invitation", action="insert")
        if "new-member" in row["new"]
    ]
    assert "token_hash" not in entry["new"]
    assert entry["source"] == "command"


async def test_a_command_cannot_invite_into_what_does_not_exist(world: World) -> None:
    with pytest.raises(OperatorError, match="There is no tenant absent"):
        await invite_member(world.installed.admin_url, slug="absent", email="x@example.com", role="member")
    with pytest.raises(OperatorError, match="There is no role absent"):
        await invite_member(world.installed.admin_url, slug=world.slug, email="x@example.com", role="absent")


async def test_the_new_account_holds_what_it_was_invited_to_and_the_trail_says_so(world: World) -> None:
    await try_to_accept(world, await invited(world, "auditor"))
    [made] = [
        row
        for row in await world.trail(object_type="identity.account", source="invitation")
        if "new-auditor" in row["new"]
    ]
    assert made["account_id"] == made["object_id"]  # it made itself, with the invitation's right
    [held] = [
        row
        for row in await world.trail(object_type="access.assignment", source="invitation")
        if row["account_id"] == made["object_id"]
    ]
    assert held["action"] == "insert"
    [password] = [
        row for row in await world.trail(object_type="identity.password") if row["object_id"] == made["object_id"]
    ]
    assert "verifier" not in password["new"]
    assert "salt" not in password["new"]
