"""A forgotten password: asked for by anybody, answered to its owner alone, good for one use."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from belsimple.identity import recovery
from belsimple.identity.hashing import Hasher
from belsimple.identity.links import LinkOver
from belsimple.web.inputs import Caller
from belsimple.web.problems import Unprocessable
from tests.support.databases import ONE_PROFILE
from tests.support.links import aged, as_gate, ask_for_reset, kinds, opened, posted
from tests.support.people import ADDRESS, Account, attempt, digest, random_proof, signed_in
from tests.support.world import World, refused

ELSEWHERE = "203.0.113.9"
CONFIRM = "select * from identity.confirm_reset($1, $2, 65536, 3, 4, $3, $4::text::inet)"


async def link(world: World, who: Account) -> tuple[bytes, UUID]:
    """A new reset's token and id."""
    await ask_for_reset(world, world.slug, who.email)
    mail = (await posted(world, "password_reset", to=who.email))[-1]
    assert mail.subject is not None
    return await opened(world, mail), mail.subject


async def confirm(world: World, token: bytes, proof: bytes | None = None, address: str = ELSEWHERE) -> list[Any]:
    """Use a link; the rows that the database answers."""
    return await as_gate(world, CONFIRM, digest(token), bytes(16), digest(proof or random_proof()), address)


async def test_a_link_sets_a_new_password_once(world: World) -> None:
    token, _ = await link(world, world.owner)
    proof = random_proof()
    [done] = await confirm(world, token, proof)
    assert tuple(done) == (world.slug, world.owner.email)
    assert await confirm(world, token) == []
    assert await attempt(world.gate, world.owner) == []
    assert await attempt(world.gate, world.owner, proof=proof)


async def test_looking_at_the_link_consumes_nothing(world: World) -> None:
    token, _ = await link(world, world.owner)
    for _ in range(3):  # a mail scanner, a preview, the person
        found = await recovery.reset_open(world.gate, token=token)
        assert found == recovery.Reset(world.slug, world.owner.email, "Somebody", "en")
    assert len(await confirm(world, token)) == 1
    assert await recovery.reset_open(world.gate, token=token) is None


async def test_many_at_once_one_wins(world: World) -> None:
    token, _ = await link(world, world.owner)
    proofs = [random_proof() for _ in range(8)]
    answers = await asyncio.gather(*(confirm(world, token, proof) for proof in proofs))
    assert sorted(map(len, answers)) == [0] * 7 + [1]
    winner = proofs[[len(answer) for answer in answers].index(1)]
    assert await attempt(world.gate, world.owner, proof=winner)


async def test_two_links_of_one_account_at_once_one_wins(world: World) -> None:
    links = [(await link(world, world.owner))[0] for _ in range(4)]
    answers = await asyncio.gather(*(confirm(world, token) for token in links))
    assert sorted(map(len, answers)) == [0, 0, 0, 1]


async def test_it_ends_every_session_every_other_link_and_the_change_of_address(world: World) -> None:
    sessions = [await world.session(), await world.session()]
    async with world.acting() as transaction:
        await recovery.request_email_change(transaction, email="elsewhere@example.org")
    other, _ = await link(world, world.owner)
    change = await opened(world, (await posted(world, "email_change_old"))[0])
    token, _ = await link(world, world.owner)
    assert await confirm(world, token)
    for session in sessions:
        with refused("28000"):
            async with world.app.tenant(session, writing=False):
                pass
    assert await confirm(world, other) == []
    with pytest.raises(LinkOver):
        await recovery.confirm_email_change(world.gate, token=change)


async def test_a_late_link_is_over(world: World) -> None:
    token, reset = await link(world, world.owner)
    await aged(world, "identity.password_reset", reset, "expires_at = now()")
    assert await recovery.reset_open(world.gate, token=token) is None
    assert await confirm(world, token) == []


async def test_a_link_does_not_work_while_the_tenant_is_suspended(world: World) -> None:
    token, _ = await link(world, world.owner)
    await world.suspend()
    assert await recovery.reset_open(world.gate, token=token) is None
    assert await confirm(world, token) == []
    await ask_for_reset(world, world.slug, world.owner.email)
    assert len(await posted(world, "password_reset")) == 1  # no second one meanwhile
    await world.resume()
    assert await confirm(world, token)


async def test_a_link_is_over_with_its_account(world: World) -> None:
    member = await world.account("member")
    token, _ = await link(world, member)
    await world.deactivate(member)
    assert await confirm(world, token) == []
    await ask_for_reset(world, world.slug, member.email)
    assert len(await posted(world, "password_reset")) == 1
    await world.reactivate(member)
    assert await confirm(world, token) == []  # what was asked for before is over


async def test_a_link_opens_nothing_of_anothers(world: World) -> None:
    member = await world.account("member")
    token, _ = await link(world, member)
    proof = random_proof()
    assert (await confirm(world, token, proof))[0]["email"] == member.email
    assert await attempt(world.gate, world.owner)
    assert await attempt(world.gate, Account(world.slug, world.owner.email, proof, world.owner.id)) == []


