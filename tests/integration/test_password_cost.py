"""What hashing costs: never less than RFC 9106's second setting, more when the operator says so, and old passwords follow."""

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest

from belsimple.errors import OperatorError
from belsimple.identity import actions
from belsimple.identity.cost import raise_cost
from belsimple.identity.hashing import Hasher, Parameters
from belsimple.tenancy.actions import create_tenant
from belsimple.web.inputs import Caller
from belsimple.web.problems import Unauthorized
from tests.support.databases import Installed
from tests.support.people import COST, attempt, digest, identity, random_proof, token_bytes
from tests.support.world import World

PASSWORD = "correct horse battery staple"
CALLER = Caller("192.0.2.1", "test", "request", None)


@pytest.fixture(scope="module")
def hasher() -> Iterator[Hasher]:
    hasher = Hasher(2)
    yield hasher
    hasher.close()


async def cost_of(world: World, email: str) -> tuple[int, int, int]:
    [row] = await world.observe(
        "select p.memory_kib, p.iterations, p.lanes from identity.password p join identity.account a on a.id = p.id where a.email = $1",
        email,
    )
    return tuple(row)


async def sign_in(world: World, hasher: Hasher, slug: str, email: str, password: str = PASSWORD) -> bytes:
    begun = await actions.begin_sign_in(world.gate, tenant=f" {slug.upper()} ", email=email.upper(), caller=CALLER)
    return (await actions.sign_in(world.gate, hasher, begun, password=password)).token


async def test_a_password_follows_the_cost_at_its_next_sign_in_and_no_session_ends(
    own_world: World, hasher: Hasher
) -> None:
    world = own_world
    token = await create_tenant(world.installed.admin_url, slug="costly", owner="o@costly.example")
    await actions.accept_invitation(world.gate, hasher, token=token_bytes(token), name="Owner", password=PASSWORD)
    assert await cost_of(world, "o@costly.example") == (65536, 3, 4)
    before = await sign_in(world, hasher, "costly", "o@costly.example")

    assert await raise_cost(world.installed.admin_url, memory_mib=65, passes=3, actor="command:test") is True
    with pytest.raises(Unauthorized):  # a wrong attempt proves nothing, and changes nothing
        await sign_in(world, hasher, "costly", "o@costly.example", "wrong horse battery staple")
    assert await cost_of(world, "o@costly.example") == (65536, 3, 4)
    after = await sign_in(world, hasher, "costly", "o@costly.example")
    assert await cost_of(world, "o@costly.example") == (66560, 3, 4)

    for session in (before, after, await sign_in(world, hasher, "costly", "o@costly.example")):
        async with world.app.tenant(session, writing=False):
            pass
    unknown = await actions.begin_sign_in(world.gate, tenant="costly", email="nobody@costly.example", caller=CALLER)
    assert unknown.cost == Parameters(66560, 3, 4)  # the same work for who is not there


async def test_the_cost_only_rises(fresh: Installed) -> None:
    assert await raise_cost(fresh.admin_url, memory_mib=128, passes=4, actor="command:test") is True
    assert await raise_cost(fresh.admin_url, memory_mib=128, passes=4, actor="command:test") is False
    for memory, passes in ((64, 4), (128, 3), (256, 3)):
        with pytest.raises(OperatorError, match="this can only rise"):
            await raise_cost(fresh.admin_url, memory_mib=memory, passes=passes, actor="command:test")
    async with fresh.superuser() as connection:
        [entry] = await connection.fetch(
            "select actor, detail::text from audit.system_entry where action = 'hashing_raised'"
        )
        assert (entry["actor"], entry["detail"]) == ("command:test", '{"iterations": 4, "memory_kib": 131072}')
        for weaker in ("memory_kib = 65535", "iterations = 2", "lanes = 0"):
            with pytest.raises(asyncpg.CheckViolationError):
                await connection.execute(f"update identity.hashing set {weaker}")


async def test_a_rehash_needs_the_password(world: World) -> None:
    weak = {"slug": world.slug, "email": world.owner.email, "salt": bytes(16), "verifier": digest(b"mine")}
    await world.gate.call(identity.rehash, proof=random_proof(), **weak, **COST)
    assert await world.session()  # the old password still is the password
    with pytest.raises(asyncpg.CheckViolationError):
        await world.gate.call(identity.rehash, proof=world.owner.proof, **weak, **{**COST, "memory_kib": 8})


async def test_a_rehash_does_not_write_over_a_password_changed_meanwhile(world: World) -> None:
    async with world.installed.superuser() as changing:
        await changing.execute("begin")
        await changing.execute(f"select context.stamp('{await world.tenant_id()}', null, null, '', 'command')")
        await changing.execute(
            "update identity.password set verifier = sha256('another') where id = $1", world.owner.id
        )
        rehash = asyncio.create_task(
            world.gate.call(
                identity.rehash,
                slug=world.slug,
                email=world.owner.email,
                proof=world.owner.proof,
                salt=bytes(16),
                verifier=digest(b"mine"),
                **COST,
            )
        )
        await world.somebody_waits()
        await changing.execute("commit")
        await rehash
    assert await attempt(world.gate, world.owner, proof=b"another")
    assert await attempt(world.gate, world.owner, proof=b"mine") == []
