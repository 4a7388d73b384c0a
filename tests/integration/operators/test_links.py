"""Operators' invitations and resets: each link works once, for its time, and following it consumes nothing."""

import asyncio
import os

import pytest

from belsimple.operators.commands import first_invitation, invite_operator, list_operators
from tests.support.databases import ONE_PROFILE
from tests.support.operators import OperatorApi, links, signed_in
from tests.support.people import COST, digest, token_bytes

PASSWORD = "four unrelated words here"


async def invited(operators: OperatorApi, email: str, **more: str) -> str:
    boss = await operators.session()
    answer = await operators(boss, "POST", "/invitations", {"email": email, "role": "support", **more})
    assert answer.status == 201
    return answer.json["id"]


async def accept(operators: OperatorApi, token: str, email: str | None = None) -> int:
    """Accept without hashing; how many became operators."""
    made = await operators.database.call(
        links.accept_invitation,
        token_hash=digest(token_bytes(token)),
        email=email,
        name="Emma",
        salt=os.urandom(16),
        verifier=os.urandom(32),
        **COST,
    )
    return len(made)


async def test_an_invitation_is_mailed_and_makes_an_operator_once(operators: OperatorApi, email: str) -> None:
    await invited(operators, email, language="nl")
    assert await operators.mails(email) == [("operator_invitation", {"role": "support"})]
    token = await operators.mailed_link(email)
    results = await asyncio.gather(*(accept(operators, token) for _ in range(3)))
    assert sorted(results) == [0, 0, 1]
    [row] = await operators.observe("select role, language, status from operators.account where email = $1", email)
    assert tuple(row) == ("support", "nl", "active")


@ONE_PROFILE
async def test_following_the_link_consumes_nothing(operators: OperatorApi, email: str) -> None:
    await invited(operators, email)
    token = await operators.mailed_link(email)
    for _ in range(3):
        page = await operators(None, "GET", f"/operator/invitation?token={token}")
        assert page.status == 200
        assert email in page.body.decode()
    form = f"token={token}&name=Emma+Claes&password={PASSWORD.replace(' ', '+')}".encode()
    urlencoded = {"content-type": "application/x-www-form-urlencoded"}
    refused = await operators(None, "POST", "/operator/invitation", form[:-15], headers=urlencoded)
    assert (refused.status, "at least 15 characters" in refused.body.decode().lower()) == (422, True)
    done = await operators(None, "POST", "/operator/invitation", form, headers=urlencoded)
    assert (done.status, email in done.body.decode()) == (200, True)
    assert (await operators(None, "POST", "/operator/invitation", form, headers=urlencoded)).status == 404
    assert (await operators(None, "GET", f"/operator/invitation?token={token}")).status == 404
    assert (await operators(None, "GET", "/operator/invitation?token=nonsense")).status == 404


@ONE_PROFILE
@pytest.mark.parametrize("how", ["late", "withdrawn", "replaced"])
async def test_an_invitation_that_is_over_lets_nobody_in(operators: OperatorApi, email: str, how: str) -> None:
    invitation = await invited(operators, email)
    token = await operators.mailed_link(email)
    if how == "late":
        await operators.own("update operators.invitation set expires_at = now()")
    elif how == "withdrawn":
        boss = await operators.session()
        assert (await operators(boss, "DELETE", f"/invitations/{invitation}")).status == 204
        assert (await operators(boss, "DELETE", f"/invitations/{invitation}")).status == 404
    else:
        await invited(operators, email)
    assert await accept(operators, token) == 0


@ONE_PROFILE
async def test_nobody_who_is_one_is_invited(operators: OperatorApi) -> None:
    operator, boss = await operators.operator("support"), await operators.session()
    answer = await operators(boss, "POST", "/invitations", {"email": operator.email.upper(), "role": "platform"})
    assert (answer.status, answer.problem) == (409, "already-operator")


async def test_the_first_operator_gives_an_address_and_is_the_only_first_one(
    own_operators: OperatorApi, email: str
) -> None:
    earlier, token = (
        await first_invitation(own_operators.installed.admin_url),
        await first_invitation(own_operators.installed.admin_url),
    )
    assert earlier is not None
    assert token is not None
    assert await accept(own_operators, earlier, email) == 0  # the later one took its place
    body = {"token": token, "name": "Emma", "password": PASSWORD}
    missing = await own_operators(None, "POST", "/invitations/acceptance", body)
    assert (missing.status, missing.pointers) == (422, ["/email"])
    raced = await asyncio.gather(*(accept(own_operators, token, f"{name}@operator.example") for name in ("one", "two")))
    assert sorted(raced) == [0, 1]
    [first] = await list_operators(own_operators.installed.admin_url)
    assert first.role == "platform"
    assert await first_invitation(own_operators.installed.admin_url) is None


@ONE_PROFILE
async def test_the_first_link_is_over_once_there_is_an_operator(own_operators: OperatorApi, email: str) -> None:
    token = await first_invitation(own_operators.installed.admin_url)
    assert token is not None
    await own_operators.operator("support")
    assert (await own_operators(None, "GET", f"/operator/invitation?token={token}")).status == 404
    assert await accept(own_operators, token, email) == 0


