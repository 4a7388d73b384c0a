"""Tenants through the operator's API: made, suspended so that everything of theirs refuses at once, resumed with nothing lost."""

import secrets
from uuid import UUID, uuid4

import pytest

from belsimple.access.routes import ENDPOINTS as ACCESS
from belsimple.identity.routes import ENDPOINTS as IDENTITY
from tests.support.api import Api
from tests.support.databases import ONE_PROFILE
from tests.support.jobs import dossiers, work, worker_app
from tests.support.operators import OperatorApi, signed_in
from tests.support.people import attempt
from tests.support.world import World, refused

NEW_DOSSIER = {"title": "Sale of a house", "reference": None, "status": "open", "notes": ""}


async def test_a_new_tenants_owner_is_invited_by_mail(operators: OperatorApi) -> None:
    operator = await operators.operator()
    session = await signed_in(operators.database, operator)
    slug = f"t-{secrets.token_hex(4)}"
    body = {"slug": slug, "name": "Notaris De Meester", "owner": f"Owner@{slug}.example", "language": "nl"}
    made = await operators(session, "POST", "/tenants", body)
    assert (made.status, made.json["status"], made.json["accounts"]) == (201, "active", 0)
    assert made.headers["location"] == f"/operator/api/v1/tenants/{made.json['id']}"
    assert [kind for kind, _ in await operators.mails(f"owner@{slug}.example")] == ["invitation"]
    again = await operators(session, "POST", "/tenants", body)
    assert (again.status, again.problem) == (409, "slug-taken")
    assert "tenant_created" in await operators.trail(operator)


@ONE_PROFILE
@pytest.mark.parametrize(
    ("field", "value"), [("slug", "No Slug"), ("name", ""), ("owner", "nobody"), ("language", "es"), ("admin", True)]
)
async def test_a_tenant_that_cannot_be_is_refused(operators: OperatorApi, field: str, value: object) -> None:
    body = {"slug": "fine", "name": "Fine", "owner": "owner@fine.example", field: value}
    answer = await operators(await operators.session(), "POST", "/tenants", body)
    assert (answer.status, answer.pointers) == (422, [f"/{field}"])


async def test_suspension_refuses_everything_at_once(operators: OperatorApi, tenant: World) -> None:
    operator = await operators.operator("security")
    session = await signed_in(operators.database, operator)
    path = f"/tenants/{await tenant.tenant_id()}"
    tokens = [await tenant.session(), await tenant.session(await tenant.account("member"))]
    async with Api.serving(operators.installed, [*IDENTITY, *ACCESS]) as api:
        assert [(await api(token, "GET", "/api/v1/me")).status for token in tokens] == [200, 200]
        answer = await operators(session, "PUT", f"{path}/suspension", {"reason": "unpaid since May"})
        assert (answer.status, answer.json["status"]) == (200, "suspended")
        assert answer.json["suspension_reason"] == "unpaid since May"
        assert [(await api(token, "GET", "/api/v1/me")).status for token in tokens] == [401, 401]
    with refused("28000"):
        async with tenant.app.tenant(tokens[0], writing=False):
            pass
    assert await attempt(tenant.gate, tenant.owner) == []
    assert {"tenant_suspended", "suspension_reason"} <= set(await operators.trail(operator))
    [entry] = await tenant.trail(action="update", object_type="identity.tenant")
    assert '"suspended"' in entry["new"]
    # Said again, it changes the reason.
    again = await operators(session, "PUT", f"{path}/suspension", {"reason": "under investigation"})
    assert (again.status, again.json["suspension_reason"]) == (200, "under investigation")


async def test_resuming_loses_nothing(operators: OperatorApi, tenant: World) -> None:
    session = await operators.session("security")
    path = f"/tenants/{await tenant.tenant_id()}"
    async with tenant.acting() as inside:
        await inside.execute(dossiers.insert_dossier, account=inside.principal.account_id, **NEW_DOSSIER)
        await inside.enqueue("probe.add", {"title": "Made by a job"})
    before = await contents(tenant)
    assert (await operators(session, "PUT", f"{path}/suspension", {"reason": "unpaid"})).status == 200
    async with worker_app(operators.installed) as app:
        await work(app)  # the job waits: it has tried and been told to come again
        assert await contents(tenant) == before
        assert (await operators(session, "DELETE", f"{path}/suspension")).status == 204
        await operators.own(
            "update jobs.procrastinate_jobs set scheduled_at = now() where task_name = 'probe.add' and status = 'todo'"
        )
        await work(app)
    rows = await tenant.observe("select title from dossiers.dossier where tenant_id = $1", await tenant.tenant_id())
    assert {row["title"] for row in rows} == {"Sale of a house", "Made by a job"}
    shown = (await operators(session, "GET", path)).json
    assert (shown["status"], shown["suspension_reason"], shown["suspended_since"]) == ("active", None, None)
    assert len(await attempt(tenant.gate, tenant.owner)) == 1


