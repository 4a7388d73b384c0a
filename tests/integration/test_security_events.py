"""What looks wrong is told once: in the trail and by mail."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from belsimple.database.queries import load_queries
from tests.support.links import as_worker, kinds, posted
from tests.support.people import Account, attempt, digest, identity, random_proof
from tests.support.world import World

web = load_queries("belsimple.web")
HOME = "192.0.2.1"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
SIGN_IN = "select * from identity.sign_in($1, $2, $3, $4, $5::text::inet, $6)"


async def sign_in(world: World, who: Account, agent: str, address: str = HOME, proof: bytes | None = None) -> list[Any]:
    return await world.gate.call(
        identity.prove_password,
        slug=who.tenant,
        email=who.email,
        proof=proof or who.proof,
        token_hash=digest(random_proof()),
        pending_hash=random_proof(),
        address=address,
        agent=agent,
    )


async def events(world: World, action: str) -> list[dict[str, Any]]:
    return [json.loads(row["detail"]) for row in await world.trail(action=action)]


async def test_the_first_sign_in_of_all_is_no_news(world: World) -> None:
    assert await events(world, "new_browser") == []
    assert "new_browser" not in await kinds(world, world.owner.email)


async def test_a_sign_in_from_a_new_browser_is_told_once(world: World) -> None:
    for _ in range(3):
        await sign_in(world, world.owner, FIREFOX)
    assert await events(world, "new_browser") == [{"address": HOME, "agent": FIREFOX}]
    [mail] = await posted(world, "new_browser")
    assert (mail.recipient, mail.facts["agent"], mail.facts["address"]) == (world.owner.email, FIREFOX, HOME)


async def test_an_update_or_a_new_lease_of_the_line_is_no_news_but_another_network_is(world: World) -> None:
    await sign_in(world, world.owner, FIREFOX)
    await sign_in(world, world.owner, FIREFOX.replace("128", "129"), "192.0.77.9")
    assert len(await events(world, "new_browser")) == 1
    await sign_in(world, world.owner, FIREFOX, "203.0.113.9")
    await sign_in(world, world.owner, FIREFOX, "2001:db8:1::1")
    await sign_in(world, world.owner, FIREFOX, "2001:db8:ffff::1")
    assert [event["address"] for event in await events(world, "new_browser")] == [HOME, "203.0.113.9", "2001:db8:1::1"]


async def test_many_sign_ins_at_once_from_one_new_browser_are_told_once(world: World) -> None:
    async def one() -> None:
        async with world.installed.role("gate") as gate:
            arguments = (world.slug, world.owner.email, world.owner.proof, digest(random_proof()), HOME, FIREFOX)
            await gate.fetch(SIGN_IN, *arguments)

    await asyncio.gather(*(one() for _ in range(6)))
    assert len(await events(world, "new_browser")) == len(await posted(world, "new_browser")) == 1


async def test_a_refused_sign_in_makes_no_browser_known(world: World) -> None:
    await sign_in(world, world.owner, FIREFOX, proof=random_proof())
    assert await events(world, "new_browser") == []
    await sign_in(world, world.owner, FIREFOX)
    assert len(await events(world, "new_browser")) == 1


async def test_the_database_keeps_no_browser_and_no_place(world: World) -> None:
    await sign_in(world, world.owner, FIREFOX)
    kept = str(await world.observe("select b::text from identity.familiar_browser b"))
    assert "Firefox" not in kept
    assert HOME not in kept


async def test_the_last_browser_of_an_account_is_never_forgotten(world: World) -> None:
    await world.as_owner(
        "update identity.familiar_browser set last_at = now() - interval '400 days' where account_id = $1",
        world.owner.id,
    )
    await as_worker(world, "select security.sweep()")
    await sign_in(world, world.owner, FIREFOX)
    assert len(await events(world, "new_browser")) == 1
    await as_worker(world, "select security.sweep()")
    [row] = await world.observe("select count(*) from identity.familiar_browser where account_id = $1", world.owner.id)
    assert row[0] == 1


async def test_the_tenth_fiftieth_and_hundredth_refusal_in_a_row_are_told(world: World) -> None:
    for _ in range(101):
        await attempt(world.gate, world.owner, proof=random_proof())
    assert [event["failures"] for event in await events(world, "refused_sign_ins")] == [10, 50, 100]
    assert [mail.facts["count"] for mail in await posted(world, "refused_sign_ins")] == [10, 50, 100]
    assert {mail.recipient for mail in await posted(world, "refused_sign_ins")} == {world.owner.email}


async def test_a_success_between_begins_the_row_anew(world: World) -> None:
    for _ in range(2):
        for _ in range(9):
            await attempt(world.gate, world.owner, proof=random_proof())
        await attempt(world.gate, world.owner)
    assert await events(world, "refused_sign_ins") == []


async def refuse(world: World, token: bytes, times: int) -> None:
    await world.app.call(web.record_refusal, token=token, route="GET /api/v1/audit", status=403, times=times)


async def test_a_burst_of_refusals_is_told_to_the_owners_once(world: World) -> None:
    member, second = await world.account("member"), await world.account("owner")
    token = await world.session(member)
    for _ in range(4):
        await refuse(world, token, 25)
    assert await events(world, "refusal_burst") == []
    await asyncio.gather(*(refuse(world, token, 1) for _ in range(5)))
    assert [event["refusals"] for event in await events(world, "refusal_burst")] == [101]
    mails = await posted(world, "refusal_burst")
    assert sorted(mail.recipient for mail in mails) == sorted([world.owner.email, second.email])
    assert {(mail.facts["count"], mail.facts["member"]) for mail in mails} == {(101, member.email)}
    [event] = await world.trail(action="refusal_burst")
    assert event["account_id"] == event["object_id"] == member.id


async def test_another_hour_is_another_burst_and_a_slow_trickle_is_none(world: World) -> None:
    token = await world.session()
    await refuse(world, token, 100)
    await later(world, "11 minutes")
    await refuse(world, token, 100)
    assert await events(world, "refusal_burst") == []
    await refuse(world, token, 1)
    await refuse(world, token, 500)
    assert len(await events(world, "refusal_burst")) == 1
    await later(world, "61 minutes")
    await refuse(world, token, 101)
    assert len(await events(world, "refusal_burst")) == 2


async def test_a_clock_that_steps_back_does_not_silence_it(world: World) -> None:
    token = await world.session()
    await refuse(world, token, 101)
    await later(world, "-2 hours")
    await refuse(world, token, 101)
    assert len(await events(world, "refusal_burst")) == 2


async def later(world: World, by: str) -> None:
    await world.as_owner(
        f"update security.burst set since = since - interval '{by}', told_at = told_at - interval '{by}'"
    )


@asynccontextmanager
async def security_contact(world: World) -> AsyncIterator[str]:
    """The operator's profile names somebody."""
    email = "security@operator.example"
    async with world.installed.owner() as connection, connection.transaction():
        await connection.execute("select operators.act_as('test')")
        await connection.execute("update operators.profile set security_email = $1", email)
    yield email


