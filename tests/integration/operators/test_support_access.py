"""Support access: given by an owner to one operator, no more than they said, in the trail, and over the moment it ends."""

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from belsimple.identity import account
from belsimple.identity import support as tenants_side
from belsimple.identity.support import SupportGrant
from belsimple.operators import support
from belsimple.server.assembly import all_endpoints
from tests.support.api import Api
from tests.support.operators import Operator, OperatorApi, signed_in
from tests.support.world import World, refused

DOSSIERS = "/api/v1/dossiers"


@dataclass
class Visit:
    """An operator, the tenant that lets it in, and part web."""

    operators: OperatorApi
    tenant: World
    api: Api
    operator: Operator
    session: bytes

    async def granted(self, *, writing: bool = False, hours: int = 1) -> SupportGrant:
        async with self.tenant.acting() as transaction:
            return await tenants_side.grant(
                transaction, operator=self.operator.email, reason="The export fails", hours=hours, writing=writing
            )

    async def entered(self, grant: SupportGrant, session: bytes | None = None) -> bytes:
        async with self.operators.database.operator(session or self.session, writing=True) as transaction:
            return await support.enter(transaction, grant_id=grant.id)

    async def inside(self, *, writing: bool = False) -> tuple[SupportGrant, bytes]:
        grant = await self.granted(writing=writing)
        return grant, await self.entered(grant)

    async def status(self, token: bytes, method: str = "GET", target: str = DOSSIERS, body: Any = None) -> int:
        return (await self.api(token, method, target, body)).status


@pytest_asyncio.fixture
async def visit(operators: OperatorApi, tenant: World) -> AsyncIterator[Visit]:
    async with _serving(operators) as api:
        operator = await operators.operator("support")
        yield Visit(operators, tenant, api, operator, await signed_in(operators.database, operator))


@asynccontextmanager
async def _serving(operators: OperatorApi) -> AsyncIterator[Api]:
    async with Api.serving(operators.installed, [one for one in all_endpoints() if one.part == "web"]) as api:
        yield api


async def test_who_is_let_in_sees_and_changes_nothing(visit: Visit) -> None:
    _, token = await visit.inside()
    assert await visit.status(token) == 200
    assert await visit.status(token, "POST", DOSSIERS, {"title": "No"}) == 403
    async with visit.tenant.app.tenant(token, writing=False) as transaction:
        assert "dossiers:read" in transaction.principal.permissions
        assert not {one for one in transaction.principal.permissions if not one.endswith(":read")}


async def test_with_changes_it_is_work_alone(visit: Visit) -> None:
    _, token = await visit.inside(writing=True)
    assert await visit.status(token, "POST", DOSSIERS, {"title": "By support"}) == 201
    async with visit.tenant.app.tenant(token, writing=False) as transaction:
        writes = {one for one in transaction.principal.permissions if one.endswith(":write")}
    assert writes == {"dossiers:write"}
    [entry] = await visit.tenant.trail(object_type="dossiers.dossier", action="insert")
    assert (entry["source"], entry["account_id"]) == ("support", visit.operator.id)


async def test_the_tenants_trail_names_who_came_why_and_what_they_did(visit: Visit) -> None:
    _, token = await visit.inside(writing=True)
    await visit.status(token, "POST", DOSSIERS, {"title": "By support"})
    answer = await visit.api(await visit.tenant.session(), "GET", "/api/v1/audit?limit=50")
    told = {(one["source"], one["action"], one["actor_email"]) for one in answer.json["items"]}
    assert ("support", "support_entered", visit.operator.email) in told
    assert ("support", "insert", visit.operator.email) in told
    [granted] = await visit.tenant.trail(object_type="identity.support_grant", action="insert")
    assert "The export fails" in granted["new"]
    assert "support_entered" in await visit.operators.trail(visit.operator)


async def test_owners_and_the_operator_are_told(visit: Visit) -> None:
    await visit.inside()
    kinds = [one["kind"] for one in await _mails(visit, visit.tenant.owner.email)]
    assert kinds[-2:] == ["support_granted", "support_entered"]
    assert [one["kind"] for one in await _mails(visit, visit.operator.email)][-1:] == ["operator_support"]


async def _mails(visit: Visit, email: str) -> list[Any]:
    return await visit.tenant.observe("select kind from mail.message where recipient = $1 order by created_at", email)


async def test_nobody_else_enters_by_it(visit: Visit) -> None:
    grant = await visit.granted()
    other = await signed_in(visit.operators.database, await visit.operators.operator("platform"))
    with refused("BS404"):
        await visit.entered(grant, other)
    async with visit.operators.database.operator(other, writing=False) as transaction:
        assert await support.own_grants(transaction) == []
    async with visit.operators.database.operator(visit.session, writing=False) as transaction:
        assert [one.id for one in await support.own_grants(transaction)] == [grant.id]


