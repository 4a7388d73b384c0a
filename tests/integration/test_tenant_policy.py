"""What a tenant's policy makes of a sign-in: factors by role, ways, networks, sessions at once."""

import datetime as dt

import pytest

from belsimple.attack.authenticator import Authenticator
from belsimple.identity import admission, api_tokens
from belsimple.web.problems import Unauthorized
from tests.support.factors import (
    ELSEWHERE,
    FACTORS,
    add_passkey,
    by_passkey,
    caller,
    change_policy,
    code_of,
    give_password,
    opens,
    reasons,
    role_id,
)
from tests.support.links import kinds
from tests.support.people import ADDRESS
from tests.support.world import World, refused


async def test_a_role_that_needs_a_factor_wants_one_made(world: World) -> None:
    member = await world.account("member")
    await change_policy(world, factor_role_ids=[await role_id(world, "member")])
    admitted = await give_password(world, member)
    assert admitted
    assert admitted.outcome == "enrolment"
    shown = await admission.pending(world.gate, caller(admitted.token))
    assert shown
    secret = await admission.begin_enrolment(world.gate, FACTORS, caller(admitted.token), shown)
    assert await admission.enrolment_secret(world.gate, FACTORS, caller(admitted.token)) == secret
    with pytest.raises(Unauthorized):
        await admission.enrol_code(world.gate, FACTORS, caller(admitted.token), code="000000")
    made = await admission.enrol_code(world.gate, FACTORS, caller(admitted.token), code=code_of(secret))
    assert await opens(world, made)
    assert len(made.recovery_codes) == 10
    assert "factor_added" in await kinds(world, member.email)


async def test_a_passkey_can_be_made_while_signing_in(world: World) -> None:
    member = await world.account("member")
    await change_policy(world, factor_role_ids=[await role_id(world, "member")])
    admitted = await give_password(world, member)
    assert admitted
    shown = await admission.pending(world.gate, caller(admitted.token))
    assert shown
    device = Authenticator(FACTORS.party.origin)
    options = admission.creation_request(FACTORS, caller(admitted.token), shown)
    made = await admission.enrol_passkey(
        world.gate, FACTORS, caller(admitted.token), credential=device.create(options), name="Telephone"
    )
    assert await opens(world, made)
    assert await opens(world, await by_passkey(world.gate, device))


async def test_from_another_network_nobody_comes_in(world: World) -> None:
    await change_policy(world, networks=["192.0.2.0/24"])
    assert await opens(world, await give_password(world, world.owner))
    assert await give_password(world, world.owner, address=ELSEWHERE) is None
    assert await reasons(world) == ["network"]


async def test_a_session_from_another_network_is_not_there(world: World) -> None:
    session = await world.session()
    await change_policy(world, networks=["192.0.2.0/24"])
    session = await world.session()
    async with world.app.tenant(session, writing=False, address=ADDRESS):
        pass
    with refused("28000"):
        async with world.app.tenant(session, writing=False, address=ELSEWHERE):
            pass


async def test_an_api_token_opens_nothing_from_another_network(world: World) -> None:
    async with world.acting() as inside:
        until = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
        made = await api_tokens.create_token(inside, name="Export", scopes=["dossiers:read"], expires_at=until)
    await change_policy(world, networks=["192.0.2.0/24"])
    async with world.app.tenant(made.token.encode(), writing=False, address=ADDRESS):
        pass
    with refused("28000"):
        async with world.app.tenant(made.token.encode(), writing=False, address=ELSEWHERE):
            pass


async def test_of_too_many_sessions_the_oldest_end(world: World) -> None:
    member = await world.account("member")
    await change_policy(world, most_sessions=2)
    sessions = [await world.session(member) for _ in range(3)]
    with refused("28000"):
        async with world.app.tenant(sessions[0], writing=False):
            pass
    for session in sessions[1:]:
        async with world.app.tenant(session, writing=False):
            pass


async def test_where_only_passkeys_open_the_password_makes_the_first_one_and_nothing_else(world: World) -> None:
    session = await world.session()
    await add_passkey(world, world.owner, session=session)
    member = await world.account("member")
    await change_policy(world, session=session, ways=["passkey"])
    admitted = await give_password(world, member)
    assert admitted
    assert admitted.outcome == "enrolment"
    shown = await admission.pending(world.gate, caller(admitted.token))
    assert shown
    assert not shown.totp_allowed
    assert await give_password(world, world.owner) is None  # has one already
