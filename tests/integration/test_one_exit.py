"""The one exit: what a sign-in still wants after the password, and what every proof after it is good for."""

import asyncio
import time

import pytest

from belsimple.identity import admission
from belsimple.identity.admission import Admitted
from belsimple.web.problems import Unauthorized
from tests.support.factors import (
    ELSEWHERE,
    FACTORS,
    add_passkey,
    add_totp,
    caller,
    code_of,
    give_code,
    give_password,
    opens,
    pending,
    pending_count,
    random_token,
    reasons,
)
from tests.support.links import posted
from tests.support.world import World, refused


async def test_a_password_alone_opens_where_nothing_more_is_asked(world: World) -> None:
    assert await opens(world, await give_password(world, world.owner))
    [entry] = (await world.trail(action="sign_in"))[-1:]
    assert '"proven": ["pwd"]' in entry["detail"]


async def test_who_has_an_app_needs_its_code(world: World) -> None:
    secret, _ = await add_totp(world, world.owner)
    token = await pending(world, world.owner)
    shown = await admission.pending(world.gate, caller(token))
    assert shown
    assert (shown.wants, shown.has_totp, shown.has_passkey, shown.email) == ("factor", True, False, world.owner.email)
    assert await opens(world, await give_code(world, token, code_of(secret)))
    assert await pending_count(world, world.owner) == 0


async def test_a_pending_sign_in_opens_nothing_by_itself(world: World) -> None:
    await add_totp(world, world.owner)
    token = await pending(world, world.owner)
    with refused("28000"):
        async with world.app.tenant(token, writing=False):
            pass


async def test_no_code_works_twice(world: World) -> None:
    secret, _ = await add_totp(world, world.owner)
    code = code_of(secret)
    assert await opens(world, await give_code(world, await pending(world, world.owner), code))
    with pytest.raises(Unauthorized):
        await give_code(world, await pending(world, world.owner), code)


async def test_an_older_code_than_the_last_is_over(world: World) -> None:
    secret, _ = await add_totp(world, world.owner)
    present = int(time.time() // 30)
    assert await opens(world, await give_code(world, await pending(world, world.owner), code_of(secret, present + 1)))
    with pytest.raises(Unauthorized):
        await give_code(world, await pending(world, world.owner), code_of(secret, present))


async def test_of_one_code_given_many_times_at_once_one_opens(world: World) -> None:
    secret, _ = await add_totp(world, world.owner)
    tokens = [await pending(world, world.owner) for _ in range(4)]
    code = code_of(secret)
    tried = await asyncio.gather(*(give_code(world, token, code) for token in tokens), return_exceptions=True)
    assert sum(isinstance(one, Admitted) for one in tried) == 1


async def test_of_one_pending_sign_in_used_many_times_at_once_one_opens(world: World) -> None:
    device, _ = await add_passkey(world, world.owner)
    token = await pending(world, world.owner)
    options = await admission.passkey_request(world.gate, FACTORS, caller(token))
    answers = [device.get(options) for _ in range(4)]
    tried = await asyncio.gather(
        *(admission.prove_passkey(world.gate, FACTORS, caller(token), credential=one) for one in answers),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Admitted) for one in tried) == 1


async def test_five_wrong_codes_end_the_pending_sign_in(world: World) -> None:
    secret, _ = await add_totp(world, world.owner)
    token = await pending(world, world.owner)
    for _ in range(5):
        with pytest.raises(Unauthorized):
            await give_code(world, token, "000000")
    with pytest.raises(Unauthorized):
        await give_code(world, token, code_of(secret))
    assert await reasons(world) == ["code"] * 5