async def test_an_end_puts_out_whoever_is_in(visit: Visit) -> None:
    grant, token = await visit.inside()
    async with visit.tenant.acting() as transaction:
        await tenants_side.end(transaction, grant_id=grant.id)
    assert await visit.status(token) == 401
    with refused("BS404"):
        await visit.entered(grant)


async def test_it_ends_by_itself(visit: Visit) -> None:
    grant, token = await visit.inside()
    await _age(visit, grant)
    assert await visit.status(token) == 401
    with refused("BS404"):
        await visit.entered(grant)


async def _age(visit: Visit, grant: SupportGrant) -> None:
    async with visit.tenant.installed.superuser() as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(
            "update identity.support_grant set created_at = now() - interval '2 hours', expires_at = now() - interval '1 second' where id = $1",
            grant.id,
        )


@pytest.mark.parametrize("hours", [0, 25, -1])
async def test_it_lasts_a_day_at_most(visit: Visit, hours: int) -> None:
    with refused("BS422"):
        await visit.granted(hours=hours)
    kept = await visit.granted(hours=24)
    assert kept.expires_at - kept.created_at == dt.timedelta(hours=24)


async def test_it_never_outlives_who_gave_it(visit: Visit) -> None:
    _, token = await visit.inside()
    second = await visit.tenant.account("owner")
    async with visit.tenant.acting(second) as transaction:
        await account.change_member(
            transaction, member_id=visit.tenant.owner.id, status=None, roles=["admin"], expected=None
        )
    assert await visit.status(token) == 401


async def test_it_ends_with_the_operators_own_session(visit: Visit) -> None:
    grant, token = await visit.inside()
    answer = await visit.operators(visit.session, "DELETE", "/session")
    assert answer.status == 204
    assert await visit.status(token) == 401
    again = await signed_in(visit.operators.database, visit.operator)
    token = await visit.entered(grant, again)
    async with visit.tenant.installed.owner() as connection, connection.transaction():
        await connection.execute("select operators.act_as('command:test')")
        await connection.execute("update operators.account set status = 'deactivated' where id = $1", visit.operator.id)
    assert await visit.status(token) == 401


async def test_a_new_grant_takes_the_place_of_the_old(visit: Visit) -> None:
    _, token = await visit.inside()
    await visit.granted(writing=True)
    assert await visit.status(token) == 401


async def test_only_an_owner_lets_in(visit: Visit) -> None:
    admin = await visit.tenant.account("admin")
    body = {"operator": visit.operator.email, "reason": "Please", "hours": 1}
    answer = await visit.api(await visit.tenant.session(admin), "POST", "/api/v1/support-grants", body)
    assert answer.status == 403
    made = await visit.api(await visit.tenant.session(), "POST", "/api/v1/support-grants", body)
    assert (made.status, made.json["writing"], made.json["open"]) == (201, False, True)
    stranger = {**body, "operator": "nobody@operator.example"}
    answer = await visit.api(await visit.tenant.session(), "POST", "/api/v1/support-grants", stranger)
    assert (answer.status, answer.pointers) == (422, ["/operator"])


async def test_what_is_for_people_of_the_tenant_is_not_for_support(visit: Visit) -> None:
    grant, token = await visit.inside(writing=True)
    until = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).isoformat()
    for method, target, body in (
        ("GET", "/api/v1/me", None),
        ("PATCH", "/api/v1/me", {"name": "Mallory"}),
        ("POST", "/api/v1/tokens", {"name": "x", "scopes": ["dossiers:read"], "expires_at": until}),
        ("GET", "/api/v1/sessions", None),
        ("PATCH", f"/api/v1/members/{visit.tenant.owner.id}", {"status": "deactivated"}),
        ("POST", "/api/v1/roles", {"name": "x", "permissions": []}),
        ("POST", "/api/v1/support-grants", {"operator": visit.operator.email, "reason": "More", "hours": 24}),
        ("DELETE", f"/api/v1/support-grants/{grant.id}", None),
    ):
        answer = await visit.api(token, method, target, body)
        assert answer.status == 403, (method, target, answer.body)


async def test_who_leaves_is_out(visit: Visit) -> None:
    _, token = await visit.inside()
    async with visit.tenant.app.tenant(token, writing=True) as transaction:
        await tenants_side.leave(transaction)
    assert await visit.status(token) == 401
    assert await visit.tenant.trail(action="support_left")


async def test_support_begins_no_job_and_lets_nobody_in(visit: Visit) -> None:
    _, token = await visit.inside(writing=True)
    with refused("BS403"):
        async with visit.tenant.app.tenant(token, writing=True) as transaction:
            await transaction.enqueue("dossiers.nothing", {})
    with refused("42501"):
        async with visit.tenant.app.tenant(token, writing=True) as transaction:
            await tenants_side.grant(transaction, operator=visit.operator.email, reason="More", hours=24)
