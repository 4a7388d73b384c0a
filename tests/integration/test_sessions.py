"""Sessions: how long they live, and what ends them."""

import asyncpg
import pytest

from belsimple.database.queries import load_queries
from belsimple.identity import account
from belsimple.web.problems import NotFound
from tests.support.people import COST, attempt, digest, random_proof
from tests.support.world import World, refused

identity = load_queries("belsimple.identity")
settings = load_queries("belsimple.tenancy")


async def lives(world: World, token: bytes) -> bool:
    try:
        async with world.app.tenant(token, writing=False):
            return True
    except asyncpg.InvalidAuthorizationSpecificationError:
        return False


async def age(world: World, token: bytes, **columns: str) -> None:
    """Set time columns of a session, as SQL expressions."""
    changes = ", ".join(f"{name} = {expression}" for name, expression in columns.items())
    await world.as_owner(f"update identity.session set {changes} where token_hash = $1", digest(token))


async def last_seen_seconds_ago(world: World, token: bytes) -> float:
    [row] = await world.observe(
        "select extract(epoch from now() - last_seen)::float8 as ago from identity.session where token_hash = $1",
        digest(token),
    )
    return row["ago"]


async def test_a_session_ends_half_an_hour_after_its_last_use(world: World) -> None:
    token = await world.session()
    await age(world, token, last_seen="now() - interval '29 minutes 55 seconds'")
    assert await lives(world, token)
    await age(world, token, last_seen="now() - interval '30 minutes'")
    assert not await lives(world, token)


async def test_a_session_ends_after_twelve_hours_however_busy(world: World) -> None:
    token = await world.session()
    [row] = await world.observe(
        "select expires_at - created_at as length from identity.session where token_hash = $1", digest(token)
    )
    assert row["length"].total_seconds() == 12 * 3600
    await age(world, token, expires_at="now()")
    assert not await lives(world, token)


async def test_a_tenants_own_limits_hold_for_the_sessions_there_are(world: World) -> None:
    token, other = await world.session(), await world.session()
    async with world.acting(token=token) as transaction:
        await transaction.value(settings.change_settings, name=None, language=None, idle=5, absolute=60, expected=1)
    await age(world, token, last_seen="now() - interval '4 minutes 55 seconds'")
    await age(world, other, last_seen="now() - interval '5 minutes'")
    assert await lives(world, token)
    assert not await lives(world, other)
    rows = await world.observe(
        "select expires_at - created_at as length from identity.session where token_hash = any ($1)",
        [digest(token), digest(await world.session())],
    )
    assert {row["length"].total_seconds() for row in rows} == {3600}


@pytest.mark.parametrize("limits", [{"idle": 4}, {"idle": 481}, {"absolute": 29}, {"absolute": 721}])
async def test_a_tenant_cannot_set_limits_beyond_the_promised_ones(world: World, limits: dict[str, int]) -> None:
    with refused("23514"):
        async with world.acting() as transaction:
            await transaction.value(
                settings.change_settings,
                **{"name": None, "language": None, "idle": None, "absolute": None, "expected": 1, **limits},
            )


async def test_last_use_is_written_at_most_once_a_minute(world: World) -> None:
    token = await world.session()
    await age(world, token, last_seen="now() - interval '55 seconds'")
    async with world.acting(token=token) as transaction:
        assert not transaction.touch_due
    await world.app.touch(token)
    assert await last_seen_seconds_ago(world, token) > 50
    await age(world, token, last_seen="now() - interval '61 seconds'")
    async with world.acting(token=token) as transaction:
        assert transaction.touch_due
    await world.app.touch(token)
    assert await last_seen_seconds_ago(world, token) < 10


async def test_a_touch_does_not_revive_what_is_over(world: World) -> None:
    idle, expired = await world.session(), await world.session()
    await age(world, idle, last_seen="now() - interval '31 minutes'")
    await age(world, expired, last_seen="now() - interval '2 minutes'", expires_at="now() - interval '1 second'")
    for token in (idle, expired):
        await world.app.touch(token)
        assert await last_seen_seconds_ago(world, token) > 100
        assert not await lives(world, token)


async def test_a_touch_waits_for_nobody(world: World) -> None:
    token = await world.session()
    await age(world, token, last_seen="now() - interval '2 minutes'")
    async with world.installed.superuser() as other:
        await other.execute("begin")
        await other.execute(
            "select from identity.session where token_hash = $1 for update".replace("$1", f"'\\x{digest(token).hex()}'")
        )
        await world.app.touch(token)
    assert await last_seen_seconds_ago(world, token) > 100


async def test_one_sees_and_ends_the_own_sessions_and_no_others(world: World) -> None:
    member = await world.account("member")
    mine, also_mine, theirs = await world.session(), await world.session(), await world.session(member)
    async with world.acting(token=mine) as transaction:
        listed = await account.sessions(transaction)
        current = [session for session in listed if session.current]
        assert [session.id for session in current] == [transaction.principal.session_id]
        [other] = [
            session
            for session in listed
            if session.id != transaction.principal.session_id and session.id == await own_id(world, also_mine)
        ]
        assert (other.address, other.agent) == ("192.0.2.1", "test")
        assert await own_id(world, theirs) not in {session.id for session in listed}
        with pytest.raises(NotFound):
            await account.end_session(transaction, session_id=await own_id(world, theirs))
        await account.end_session(transaction, session_id=other.id)
    assert [await lives(world, token) for token in (mine, also_mine, theirs)] == [True, False, True]


