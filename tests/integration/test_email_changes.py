"""A change of address: both mailboxes say yes, or nothing changes."""

import asyncio
import os
from typing import Any
from uuid import UUID

import pytest

from belsimple.identity import account, recovery
from belsimple.identity.links import LinkOver
from belsimple.web.problems import NotFound
from tests.support.links import aged, as_gate, kinds, opened, posted
from tests.support.people import Account, attempt, digest
from tests.support.world import World, refused


def new_address(world: World) -> str:
    return f"new@{world.slug}.example"


async def asked(world: World, who: Account | None = None, email: str | None = None) -> tuple[bytes, bytes]:
    """Ask for a change; the tokens mailed to the present and to the new address."""
    async with world.acting(who) as transaction:
        await recovery.request_email_change(transaction, email=email or new_address(world))
    old = (await posted(world, "email_change_old", to=(who or world.owner).email))[-1]
    new = (await posted(world, "email_change_new", to=email or new_address(world)))[-1]
    return await opened(world, old), await opened(world, new)


async def confirm(world: World, token: bytes) -> list[Any]:
    return await as_gate(world, "select * from identity.confirm_email_change($1)", digest(token))


async def address_of(world: World, who: Account) -> str:
    [row] = await world.observe("select email from identity.account where id = $1", who.id)
    return row["email"]


async def change_id(world: World) -> UUID:
    [row] = await world.observe("select id from identity.email_change where tenant_id = $1", await world.tenant_id())
    return row["id"]


@pytest.mark.parametrize("first", [0, 1])
async def test_it_happens_when_both_have_said_yes(world: World, first: int) -> None:
    tokens = await asked(world)
    [one] = await confirm(world, tokens[first])
    assert (one["done"], one["email"]) == (False, new_address(world))
    assert await address_of(world, world.owner) == world.owner.email
    [two] = await confirm(world, tokens[1 - first])
    assert two["done"]
    assert await address_of(world, world.owner) == new_address(world)
    assert await attempt(world.gate, world.owner) == []
    assert await attempt(world.gate, Account(world.slug, new_address(world), world.owner.proof, world.owner.id))


async def test_one_mailbox_cannot_say_yes_for_both(world: World) -> None:
    old, _ = await asked(world)
    assert len(await confirm(world, old)) == 1
    assert await confirm(world, old) == []
    assert await address_of(world, world.owner) == world.owner.email


async def test_both_at_once_and_many_times_change_it_once(world: World) -> None:
    old, new = await asked(world)
    answers = await asyncio.gather(*(confirm(world, token) for token in (old, new) * 4))
    assert sorted(bool(row["done"]) for answer in answers for row in answer) == [False, True]
    assert await address_of(world, world.owner) == new_address(world)


async def test_looking_at_the_links_consumes_nothing(world: World) -> None:
    for token in await asked(world):
        for _ in range(3):
            found = await recovery.email_change_open(world.gate, token=token)
            assert found == recovery.Moving(world.slug, world.owner.email, new_address(world), "en")
        await confirm(world, token)
        assert await recovery.email_change_open(world.gate, token=token) is None


async def test_it_ends_every_session_and_every_reset(world: World) -> None:
    session = await world.session()
    await recovery.request_reset(world.gate, tenant=world.slug, email=world.owner.email)
    [request] = await world.observe("select id from identity.reset_request where slug = $1", world.slug)
    async with world.installed.role("worker") as connection:
        await connection.execute("select identity.answer_reset($1)", request["id"])
    reset = await opened(world, (await posted(world, "password_reset"))[0])
    for token in await asked(world):
        await confirm(world, token)
    with refused("28000"):
        async with world.app.tenant(session, writing=False):
            pass
    assert await recovery.reset_open(world.gate, token=reset) is None


async def test_late_links_are_over(world: World) -> None:
    old, new = await asked(world)
    await confirm(world, old)
    await aged(world, "identity.email_change", await change_id(world), "expires_at = now()")
    assert await confirm(world, new) == []
    assert await recovery.email_change_open(world.gate, token=new) is None
    async with world.acting(writing=False) as transaction:
        with pytest.raises(NotFound):
            await recovery.own_email_change(transaction)


async def test_a_second_change_takes_the_place_of_the_first(world: World) -> None:
    first = await asked(world)
    second = await asked(world, email=f"other@{world.slug}.example")
    for token in first:
        assert await confirm(world, token) == []
    for token in second:
        assert await confirm(world, token)
    assert await address_of(world, world.owner) == f"other@{world.slug}.example"