async def test_wrong_codes_count_on_though_the_right_password_is_given_between(world: World) -> None:
    secret, _ = await add_totp(world, world.owner)
    for _ in range(2):
        token = await pending(world, world.owner, address=ELSEWHERE)
        for _ in range(4):
            with pytest.raises(Unauthorized):
                await give_code(world, token, "000000", address=ELSEWHERE)
    counted = await world.observe(
        "select familiar, failures from identity.sign_in_failure where account_id = $1", world.owner.id
    )
    assert [tuple(row) for row in counted] == [
        (False, 8)
    ]  # a stranger's: they lock nobody out where the person signs in
    assert await opens(world, await give_code(world, await pending(world, world.owner), code_of(secret)))


async def test_after_a_hundred_failures_no_code_is_looked_at(world: World) -> None:
    secret, _ = await add_totp(world, world.owner)
    token = await pending(world, world.owner)
    await world.as_owner(
        "insert into identity.sign_in_failure select tenant_id, id, true, 100, now() from identity.account where id = $1",
        world.owner.id,
    )
    with pytest.raises(Unauthorized):
        await give_code(world, token, code_of(secret))


async def test_a_pending_sign_in_is_bound_to_its_browser(world: World) -> None:
    secret, _ = await add_totp(world, world.owner)
    token = await pending(world, world.owner)
    with pytest.raises(Unauthorized):
        await give_code(world, token, code_of(secret), agent="another browser")
    with pytest.raises(Unauthorized):
        await give_code(world, random_token(), code_of(secret))
    assert await opens(world, await give_code(world, token, code_of(secret)))


async def test_a_pending_sign_in_is_over_after_ten_minutes(world: World) -> None:
    secret, _ = await add_totp(world, world.owner)
    token = await pending(world, world.owner)
    await world.as_owner(
        "update identity.pending_sign_in set expires_at = now() - interval '1 second' where account_id = $1",
        world.owner.id,
    )
    assert await admission.pending(world.gate, caller(token)) is None
    with pytest.raises(Unauthorized):
        await give_code(world, token, code_of(secret))
    async with world.installed.role("worker") as connection:
        assert await connection.fetchval("select identity.sweep_pending()") >= 1
    assert await pending_count(world, world.owner) == 0


async def test_a_code_of_another_account_is_worth_nothing(world: World) -> None:
    member = await world.account("member")
    secret, _ = await add_totp(world, member)
    await add_totp(world, world.owner)
    with pytest.raises(Unauthorized):
        await give_code(world, await pending(world, world.owner), code_of(secret))


async def test_a_recovery_code_works_once_and_is_told(world: World) -> None:
    _, codes = await add_totp(world, world.owner)
    token = await pending(world, world.owner)
    typed = codes[3].upper().replace("-", " ")
    assert await opens(world, await admission.prove_recovery_code(world.gate, caller(token), code=typed))
    with pytest.raises(Unauthorized):
        await admission.prove_recovery_code(world.gate, caller(await pending(world, world.owner)), code=codes[3])
    [mail] = await posted(world, "recovery_code_used", to=world.owner.email)
    assert mail.facts["left"] == 9
    assert len(await world.trail(action="recovery_code_used")) == 1


async def test_the_release_before_lets_nobody_in_without_the_factor(world: World) -> None:
    await add_totp(world, world.owner)
    async with world.installed.role("gate") as connection:
        assert (
            await connection.fetch(
                "select * from identity.sign_in($1, $2, $3, $4, '192.0.2.1', 'test')",
                world.slug,
                world.owner.email,
                world.owner.proof,
                random_token(),
            )
            == []
        )


@pytest.mark.parametrize("role", ["app", "gate", "worker"])
async def test_no_part_reaches_the_exit_but_by_a_proof(world: World, role: str) -> None:
    async with world.installed.role(role) as connection:
        for call in (
            "identity.admit(gen_random_uuid(), gen_random_uuid(), '{pwd}', '', '', '::1', '')",
            "identity.open_session(gen_random_uuid(), gen_random_uuid(), '', '::1', '')",
            "identity.hold_pending('', '{factor}', '')",
        ):
            with pytest.raises(Exception, match="permission denied for"):
                await connection.execute(f"select {call}")
