"""A new browser that shows a code, or is to make a factor, waits for the mailbox."""

import pytest

from belsimple.identity import admission
from belsimple.identity.links import LinkOver
from belsimple.web.problems import Unauthorized
from tests.support.factors import (
    ELSEWHERE,
    add_passkey,
    add_totp,
    by_passkey,
    caller,
    change_policy,
    code_of,
    give_code,
    give_password,
    opens,
    pending,
    role_id,
)
from tests.support.links import opened, posted
from tests.support.world import World


async def test_a_code_in_a_new_browser_asks_the_mailbox(world: World) -> None:
    secret, _ = await add_totp(world, world.owner)
    token = await pending(world, world.owner, address=ELSEWHERE)
    admitted = await give_code(world, token, code_of(secret), address=ELSEWHERE)
    assert admitted.outcome == "browser"
    [mail] = await posted(world, "browser_confirmation", to=world.owner.email)
    assert mail.facts["address"] == ELSEWHERE
    link = await opened(world, mail)
    waiting = caller(admitted.token, address=ELSEWHERE)
    with pytest.raises(Unauthorized):
        await admission.prove_browser(world.gate, waiting)
    for _ in range(2):  # looking consumes nothing
        asked = await admission.browser_question(world.gate, token=link)
        assert asked
        assert (asked.address, asked.email) == (ELSEWHERE, world.owner.email)
    await admission.answer_browser(world.gate, caller(), token=link, yes=True)
    with pytest.raises(LinkOver):
        await admission.answer_browser(world.gate, caller(), token=link, yes=True)
    assert await opens(world, await admission.prove_browser(world.gate, waiting))


async def test_a_no_from_the_mailbox_ends_it(world: World) -> None:
    secret, _ = await add_totp(world, world.owner)
    token = await pending(world, world.owner, address=ELSEWHERE)
    admitted = await give_code(world, token, code_of(secret), address=ELSEWHERE)
    [mail] = await posted(world, "browser_confirmation", to=world.owner.email)
    await admission.answer_browser(world.gate, caller(), token=await opened(world, mail), yes=False)
    with pytest.raises(Unauthorized):
        await admission.prove_browser(world.gate, caller(admitted.token, address=ELSEWHERE))
    assert len(await world.trail(action="browser_denied")) == 1


async def test_a_passkey_in_a_new_browser_asks_nobody(world: World) -> None:
    device, _ = await add_passkey(world, world.owner)
    assert await opens(world, await by_passkey(world.gate, device, address=ELSEWHERE))


async def test_who_stole_a_password_makes_no_factor_without_the_mailbox(world: World) -> None:
    member = await world.account("member")
    await change_policy(world, factor_role_ids=[await role_id(world, "member")])
    admitted = await give_password(world, member, address=ELSEWHERE)
    assert admitted
    assert admitted.outcome == "browser"
    [mail] = await posted(world, "browser_confirmation", to=member.email)
    await admission.answer_browser(world.gate, caller(), token=await opened(world, mail), yes=True)
    assert (await admission.prove_browser(world.gate, caller(admitted.token, address=ELSEWHERE))).outcome == "enrolment"


async def test_a_stranger_with_the_password_fills_no_mailbox(world: World) -> None:
    member = await world.account("member")
    await change_policy(world, factor_role_ids=[await role_id(world, "member")])
    tried = [await give_password(world, member, address=ELSEWHERE) for _ in range(12)]
    assert [one is not None for one in tried] == [True] * 10 + [False] * 2
    assert len(await posted(world, "browser_confirmation", to=member.email)) == 10