async def test_it_can_be_seen_and_taken_back(world: World) -> None:
    old, new = await asked(world)
    await confirm(world, new)
    async with world.acting(writing=False) as transaction:
        pending = await recovery.own_email_change(transaction)
    assert (pending.email, pending.old_confirmed, pending.new_confirmed) == (new_address(world), False, True)
    async with world.acting() as transaction:
        await recovery.cancel_email_change(transaction)
        with pytest.raises(NotFound):
            await recovery.cancel_email_change(transaction)
    assert await confirm(world, old) == []


async def test_anothers_change_is_not_seen_and_not_taken_back(world: World) -> None:
    await asked(world)
    member = await world.account("member")
    async with world.acting(member) as transaction:
        with pytest.raises(NotFound):
            await recovery.own_email_change(transaction)
        with pytest.raises(NotFound):
            await recovery.cancel_email_change(transaction)


async def test_the_address_of_another_member_is_answered_alike_and_told_by_mail_alone(world: World) -> None:
    member = await world.account("member")
    async with world.acting() as transaction:
        await recovery.request_email_change(transaction, email=member.email)
        pending = await recovery.own_email_change(transaction)
    assert (pending.email, pending.old_confirmed, pending.new_confirmed) == (member.email, False, False)
    assert [
        mail.kind for mail in await posted(world, "email_change_failed", "email_change_old", "email_change_new")
    ] == ["email_change_failed"]
    assert await kinds(world, member.email) == ["invitation", "welcome"]


async def test_an_address_that_is_taken_meanwhile_is_not_taken_over(world: World) -> None:
    old, new = await asked(world)
    await confirm(world, old)
    other = await world.account("member", email=new_address(world))
    assert await confirm(world, new) == []
    assert await address_of(world, world.owner) == world.owner.email
    assert await address_of(world, other) == new_address(world)
    assert (await kinds(world, world.owner.email))[-1] == "email_change_failed"


async def test_the_same_address_in_another_tenant_is_another_account(world: World) -> None:
    _, stranger = await world.another_tenant()
    for token in await asked(world, email=stranger.email):
        assert await confirm(world, token)
    assert await address_of(world, world.owner) == await address_of(world, stranger) == stranger.email


async def test_links_are_over_while_suspended_and_after_a_deactivation(world: World) -> None:
    member = await world.account("member")
    old, new = await asked(world, member)
    await world.suspend()
    assert await confirm(world, old) == []
    await world.resume()
    assert await confirm(world, old)
    await world.deactivate(member)
    assert await confirm(world, new) == []
    await world.reactivate(member)
    assert await confirm(world, new) == []
    assert await address_of(world, member) == member.email


async def test_a_password_change_ends_it(world: World) -> None:
    old, _ = await asked(world)
    async with world.installed.owner() as connection, connection.transaction():
        await connection.execute(
            f"select context.stamp('{await world.tenant_id()}', '{world.owner.id}', null, '', 'session')"
        )
        await connection.execute(
            "update identity.password set verifier = sha256(verifier) where id = $1", world.owner.id
        )
    assert await confirm(world, old) == []


async def test_a_link_of_one_purpose_serves_no_other(world: World) -> None:
    old, _ = await asked(world)
    assert await recovery.reset_open(world.gate, token=old) is None
    with pytest.raises(LinkOver):
        await recovery.confirm_email_change(world.gate, token=bytes(32))
    [change] = await world.observe("select old_link from identity.email_change where account_id = $1", world.owner.id)
    strange = os.urandom(32)
    await world.as_owner(
        "select mail.add_link('password_reset', $1, $2, $3)",
        await world.tenant_id(),
        change["old_link"],
        digest(strange),
    )
    assert await confirm(world, strange) == []
    assert await recovery.email_change_open(world.gate, token=strange) is None


async def test_the_own_address_is_no_change(world: World) -> None:
    with refused("BS422"):
        async with world.acting() as transaction:
            await recovery.request_email_change(transaction, email=world.owner.email.upper())


async def test_both_addresses_are_told_and_the_trail_has_both(world: World) -> None:
    tokens = await asked(world)
    for token in tokens:
        await confirm(world, token)
    assert (await kinds(world, world.owner.email))[-1] == "email_changed"
    assert (await kinds(world, new_address(world)))[-1] == "email_changed"
    [entry] = [
        row
        for row in await world.trail(object_type="identity.account", action="update", object_id=world.owner.id)
        if row["source"] == "email_change"
    ]
    assert world.owner.email in entry["old"]
    assert new_address(world) in entry["new"]
    assert entry["account_id"] == world.owner.id


async def test_mails_are_in_the_accounts_language(world: World) -> None:
    async with world.acting() as transaction:
        await account.change_me(transaction, name=None, language="nl", zone=None, expected=None)
    await asked(world)
    assert {mail.language for mail in await posted(world, "email_change_old", "email_change_new")} == {"nl"}