async def bursts(world: World) -> list[dict[str, Any]]:
    rows = await world.observe("select detail from audit.system_entry where action = 'sign_in_burst' order by at")
    return [json.loads(row["detail"]) for row in rows]


async def test_failed_sign_ins_from_one_network_are_told_to_the_operator_whomever_they_name(own_world: World) -> None:
    world = own_world
    nobody = Account("absent", "nobody@example.org", random_proof(), world.owner.id)
    async with security_contact(world) as contact:
        for number in range(50):
            await attempt(world.gate, world.owner, proof=random_proof(), address=f"198.51.100.{number}")
            await attempt(world.gate, nobody, address=f"198.51.100.{number + 100}")
        assert await bursts(world) == []
        for _ in range(3):
            await attempt(world.gate, nobody, address="198.51.100.9")
        assert await bursts(world) == [{"network": "198.51.100.0/24", "failures": 101}]
        mails = await world.observe("select recipient, kind, tenant_id from mail.message where kind = 'sign_in_burst'")
        assert [tuple(row) for row in mails] == [(contact, "sign_in_burst", None)]


async def test_a_known_and_an_unknown_account_are_counted_by_the_same_row(own_world: World) -> None:
    nobody = Account("absent", "nobody@example.org", random_proof(), own_world.owner.id)
    await attempt(own_world.gate, nobody, address="198.51.100.9")
    await attempt(own_world.gate, own_world.owner, proof=random_proof(), address="198.51.100.9")
    [row] = await own_world.observe("select times from security.burst where kind = 'sign_ins'")
    assert row["times"] == 2