@ONE_PROFILE
async def test_a_command_invites_by_mail_and_by_a_link_of_its_own(operators: OperatorApi, email: str) -> None:
    printed = await invite_operator(operators.installed.admin_url, email=email, role="security")
    mailed = await operators.mailed_link(email)
    assert await accept(operators, printed) == 1
    assert await accept(operators, mailed) == 0  # one invitation, two links


async def test_a_reset_sets_a_password_once_and_ends_everything(operators: OperatorApi) -> None:
    operator = await operators.operator()
    session = await signed_in(operators.database, operator)
    token = await reset_of(operators, operator.email)
    spare = await reset_of(operators, operator.email)
    page = await operators(None, "GET", f"/operator/reset?token={token}")
    assert (page.status, operator.email in page.body.decode()) == (200, True)
    body = {"token": token, "password": PASSWORD}
    results = await asyncio.gather(*(operators(None, "POST", "/password-resets/confirmation", body) for _ in range(2)))
    assert sorted(one.status for one in results) == [204, 404]
    assert (await operators(session, "GET", "/me")).status == 401
    late = await operators(None, "POST", "/password-resets/confirmation", {"token": spare, "password": PASSWORD})
    assert late.status == 404
    assert (await operators(None, "GET", f"/operator/reset?token={token}")).status == 404
    opened = await operators(None, "POST", "/session", {"email": operator.email, "password": PASSWORD})
    assert opened.status == 201
    assert (await operators.mails(operator.email))[-1] == ("operator_changed", {"change": "password"})


@ONE_PROFILE
@pytest.mark.parametrize("how", ["late", "deactivated"])
async def test_a_reset_that_is_over_changes_nothing(operators: OperatorApi, how: str) -> None:
    await operators.operator()
    operator = await operators.operator("support")
    token = await reset_of(operators, operator.email)
    if how == "late":
        await operators.own("update operators.reset set expires_at = now()")
    else:
        await operators.own("update operators.account set status = 'deactivated' where email = $1", operator.email)
        await operators.own("update operators.account set status = 'active' where email = $1", operator.email)
    answer = await operators(None, "POST", "/password-resets/confirmation", {"token": token, "password": PASSWORD})
    assert (answer.status, answer.problem) == (404, "link-not-valid")
    assert (await operators(None, "GET", f"/operator/reset?token={token}")).status == 404


@ONE_PROFILE
async def test_asking_for_a_reset_tells_nothing(operators: OperatorApi) -> None:
    operator = await operators.operator()
    answers = [
        await operators(None, "POST", "/password-resets", {"email": email})
        for email in (operator.email, "nobody@operator.example")
    ]
    assert [(one.status, one.body) for one in answers] == [(202, b"")] * 2
    queued = await operators.observe(
        "select 1 from jobs.procrastinate_jobs where task_name = 'belsimple.operator_reset'"
    )
    assert len(queued) >= 2
    assert await answered(operators) >= 2
    assert [kind for kind, _ in await operators.mails(operator.email)] == ["operator_reset"]
    assert await operators.mails("nobody@operator.example") == []


@ONE_PROFILE
async def test_a_stranger_who_asks_in_ones_name_keeps_nobody_from_asking(operators: OperatorApi) -> None:
    operator = await operators.operator()
    statuses = {
        address: [
            (
                await operators(
                    None,
                    "POST",
                    "/password-resets",
                    {"email": operator.email},
                    headers={"x-belsimple-address": address},
                )
            ).status
            for _ in range(times)
        ]
        for address, times in (("203.0.113.7", 6), ("198.51.100.9", 1))
    }
    assert statuses == {"203.0.113.7": [202] * 4 + [429] * 2, "198.51.100.9": [202]}


@ONE_PROFILE
async def test_an_address_that_grows_when_folded_is_nobodys(operators: OperatorApi) -> None:
    assert (await operators(None, "POST", "/password-resets", {"email": "\u0130" * 300})).status == 202


@ONE_PROFILE
async def test_five_open_resets_are_enough(operators: OperatorApi) -> None:
    operator = await operators.operator()
    for _ in range(7):
        await operators.database.call(links.request_reset, email=operator.email)
    assert await answered(operators) >= 7  # others may have asked too
    assert len(await operators.mails(operator.email)) == 5


async def reset_of(operators: OperatorApi, email: str) -> str:
    """Ask for a reset and let the worker answer; the token in the mail."""
    await operators.database.call(links.request_reset, email=email)
    await answered(operators)
    return await operators.mailed_link(email)


async def answered(operators: OperatorApi) -> int:
    """Answer what was asked for as the worker does; how many."""
    waiting = await operators.observe("select id from operators.reset_request")
    async with operators.installed.role("worker") as worker:
        for row in waiting:
            await worker.execute("select operators.answer_reset($1)", row["id"])
    return len(waiting)