async def test_a_link_of_another_purpose_is_no_reset(world: World) -> None:
    async with world.acting() as transaction:
        await recovery.request_email_change(transaction, email="elsewhere@example.org")
    token = await opened(world, (await posted(world, "email_change_old"))[0])
    assert await confirm(world, token) == []
    assert await confirm(world, random_proof()) == []
    _, reset = await link(world, world.owner)
    strange = random_proof()
    await world.as_owner(
        "select mail.add_link('invitation', $1, $2, $3)", await world.tenant_id(), reset, digest(strange)
    )
    assert await confirm(world, strange) == []
    assert await recovery.reset_open(world.gate, token=strange) is None


async def test_it_works_while_a_stranger_floods_and_fills_no_mailbox(world: World) -> None:
    token, _ = await link(world, world.owner)
    for _ in range(9):
        await ask_for_reset(world, world.slug.upper(), f" {world.owner.email.title()} ")
    assert len(await posted(world, "password_reset")) == 5
    assert await confirm(world, token)


async def test_it_clears_the_failures_and_lets_in_from_where_it_was_done(world: World) -> None:
    await world.as_owner(
        "insert into identity.sign_in_failure select a.tenant_id, a.id, false, 100, now() from identity.account a where a.email = $1",
        world.owner.email,
    )
    assert await attempt(world.gate, world.owner, address=ELSEWHERE) == []
    token, _ = await link(world, world.owner)
    proof = random_proof()
    await confirm(world, token, proof, address=ELSEWHERE)
    [found] = await world.gate.call(
        recovery._q.password_parameters, slug=world.slug, email=world.owner.email, address=ELSEWHERE
    )
    assert found["familiar"]
    assert await attempt(world.gate, world.owner, proof=proof, address=ELSEWHERE)


async def test_neither_tokens_nor_who_asked_stand_anywhere(world: World) -> None:
    token, _ = await link(world, world.owner)
    await confirm(world, token)
    for table in ("mail.message", "mail.link", "identity.password_reset", "audit.entry", "jobs.procrastinate_jobs"):
        assert token.hex() not in str(await world.observe(f"select t::text from {table} t"))


async def test_the_trail_tells_it_from_the_request_to_the_new_password(world: World) -> None:
    token, reset = await link(world, world.owner)
    await world.session()
    await confirm(world, token)
    entries = await world.trail(source="reset")
    told = [(row["action"], row["object_type"]) for row in entries]
    assert told[0] == ("insert", "identity.password_reset")
    assert entries[0]["account_id"] is None  # nobody knows who asked
    assert ("update", "identity.password_reset") in told
    assert ("update", "identity.password") in told
    assert ("delete", "identity.session") in told
    [event] = [row for row in entries if row["action"] == "password_reset"]
    assert event["account_id"] == event["object_id"] == world.owner.id
    assert ELSEWHERE in event["detail"]
    assert all(row["account_id"] == world.owner.id for row in entries[1:])
    assert [row["object_id"] for row in entries if row["object_type"] == "identity.password_reset"] == [reset, reset]


async def test_the_person_is_told(world: World) -> None:
    token, _ = await link(world, world.owner)
    await confirm(world, token)
    assert (await kinds(world, world.owner.email))[-2:] == ["password_reset", "password_changed"]


@ONE_PROFILE
async def test_the_new_password_must_be_a_good_one_and_a_bad_one_costs_nothing(world: World) -> None:
    token, _ = await link(world, world.owner)
    hasher = Hasher(1)
    caller = Caller(ADDRESS, "test", "-", None)
    for bad in ("short", "password" * 3, world.slug + "!!!"):
        with pytest.raises(Unprocessable):
            await recovery.confirm_reset(world.gate, hasher, token=token, password=bad, caller=caller)
    good = "correct horse battery"
    done = await recovery.confirm_reset(world.gate, hasher, token=token, password=good, caller=caller)
    assert (done.tenant_slug, done.email) == (world.slug, world.owner.email)
    with pytest.raises(LinkOver):
        await recovery.confirm_reset(world.gate, hasher, token=token, password=good, caller=caller)
    hasher.close()


async def test_a_sign_in_and_a_deactivation_at_the_same_time_do_not_block_it(world: World) -> None:
    for _ in range(4):
        member = await world.account("member")
        token, _ = await link(world, member)
        await asyncio.gather(
            confirm(world, token), attempt(world.gate, member), world.deactivate(member), attempt(world.gate, member)
        )
        [row] = await world.observe("select count(*) from identity.session where account_id = $1", member.id)
        assert row[0] == 0


async def test_signing_in_right_after_needs_the_new_password_only(world: World) -> None:
    token, _ = await link(world, world.owner)
    proof = random_proof()
    await confirm(world, token, proof)
    renewed = Account(world.slug, world.owner.email, proof, world.owner.id)
    async with world.app.tenant(await signed_in(world.gate, renewed), writing=False) as transaction:
        assert transaction.principal.account_id == world.owner.id
