"""An operator's session: what it is good for, and everything that ends it at once."""

import asyncio
import os

import pytest

from belsimple.database.transaction import Database
from tests.support.databases import ONE_PROFILE, Installed
from tests.support.operators import OperatorApi, attempt, digest, sign_in, signed_in
from tests.support.people import COST
from tests.support.world import World, refused


async def test_it_opens_the_operators_side(operators: OperatorApi) -> None:
    operator = await operators.operator("security")
    session = await signed_in(operators.database, operator)
    me = await operators(session, "GET", "/me")
    assert (me.status, me.json["email"], me.json["role"]) == (200, operator.email, "security")
    [own] = (await operators(session, "GET", "/sessions")).json["items"]
    assert (own["current"], own["address"], own["agent"]) == (True, "192.0.2.1", "test")


@ONE_PROFILE
async def test_neither_side_takes_the_others_session(operators: OperatorApi, tenant: World) -> None:
    session = await operators.session()
    with refused("28000"):
        async with tenant.app.tenant(session, writing=False):
            pass
    owners = await tenant.session()
    assert (await operators(owners, "GET", "/me")).status == 401
    tenants_cookie = operators.cookie.replace("operator-", "")
    assert (await operators(None, "GET", "/me", headers={"cookie": f"{tenants_cookie}=x"})).status == 401


@pytest.mark.parametrize(
    "statement",
    [
        "update operators.session set last_seen = now() - interval '15 minutes'",
        "update operators.session set expires_at = now()",
        "delete from operators.session",
    ],
    ids=["idle", "absolute", "gone"],
)
@ONE_PROFILE
async def test_it_ends_by_time(operators: OperatorApi, statement: str) -> None:
    session = await operators.session()
    await operators.own(statement)
    answer = await operators(session, "GET", "/me")
    assert (answer.status, answer.problem) == (401, "no-session")
    assert f"{operators.cookie}=; " in answer.headers["set-cookie"]


@ONE_PROFILE
async def test_it_lasts_eight_hours_and_fifteen_minutes_without_use(operators: OperatorApi) -> None:
    session = await operators.session()
    await operators.own("update operators.session set last_seen = now() - interval '14 minutes 50 seconds'")
    assert (await operators(session, "GET", "/me")).status == 200
    await asyncio.sleep(0.2)  # the touch is written after the answer
    [row] = await operators.observe(
        "select now() - last_seen as idle, expires_at - created_at as life from operators.session where token_hash = $1",
        digest(session),
    )
    assert row["idle"].total_seconds() < 60
    assert row["life"].total_seconds() == 8 * 3600


@ONE_PROFILE
async def test_signing_out_ends_it(operators: OperatorApi) -> None:
    session = await operators.session()
    assert (await operators(session, "DELETE", "/session")).status == 204
    assert (await operators(session, "GET", "/me")).status == 401


@ONE_PROFILE
async def test_one_ends_the_own_sessions_only(operators: OperatorApi) -> None:
    operator = await operators.operator()
    here, there = await signed_in(operators.database, operator), await signed_in(operators.database, operator)
    stranger = await operators.session("support")
    [others] = (await operators(stranger, "GET", "/sessions")).json["items"]
    assert (await operators(here, "DELETE", f"/sessions/{others['id']}")).status == 404
    listed = (await operators(here, "GET", "/sessions")).json["items"]
    [other] = [one for one in listed if not one["current"]]
    assert (await operators(here, "DELETE", f"/sessions/{other['id']}")).status == 204
    assert (await operators(there, "GET", "/me")).status == 401
    assert (await operators(stranger, "GET", "/me")).status == 200


async def test_deactivation_ends_them_and_lets_nobody_in_again(operators: OperatorApi) -> None:
    boss, operator = await operators.session(), await operators.operator("support")
    session = await signed_in(operators.database, operator)
    answer = await operators(boss, "PATCH", f"/operators/{operator.id}", {"status": "deactivated"})
    assert answer.json["status"] == "deactivated"
    assert (await operators(session, "GET", "/me")).status == 401
    assert await attempt(operators.database, operator) == []
    assert (await operators.mails(operator.email))[-1] == ("operator_changed", {"change": "deactivated"})
    assert (await operators(boss, "PATCH", f"/operators/{operator.id}", {"status": "active"})).status == 200
    assert (await operators.mails(operator.email))[-1] == ("operator_changed", {"change": "reactivated"})
    assert len(await attempt(operators.database, operator)) == 1


async def test_a_new_password_ends_them_and_is_told_by_mail(operators: OperatorApi) -> None:
    operator = await operators.operator()
    here, there = await signed_in(operators.database, operator), await signed_in(operators.database, operator)
    token, proof = os.urandom(32), os.urandom(32)
    new = {"salt": os.urandom(16), "verifier": digest(proof), **COST}
    async with operators.database.operator(here, writing=True) as transaction:
        opened = await transaction.value(
            sign_in.change_own_password,
            current_proof=operator.proof,
            **new,
            token_hash=digest(token),
            address="192.0.2.1",
            agent="test",
        )
    assert opened is not None
    assert [(await operators(one, "GET", "/me")).status for one in (here, there, token)] == [401, 401, 200]
    assert (await operators.mails(operator.email))[-1] == ("operator_changed", {"change": "password"})
    assert "operator_password_changed" in await operators.trail(operator)


@ONE_PROFILE
async def test_no_trail_entry_holds_what_signs_in(operators: OperatorApi) -> None:
    operator = await operators.operator()
    await signed_in(operators.database, operator)
    kept = await operators.observe("select coalesce(string_agg(detail::text, ' '), '') as text from audit.system_entry")
    for secret in ("verifier", "salt", "token_hash"):
        assert f'"{secret}"' not in kept[0]["text"]


@ONE_PROFILE
async def test_a_change_without_an_actor_is_refused(operators: OperatorApi) -> None:
    async with operators.installed.owner() as connection:
        for forged in ("", "0" * 64 + "|operator:somebody"):
            await connection.execute("select set_config('operators.actor', $1, false)", forged)
            with refused("42501"):
                await connection.execute("update operators.profile set legal_name = 'Intruder'")


@ONE_PROFILE
async def test_an_actor_ends_with_its_transaction(fresh: Installed) -> None:
    async with fresh.owner() as connection:
        async with connection.transaction():
            await connection.execute("select operators.act_as('test')")
            setting = await connection.fetchval("select current_setting('operators.actor')")
        await connection.execute("select set_config('operators.actor', $1, false)", setting)
        with refused("42501"):
            await connection.execute("update operators.profile set legal_name = 'Intruder'")


@ONE_PROFILE
async def test_the_session_is_bound_by_the_transaction_alone(operators: OperatorApi) -> None:
    database: Database = operators.database
    async with database.operator(await operators.session(), writing=False) as transaction:
        with pytest.raises(TypeError, match="bound by the transaction"):
            await transaction.value(sign_in.me, session=bytes(32))
