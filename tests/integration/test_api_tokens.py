"""API tokens: shown once, never more than their scopes nor than their owner may do now, and gone with what lets the owner in."""

import datetime as dt
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from belsimple.identity import account
from belsimple.identity import api_tokens as tokens
from belsimple.identity.api_tokens import NewApiToken, checksum_of, new_text
from belsimple.server.assembly import all_endpoints
from tests.support.api import Api, Response
from tests.support.people import COST, Account, digest, identity, random_proof
from tests.support.world import World, refused

YEAR = dt.timedelta(days=365)
READ = ["dossiers:read"]


@pytest_asyncio.fixture
async def api(world: World) -> AsyncIterator[Api]:
    async with Api.serving(world.installed, [one for one in all_endpoints() if one.part == "web"]) as serving:
        yield serving


async def made(world: World, who: Account | None = None, scopes: list[str] | None = None) -> NewApiToken:
    async with world.acting(who) as transaction:
        until = dt.datetime.now(dt.UTC) + dt.timedelta(days=30)
        return await tokens.create_token(transaction, name="Export", scopes=scopes or READ, expires_at=until)


async def shown(api: Api, token: str, method: str, target: str, json: Any = None, **headers: str) -> Response:
    return await api(None, method, target, json, headers={"authorization": f"Bearer {token}", **headers})


def test_a_token_has_its_shape_and_its_checksum() -> None:
    text = new_text()
    assert text.startswith("bel_")
    assert len(text) == 4 + 43 + 6
    assert checksum_of(text[4:47]) == text[47:]
    assert len({new_text() for _ in range(100)}) == 100


async def test_a_program_reads_with_it_what_its_scopes_allow(world: World, api: Api) -> None:
    token = await made(world)
    assert (await shown(api, token.token, "GET", "/api/v1/dossiers")).status == 200
    refusal = await shown(api, token.token, "POST", "/api/v1/dossiers", {"title": "No"})
    assert (refusal.status, refusal.problem) == (403, "forbidden")
    who = await shown(api, token.token, "GET", "/api/v1/me")
    assert (who.json["permissions"], who.json["id"]) == (READ, str(world.owner.id))


async def test_what_it_changes_is_its_owners_in_the_trail(world: World, api: Api) -> None:
    token = await made(world, scopes=["dossiers:write"])
    assert token.scopes == ["dossiers:read", "dossiers:write"]
    dossier = await shown(api, token.token, "POST", "/api/v1/dossiers", {"title": "By a program"})
    assert dossier.status == 201
    async with world.installed.superuser() as admin:
        entry = await admin.fetchrow(
            "select account_id, session_id, source from audit.entry where object_type = 'dossiers.dossier' and new ->> 'id' = $1",
            dossier.json["id"],
        )
    assert tuple(entry) == (world.owner.id, token.id, "token")


async def test_its_scopes_end_where_its_owners_rights_end(world: World, api: Api) -> None:
    member = await world.account("member")
    token = await made(world, member, ["dossiers:write"])
    async with world.acting() as transaction:
        await account.change_member(transaction, member_id=member.id, status=None, roles=["auditor"], expected=None)
    assert (await shown(api, token.token, "POST", "/api/v1/dossiers", {"title": "No"})).status == 403
    assert (await shown(api, token.token, "GET", "/api/v1/dossiers")).status == 200


async def test_nobody_gives_a_token_what_they_do_not_hold(world: World) -> None:
    member = await world.account("member")
    with refused("BS403"):
        await made(world, member, ["members:write"])
    with refused("BS422"):
        await made(world, member, ["nothing:read"])


@pytest.mark.parametrize("days", [-1, 367])
async def test_it_ends_within_a_year(world: World, days: int) -> None:
    with refused("BS422"):
        async with world.acting() as transaction:
            until = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
            await tokens.create_token(transaction, name="Late", scopes=READ, expires_at=until)


async def test_a_program_makes_no_tokens_and_touches_no_account(world: World, api: Api) -> None:
    token = (await made(world, scopes=["dossiers:read", "members:write"])).token
    until = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).isoformat()
    body = {"name": "More", "scopes": READ, "expires_at": until}
    for method, target, json in (
        ("POST", "/api/v1/tokens", body),
        ("GET", "/api/v1/tokens", None),
        ("GET", "/api/v1/sessions", None),
        ("PATCH", "/api/v1/me", {"name": "Mallory"}),
        ("PATCH", f"/api/v1/members/{world.owner.id}", {"status": "deactivated"}),
        ("POST", "/api/v1/account/email-change", {"email": "mallory@example.be"}),
        ("GET", "/start", None),
        ("POST", "/account", None),
    ):
        answer = await shown(api, token, method, target, json)
        assert (answer.status, answer.problem) == (403, "session-required"), target


async def test_the_database_itself_lets_no_token_make_another(world: World) -> None:
    token = (await made(world)).token
    with refused("BS403"):
        async with world.app.tenant(token.encode(), writing=True) as transaction:
            until = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
            await tokens.create_token(transaction, name="More", scopes=READ, expires_at=until)


