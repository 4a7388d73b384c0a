"""Signing in: who gets a session, and how alike all refusals are."""

import asyncio
from typing import Any, cast

import pytest

from belsimple.identity import actions
from belsimple.identity.hashing import Hasher, Parameters
from belsimple.web.inputs import Caller
from belsimple.web.problems import Unauthorized
from tests.support.people import ADDRESS, Account, attempt, identity, random_proof
from tests.support.world import World

ELSEWHERE = "198.51.100.7"


async def parameters(world: World, slug: str, email: str, address: str = ADDRESS) -> tuple[Any, ...]:
    [found] = await world.gate.call(identity.password_parameters, slug=slug, email=email, address=address)
    return tuple(found)


async def failures(world: World) -> dict[bool, int]:
    rows = await world.observe(
        "select f.familiar, f.failures from identity.sign_in_failure f join identity.account a on a.id = f.account_id where a.email = $1",
        world.owner.email,
    )
    return dict(map(tuple, rows))


async def set_failures(world: World, familiar: bool, count: int) -> None:
    await world.as_owner(
        "insert into identity.sign_in_failure select a.tenant_id, a.id, $2, $3, now() from identity.account a where a.email = $1"
        " on conflict (tenant_id, account_id, familiar) do update set failures = $3",
        world.owner.email,
        familiar,
        count,
    )


async def test_the_right_password_opens_a_session(world: World) -> None:
    token = await world.session()
    async with world.app.tenant(token, writing=False) as transaction:
        assert transaction.principal.account_id == world.owner.id
        assert transaction.principal.fresh
        assert "ownership:write" in transaction.principal.permissions


async def test_the_database_keeps_neither_token_nor_proof(world: World) -> None:
    token = await world.session()
    for table in ("identity.session", "identity.password", "audit.entry"):
        dump = str(await world.observe(f"select t::text from {table} t"))
        assert token.hex() not in dump
        assert world.owner.proof.hex() not in dump


@pytest.mark.parametrize("wrong", ["password", "account", "tenant", "address in another tenant"])
async def test_every_wrong_attempt_is_answered_with_nothing(world: World, wrong: str) -> None:
    _, stranger = await world.another_tenant()
    tried = {
        "password": Account(world.slug, world.owner.email, random_proof(), world.owner.id),
        "account": Account(world.slug, "nobody@example.com", world.owner.proof, world.owner.id),
        "tenant": Account("no-such-tenant", world.owner.email, world.owner.proof, world.owner.id),
        "address in another tenant": Account(world.slug, stranger.email, stranger.proof, stranger.id),
    }[wrong]
    assert await attempt(world.gate, tried) == []


async def test_a_suspended_tenant_and_a_deactivated_account_answer_the_same(world: World) -> None:
    member = await world.account("member")
    known = await parameters(world, world.slug, member.email)
    await world.deactivate(member)
    assert await attempt(world.gate, member) == []
    assert await parameters(world, world.slug, member.email) == known
    await world.suspend()
    assert await attempt(world.gate, world.owner) == []
    assert len(await parameters(world, world.slug, world.owner.email)) == 5
    await world.resume()
    assert await attempt(world.gate, world.owner)
    assert await attempt(world.gate, member) == []


async def test_an_unknown_account_has_a_salt_that_stays_and_todays_cost(world: World) -> None:
    unknown = [
        (world.slug, "nobody@example.com"),
        ("no-such-tenant", "nobody@example.com"),
        (world.slug, "somebody@example.com"),
    ]
    answers = [await parameters(world, *who) for who in unknown]
    assert answers == [await parameters(world, *who) for who in unknown]
    assert len({answer[0] for answer in answers}) == 3
    for salt, *cost, familiar in answers:
        assert (len(salt), cost, familiar) == (16, [65536, 3, 4], False)
    real = await parameters(world, world.slug, world.owner.email, ELSEWHERE)
    assert (len(real[0]), *real[1:]) == (16, 65536, 3, 4, False)


async def test_salts_of_two_installations_differ_for_the_same_unknown_account(world: World, own_world: World) -> None:
    who = ("no-such-tenant", "nobody@example.com")
    # A copy has its template's key; a fresh key is a fresh salt.
    await own_world.as_owner(
        "update context.key set ipad = sha256(ipad) || sha256(ipad), opad = sha256(opad) || sha256(opad)"
    )
    assert (await parameters(world, *who))[0] != (await parameters(own_world, *who))[0]


async def test_it_remembers_where_an_account_signed_in_without_keeping_the_address(world: World) -> None:
    assert (await parameters(world, world.slug, world.owner.email))[4] is True
    assert (await parameters(world, world.slug, world.owner.email, ELSEWHERE))[4] is False
    [row] = await world.observe(
        "select f.network from identity.familiar_address f join identity.account a on a.id = f.account_id where a.email = $1",
        world.owner.email,
    )
    assert len(row["network"]) == 32


async def test_one_ipv6_network_is_one_place(world: World) -> None:
    await world.session()
    await world.gate.call(
        identity.prove_password,
        slug=world.slug,
        email=world.owner.email,
        proof=world.owner.proof,
        token_hash=random_proof(),
        pending_hash=random_proof(),
        address="2001:db8:1:2::1",
        agent="x",
    )
    assert (await parameters(world, world.slug, world.owner.email, "2001:db8:1:2:ffff::9"))[4] is True
    assert (await parameters(world, world.slug, world.owner.email, "2001:db8:1:3::1"))[4] is False