async def test_a_suspended_tenants_mails_wait(operators: OperatorApi, tenant: World) -> None:
    session = await operators.session("security")
    path = f"/tenants/{await tenant.tenant_id()}/suspension"
    [mail] = await operators.observe(
        "select id from mail.message where recipient = $1 and kind = 'welcome'", tenant.owner.email
    )
    await operators(session, "PUT", path, {"reason": "unpaid"})
    async with operators.installed.role("worker") as worker:
        with refused("BS503"):
            await worker.fetch("select * from mail.open($1, $2)", mail["id"], bytes(32))
        await operators(session, "DELETE", path)
        assert len(await worker.fetch("select * from mail.open($1, $2)", mail["id"], bytes(32))) == 1


@ONE_PROFILE
async def test_a_reason_goes_with_its_suspension_whoever_ends_it(operators: OperatorApi, tenant: World) -> None:
    session = await operators.session("security")
    tenant_id = await tenant.tenant_id()
    await operators(session, "PUT", f"/tenants/{tenant_id}/suspension", {"reason": "unpaid"})
    await tenant.resume()  # by command
    assert (await operators(session, "GET", f"/tenants/{tenant_id}")).json["suspension_reason"] is None
    assert (await operators(session, "DELETE", f"/tenants/{tenant_id}/suspension")).status == 404


@ONE_PROFILE
async def test_what_is_no_tenant_is_not_found(operators: OperatorApi) -> None:
    session = await operators.session()
    for method, rest, body in (
        ("GET", "", None),
        ("PUT", "/suspension", {"reason": "x"}),
        ("DELETE", "/suspension", None),
        ("PUT", "/quota", {"bytes": 1}),
    ):
        assert (await operators(session, method, f"/tenants/{uuid4()}{rest}", body)).status == 404


async def test_a_quota_is_set_and_told(operators: OperatorApi, tenant: World) -> None:
    operator = await operators.operator()
    session = await signed_in(operators.database, operator)
    path = f"/tenants/{await tenant.tenant_id()}"
    assert (await operators(session, "GET", path)).json["document_quota"] == 10 * 1024**3
    answer = await operators(session, "PUT", f"{path}/quota", {"bytes": 5_000_000})
    assert (answer.status, answer.json["document_quota"], answer.json["document_bytes"]) == (200, 5_000_000, 0)
    assert "quota_changed" in await operators.trail(operator)


@ONE_PROFILE
async def test_tenants_are_listed_by_short_name(operators: OperatorApi, tenant: World) -> None:
    session = await operators.session("support")
    page = (await operators(session, "GET", "/tenants?limit=200")).json
    slugs = [one["slug"] for one in page["items"]]
    assert tenant.slug in slugs
    assert slugs == sorted(slugs)
    assert set(page["items"][0]) == {
        "id", "slug", "name", "status", "synthetic", "accounts", "created_at", "suspension_reason", "suspended_since",
        "document_bytes", "document_quota",
    }  # fmt: skip
    assert (await operators(session, "GET", "/tenants?cursor=x")).status == 422


@ONE_PROFILE
async def test_a_post_with_a_key_is_done_once(operators: OperatorApi) -> None:
    session = await operators.session()
    slug = f"t-{secrets.token_hex(4)}"
    body = {"slug": slug, "name": "Once", "owner": f"owner@{slug}.example"}
    key = {"idempotency-key": secrets.token_hex(8)}
    first = await operators(session, "POST", "/tenants", body, headers=key)
    second = await operators(session, "POST", "/tenants", body, headers=key)
    assert (first.status, second.status) == (201, 201)
    assert UUID(first.json["id"]) == UUID(second.json["id"])
    assert second.headers["idempotency-replayed"] == "true"
    other = await operators(session, "POST", "/tenants", {**body, "name": "Twice"}, headers=key)
    assert (other.status, other.problem) == (422, "idempotency-key-reused")
    stranger = await operators(await operators.session(), "POST", "/tenants", body, headers=key)
    assert (stranger.status, stranger.problem) == (409, "slug-taken")


async def contents(tenant: World) -> list[object]:
    """Everything that a suspension must leave as it is."""
    tenant_id = await tenant.tenant_id()
    found: list[object] = []
    for table in ("identity.account", "identity.password", "access.assignment", "dossiers.dossier"):
        rows = await tenant.observe(f"select * from {table} where tenant_id = $1 order by id", tenant_id)
        found.append([tuple(row) for row in rows])
    return found