@pytest.mark.parametrize(
    "given",
    ["Bearer bel_short", "Bearer " + "x" * 53, "Bearer", "bearer bel_" + "0" * 49, "Bearer bel_" + "0" * 50],
)
async def test_what_is_no_token_of_ours_is_refused_and_no_cookie_helps(world: World, api: Api, given: str) -> None:
    session = await world.session()
    answer = await api(session, "GET", "/api/v1/dossiers", headers={"authorization": given})
    assert (answer.status, answer.problem) == (401, "token-refused")
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert "set-cookie" not in answer.headers


async def test_a_proxys_own_authorization_is_none_of_our_business(world: World, api: Api) -> None:
    session = await world.session()
    answer = await api(session, "GET", "/api/v1/dossiers", headers={"authorization": "Basic dXNlcjpwdw=="})
    assert answer.status == 200


async def test_it_is_dead_when_its_owner_ends_it_and_only_then(world: World, api: Api) -> None:
    token, colleague = await made(world), await world.account("admin")
    async with world.acting(colleague) as transaction:
        with pytest.raises(tokens.NotFound):
            await tokens.end_token(transaction, token_id=token.id)
    assert (await shown(api, token.token, "GET", "/api/v1/dossiers")).status == 200
    async with world.acting() as transaction:
        assert [one.id for one in await tokens.tokens(transaction)] == [token.id]
        await tokens.end_token(transaction, token_id=token.id)
    assert (await shown(api, token.token, "GET", "/api/v1/dossiers")).status == 401


async def test_a_deactivation_ends_it_for_good(world: World, api: Api) -> None:
    member = await world.account("member")
    token = await made(world, member)
    await world.deactivate(member)
    assert (await shown(api, token.token, "GET", "/api/v1/dossiers")).status == 401
    await world.reactivate(member)
    assert (await shown(api, token.token, "GET", "/api/v1/dossiers")).status == 401


async def test_a_new_password_ends_it(world: World, api: Api) -> None:
    token = await made(world)
    async with world.gate.tenant(await world.session(), writing=True) as transaction:
        assert await transaction.value(
            identity.change_own_password,
            current_proof=world.owner.proof,
            salt=bytes(16),
            verifier=digest(random_proof()),
            token_hash=digest(random_proof()),
            address="192.0.2.1",
            agent="test",
            **COST,
        )
    assert (await shown(api, token.token, "GET", "/api/v1/dossiers")).status == 401


async def test_a_suspension_refuses_it_and_loses_nothing(world: World, api: Api) -> None:
    token = await made(world)
    await world.suspend()
    assert (await shown(api, token.token, "GET", "/api/v1/dossiers")).status == 401
    await world.resume()
    assert (await shown(api, token.token, "GET", "/api/v1/dossiers")).status == 200


async def test_a_report_ends_it_and_tells_its_owner(world: World, api: Api) -> None:
    token = await made(world)
    await tokens.report_leaks(world.gate, [("bel_unknown", "elsewhere"), (token.token, "https://paste.example/1")])
    assert (await shown(api, token.token, "GET", "/api/v1/dossiers")).status == 401
    async with world.installed.superuser() as admin:
        told = await admin.fetch(
            "select action from audit.entry where action = 'token_leaked' and object_id = $1", token.id
        )
        mails = await admin.fetch(
            "select kind from mail.message where account_id = $1 order by created_at", world.owner.id
        )
    assert len(told) == 1
    assert [mail["kind"] for mail in mails][-2:] == ["token_made", "token_leaked"] or not mails


async def test_only_a_hash_is_kept(world: World) -> None:
    token = await made(world)
    async with world.installed.superuser() as admin:
        row = await admin.fetchrow("select * from identity.api_token where id = $1", token.id)
        trail = await admin.fetch("select new::text from audit.entry where object_type = 'identity.api_token'")
    assert row["token_hash"] == hashlib.sha256(token.token.encode()).digest()
    assert token.token not in str(dict(row))
    assert trail
    assert not any("token_hash" in (entry[0] or "") for entry in trail)


async def test_its_last_use_is_known_to_a_minute(world: World, api: Api) -> None:
    token = await made(world)
    await shown(api, token.token, "GET", "/api/v1/dossiers")
    async with world.acting() as transaction:
        for _ in range(50):
            [kept] = await tokens.tokens(transaction)
            if kept.last_used_at is not None:
                break
            await world.app.touch(token.token.encode())
    async with world.acting() as transaction:
        [kept] = await tokens.tokens(transaction)
    assert kept.last_used_at is not None


async def test_a_job_may_do_no_more_than_the_token_that_enqueued_it(world: World) -> None:
    token = await made(world, scopes=READ)
    async with world.app.tenant(token.token.encode(), writing=True) as transaction:
        job = await transaction.enqueue("dossiers.nothing", {})
    async with world.installed.superuser() as admin:
        await admin.execute("update jobs.procrastinate_jobs set status = 'doing' where id = $1", job)
        held = await admin.fetchval("select scopes from jobs.ticket where job_id = $1", job)
    assert held == READ


async def test_no_part_can_read_tokens(world: World) -> None:
    for role in ("app", "gate", "worker", "operator"):
        async with world.installed.role(role) as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch("select * from identity.api_token")