async def test_failures_in_a_row_are_counted_and_forgotten_after_a_success(world: World) -> None:
    for _ in range(3):
        assert await attempt(world.gate, world.owner, proof=b"wrong") == []
    assert await failures(world) == {True: 3}
    await world.session()
    assert await failures(world) == {}
    refused = await world.trail(action="sign_in_refused")
    assert len(refused) == 3
    assert {row["account_id"] for row in refused} == {world.owner.id}


async def test_a_stranger_cannot_lock_the_person_out(world: World) -> None:
    await set_failures(world, False, 99)
    assert await attempt(world.gate, world.owner, proof=b"wrong", address=ELSEWHERE) == []
    assert await failures(world) == {False: 100}
    assert (
        await attempt(world.gate, world.owner, address=ELSEWHERE) == []
    )  # the right password, a hundred failures too late
    assert await attempt(world.gate, world.owner)  # where the account has signed in before, it still can
    assert await attempt(world.gate, world.owner, address=ELSEWHERE)  # and that opened it everywhere


async def test_a_hundred_failures_where_the_account_is_known_close_that_side_too(world: World) -> None:
    await set_failures(world, True, 100)
    assert await attempt(world.gate, world.owner) == []
    assert await attempt(world.gate, world.owner, address=ELSEWHERE)
    assert (await failures(world))[True] == 101


async def test_raced_guesses_are_counted_one_by_one(world: World) -> None:
    await set_failures(world, False, 90)
    # Thirty attempts at once: those after the tenth meet a closed door, whichever they are, the right one included.
    opened = await asyncio.gather(
        *(attempt(world.gate, world.owner, proof=b"wrong", address=ELSEWHERE) for _ in range(30))
    )
    assert opened == [[]] * 30
    assert await failures(world) == {False: 120}


async def test_a_first_failure_is_counted_though_it_races_another(world: World) -> None:
    await asyncio.gather(*(attempt(world.gate, world.owner, proof=b"wrong") for _ in range(12)))
    assert await failures(world) == {True: 12}


async def test_it_opens_no_session_for_a_verifier_presented_as_proof(world: World) -> None:
    # What a stolen table holds is of no use here: the database compares the SHA-256 of what is presented.
    [row] = await world.observe(
        "select p.verifier from identity.password p join identity.account a on a.id = p.id where a.email = $1",
        world.owner.email,
    )
    assert await attempt(world.gate, world.owner, proof=row["verifier"]) == []


async def test_part_web_cannot_sign_anybody_in(world: World) -> None:
    async with world.installed.role("app") as connection:
        for call in (
            "identity.sign_in('a', 'b', '', '', '::1', '')",
            "identity.password_parameters('a', 'b', '::1')",
            "identity.open_session(gen_random_uuid(), gen_random_uuid(), '', '::1', '')",
            "identity.rehash('a', 'b', '', '', 1, 1, 1, '')",
            "identity.accept_invitation('', '', '', 1, 1, 1, '')",
        ):
            with pytest.raises(Exception, match="permission denied for function"):
                await connection.execute(f"select {call}")


async def test_the_old_password_is_worth_nothing_in_the_moment_it_is_changed(world: World) -> None:
    async with world.installed.superuser() as changing:
        await changing.execute("begin")
        await changing.execute(f"select context.stamp('{await world.tenant_id()}', null, null, '', 'command')")
        await changing.execute(
            "update identity.password set verifier = sha256('another') where id = $1", world.owner.id
        )
        trying = asyncio.create_task(attempt(world.gate, world.owner))
        await world.somebody_waits()
        await changing.execute("commit")
        assert await trying == []


async def test_a_deactivation_leaves_no_session_that_was_being_opened(world: World) -> None:
    member = await world.account("member")
    async with world.installed.superuser() as changing:
        await changing.execute("begin")
        await changing.execute(f"select context.stamp('{await world.tenant_id()}', null, null, '', 'command')")
        await changing.execute("update identity.account set status = 'deactivated' where id = $1", member.id)
        trying = asyncio.create_task(attempt(world.gate, member))
        await world.somebody_waits()
        await changing.execute("commit")
        assert await trying == []
    assert await world.observe("select from identity.session where account_id = $1", member.id) == []


class CountingHasher:
    """Remembers the cost of each hash that was asked for."""

    def __init__(self, proof: bytes) -> None:
        self.answer = proof
        self.costs: list[Parameters] = []

    async def proof(self, password: str, salt: bytes, parameters: Parameters) -> bytes:
        self.costs.append(parameters)
        return self.answer


@pytest.mark.parametrize("case", ["right", "wrong password", "unknown account", "unknown tenant", "suspended"])
async def test_every_attempt_costs_the_same_work(world: World, case: str) -> None:
    if case == "suspended":
        await world.suspend()
    hasher = CountingHasher(random_proof() if case == "wrong password" else world.owner.proof)
    slug = "no-such-tenant" if case == "unknown tenant" else world.slug
    email = "nobody@example.com" if case == "unknown account" else world.owner.email
    attempt = await actions.begin_sign_in(
        world.gate, tenant=slug, email=email, caller=Caller(ADDRESS, "test", "request", None)
    )
    if case == "right":
        assert (
            await actions.sign_in(world.gate, cast("Hasher", hasher), attempt, password="x")
        ).account_id == world.owner.id
    else:
        with pytest.raises(Unauthorized) as refusal:
            await actions.sign_in(world.gate, cast("Hasher", hasher), attempt, password="x")
        assert (refusal.value.name, refusal.value.detail) == (
            "sign-in-refused",
            "Tenant, e-mail address or password is not right.",
        )
    assert hasher.costs == [Parameters(65536, 3, 4)]