async def own_id(world: World, token: bytes):
    return (await world.observe("select id from identity.session where token_hash = $1", digest(token)))[0]["id"]


async def test_sessions_that_are_over_are_not_listed(world: World) -> None:
    token, idle = await world.session(), await world.session()
    await age(world, idle, last_seen="now() - interval '31 minutes'")
    async with world.acting(token=token) as transaction:
        assert await own_id(world, idle) not in {session.id for session in await account.sessions(transaction)}


async def change_password(world: World, token: bytes, proof: bytes, new: bytes) -> bytes | None:
    following = random_proof()
    async with world.gate.tenant(token, writing=True) as transaction:
        opened = await transaction.value(
            identity.change_own_password,
            current_proof=proof,
            salt=bytes(16),
            verifier=digest(new),
            token_hash=digest(following),
            address="192.0.2.1",
            agent="test",
            **COST,
        )
    return following if opened else None


async def test_a_changed_password_ends_every_session_and_goes_on_in_a_new_one(world: World) -> None:
    member = await world.account("member")
    asking, other, members = await world.session(), await world.session(), await world.session(member)
    new = random_proof()
    following = await change_password(world, asking, world.owner.proof, new)
    assert following is not None
    assert [await lives(world, token) for token in (asking, other, following, members)] == [False, False, True, True]
    assert await attempt(world.gate, world.owner) == []
    assert await attempt(world.gate, world.owner, proof=new)


async def test_a_wrong_current_password_changes_nothing_and_is_counted(world: World) -> None:
    token = await world.session()
    assert await change_password(world, token, random_proof(), random_proof()) is None
    assert await lives(world, token)
    assert len(await world.trail(action="password_refused", account_id=world.owner.id)) == 1
    await world.as_owner("update identity.sign_in_failure set failures = 100 where account_id = $1", world.owner.id)
    assert await change_password(world, token, world.owner.proof, random_proof()) is None  # the hundredth in a row


async def test_a_right_password_ends_the_row_of_failures(world: World) -> None:
    token = await world.session()
    await change_password(world, token, random_proof(), random_proof())
    async with world.gate.tenant(token, writing=True) as transaction:
        assert await transaction.value(identity.reauthenticate, proof=world.owner.proof)
    assert await world.observe("select from identity.sign_in_failure where account_id = $1", world.owner.id) == []


async def test_reauthentication_makes_a_session_fresh_for_a_quarter_of_an_hour(world: World) -> None:
    token = await world.session()
    await age(world, token, authenticated_at="now() - interval '15 minutes'")
    async with world.gate.tenant(token, writing=True) as transaction:
        assert not transaction.principal.fresh
        assert not await transaction.value(identity.reauthenticate, proof=random_proof())
    async with world.gate.tenant(token, writing=True) as transaction:
        assert not transaction.principal.fresh
        assert await transaction.value(identity.reauthenticate, proof=world.owner.proof)
    async with world.gate.tenant(token, writing=True) as transaction:
        assert transaction.principal.fresh
    assert [row["session_id"] for row in await world.trail(action="reauthenticated")] == [await own_id(world, token)]


async def test_deactivation_ends_every_session_and_reactivation_brings_none_back(world: World) -> None:
    member = await world.account("member")
    tokens = [await world.session(member) for _ in range(2)]
    await world.deactivate(member)
    assert not any([await lives(world, token) for token in tokens])
    async with world.acting() as transaction:
        await account.change_member(transaction, member_id=member.id, status="active", roles=None, expected=None)
    assert not any([await lives(world, token) for token in tokens])
    assert await lives(world, await world.session(member))


async def test_suspension_ends_every_session_of_the_tenant_and_of_no_other(world: World) -> None:
    _, stranger = await world.another_tenant()
    mine, theirs = await world.session(), await world.session(stranger)
    await world.suspend()
    assert [await lives(world, token) for token in (mine, theirs)] == [False, True]
    await world.resume()
    assert not await lives(world, mine)
    assert await lives(world, await world.session())


async def test_a_verifier_that_changes_by_any_path_ends_the_sessions(world: World) -> None:
    token = await world.session()
    async with world.installed.owner() as connection, connection.transaction():
        await connection.execute(f"select context.stamp('{await world.tenant_id()}', null, null, '', 'command')")
        await connection.execute(
            "update identity.password set verifier = sha256('set by somebody') where id = $1", world.owner.id
        )
    assert not await lives(world, token)


async def test_permissions_are_read_at_every_request(world: World) -> None:
    member = await world.account("member")
    token = await world.session(member)
    async with world.acting(token=token) as transaction:
        assert "audit:read" not in transaction.principal.permissions
    async with world.acting() as transaction:
        await account.change_member(transaction, member_id=member.id, status=None, roles=["auditor"], expected=None)
    async with world.acting(token=token) as transaction:
        assert "audit:read" in transaction.principal.permissions
        assert "dossiers:write" not in transaction.principal.permissions
