"""Every change to how somebody signs in is told to that person, whichever way it is made: triggers post the mails."""

import os

import pytest

from belsimple.identity import account
from tests.support.links import kinds, posted
from tests.support.people import COST, digest, identity
from tests.support.world import World, refused


async def as_command(world: World, sql: str, *arguments: object) -> None:
    """A change that no code of ours makes."""
    async with world.installed.owner() as connection, connection.transaction():
        await connection.execute(f"select context.stamp('{await world.tenant_id()}', null, null, '', 'command')")
        await connection.execute(sql, *arguments)


async def test_a_new_account_is_welcomed_in_the_language_of_its_invitation(world: World) -> None:
    async with world.acting() as transaction:
        await transaction.value(identity.invite, email=f"fr@{world.slug}.example", roles=["member"], language="fr")
    assert [mail.language for mail in await posted(world, to=f"fr@{world.slug}.example")] == ["fr"]
    member = await world.account("member")
    assert await kinds(world, member.email) == ["invitation", "welcome"]
    assert (await posted(world, "welcome", to=member.email))[0].facts == {"email": member.email}


async def test_a_changed_password(world: World) -> None:
    async with world.gate.tenant(await world.session(), writing=True) as transaction:
        await transaction.value(
            identity.change_own_password,
            current_proof=world.owner.proof,
            salt=bytes(16),
            verifier=digest(os.urandom(32)),
            token_hash=digest(os.urandom(32)),
            address="192.0.2.1",
            agent="test",
            **COST,
        )
    assert (await kinds(world, world.owner.email))[-1] == "password_changed"


async def test_a_password_changed_behind_everybodys_back(world: World) -> None:
    await as_command(world, "update identity.password set verifier = sha256(verifier) where id = $1", world.owner.id)
    assert (await kinds(world, world.owner.email))[-1] == "password_changed"


async def test_a_rehash_is_no_change(world: World) -> None:
    before = await kinds(world, world.owner.email)
    await world.gate.call(
        identity.rehash,
        slug=world.slug,
        email=world.owner.email,
        proof=world.owner.proof,
        salt=bytes(16),
        memory_kib=131072,
        iterations=3,
        lanes=4,
        verifier=digest(os.urandom(32)),
    )
    assert await kinds(world, world.owner.email) == before


async def test_deactivation_and_reactivation(world: World) -> None:
    member = await world.account("member")
    await world.deactivate(member)
    async with world.acting() as transaction:
        await account.change_member(transaction, member_id=member.id, status="active", roles=None, expected=None)
    assert (await kinds(world, member.email))[-2:] == ["deactivated", "reactivated"]


async def test_an_address_changed_behind_everybodys_back_is_told_to_both_and_ends_sessions(world: World) -> None:
    session = await world.session()
    address = f"moved@{world.slug}.example"
    await as_command(world, "update identity.account set email = $2 where id = $1", world.owner.id, address)
    assert (await kinds(world, world.owner.email))[-1] == "email_changed"
    assert await kinds(world, address) == ["email_changed"]
    with refused("28000"):
        async with world.app.tenant(session, writing=False):
            pass


async def test_other_changes_are_not_mailed(world: World) -> None:
    before = await kinds(world, world.owner.email)
    async with world.acting() as transaction:
        await account.change_me(transaction, name="Another", language="de", zone="Europe/Berlin", expected=None)
    assert await kinds(world, world.owner.email) == before


async def test_a_change_that_is_undone_is_not_told(world: World) -> None:
    member = await world.account("member")
    before = await kinds(world, member.email)
    with pytest.raises(RuntimeError):
        async with world.acting() as transaction:
            await account.change_member(
                transaction, member_id=member.id, status="deactivated", roles=None, expected=None
            )
            raise RuntimeError
    assert await kinds(world, member.email) == before
