"""Passkeys: alone, as a second factor, and every answer that is not right."""

import pytest

from belsimple.identity import admission
from belsimple.web.problems import Unauthorized
from tests.support.factors import (
    FACTORS,
    add_passkey,
    by_passkey,
    caller,
    opens,
    pending,
    reasons,
)
from tests.support.world import World


async def test_a_passkey_opens_without_a_password(world: World) -> None:
    device, _ = await add_passkey(world, world.owner)
    admitted = await by_passkey(world.gate, device)
    assert admitted.account_id == world.owner.id
    assert await opens(world, admitted)
    [entry] = (await world.trail(action="sign_in"))[-1:]
    assert '"method": "passkey"' in entry["detail"]


async def test_a_passkey_is_a_second_factor(world: World) -> None:
    device, _ = await add_passkey(world, world.owner)
    token = await pending(world, world.owner)
    options = await admission.passkey_request(world.gate, FACTORS, caller(token))
    credential = device.get(options)
    assert await opens(world, await admission.prove_passkey(world.gate, FACTORS, caller(token), credential=credential))


async def test_an_answer_is_over_with_its_challenge(world: World) -> None:
    device, _ = await add_passkey(world, world.owner)
    token, options = await admission.begin_passkey(world.gate, FACTORS, caller())
    credential = device.get(options)
    assert await opens(world, await admission.prove_passkey(world.gate, FACTORS, caller(token), credential=credential))
    again, _ = await admission.begin_passkey(world.gate, FACTORS, caller())
    for cookie in (token, again):
        with pytest.raises(Unauthorized):
            await admission.prove_passkey(world.gate, FACTORS, caller(cookie), credential=credential)


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://localhost.example"},
        {"origin": "http://localhost"},
        {"host": "example"},
        {"unverified": True},
        {"other_user": True},
    ],
    ids=str,
)
async def test_a_wrong_answer_is_refused_and_ends_its_challenge(world: World, wrong: dict[str, object]) -> None:
    device, _ = await add_passkey(world, world.owner)
    token, options = await admission.begin_passkey(world.gate, FACTORS, caller())
    device.verified = "unverified" not in wrong
    if "other_user" in wrong:
        device.user = bytes(16)
    credential = device.get(
        options, **{name: str(value) for name, value in wrong.items() if name in ("origin", "host")}
    )
    with pytest.raises(Unauthorized):
        await admission.prove_passkey(world.gate, FACTORS, caller(token), credential=credential)
    assert await reasons(world) == ["signature"]
    assert await world.observe("select from identity.pending_sign_in where token_hash = sha256($1)", token) == []


@pytest.mark.parametrize(
    "credential", ["{}", "null", "[]", '{"rawId": 3}', '{"rawId": "AAAA", "response": 1}', "x", '{"rawId":"é"}']
)
async def test_what_is_no_answer_is_refused_like_a_wrong_one(world: World, credential: str) -> None:
    token, _ = await admission.begin_passkey(world.gate, FACTORS, caller())
    with pytest.raises(Unauthorized):
        await admission.prove_passkey(world.gate, FACTORS, caller(token), credential=credential)


async def test_a_copied_passkey_shows_by_its_counter(world: World) -> None:
    device, _ = await add_passkey(world, world.owner)
    await by_passkey(world.gate, device)
    await by_passkey(world.gate, device)
    device.count = 0  # the next is 1, which was used
    with pytest.raises(Unauthorized):
        await by_passkey(world.gate, device)
    assert await reasons(world) == ["sign_count"]
    device.count = -1  # without a counter now
    with pytest.raises(Unauthorized):
        await by_passkey(world.gate, device)


async def test_a_passkey_of_another_account_is_no_second_factor(world: World) -> None:
    member = await world.account("member")
    theirs, _ = await add_passkey(world, member)
    await add_passkey(world, world.owner)
    token = await pending(world, world.owner)
    options = await admission.passkey_request(world.gate, FACTORS, caller(token))
    with pytest.raises(Unauthorized):
        await admission.prove_passkey(world.gate, FACTORS, caller(token), credential=theirs.get(options))
