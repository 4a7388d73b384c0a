"""What the operator sees of the service: queues, jobs, mails without content, health, doctor's findings, the own trail."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.databases import ONE_PROFILE
from tests.support.jobs import work, worker_app
from tests.support.operators import OperatorApi, signed_in
from tests.support.world import World


async def test_queues_and_failed_jobs_are_shown_without_what_they_hold(operators: OperatorApi, tenant: World) -> None:
    session = await operators.session("support")
    async with tenant.acting() as inside:
        failing = await inside.enqueue("probe.fail", {"title": "very private"})
        await inside.enqueue("probe.add", {"title": "later"}, at=datetime.now(UTC) + timedelta(hours=1))
    [queue] = [one for one in (await operators(session, "GET", "/queues")).json["items"] if one["queue"] == "tenant"]
    assert queue["due"] >= 1
    assert queue["scheduled"] >= 1
    assert queue["oldest_due_seconds"] >= 0
    await operators.own("update jobs.procrastinate_jobs set attempts = 20 where id = $1", failing)
    async with worker_app(operators.installed) as app:
        await work(app)
    answer = await operators(session, "GET", "/jobs")
    [job] = [one for one in answer.json["items"] if one["id"] == failing]
    assert (job["task"], job["tenant"], job["queue"]) == ("probe.fail", tenant.slug, "tenant")
    assert job["failed_at"] is not None
    assert "very private" not in answer.body.decode()


async def test_mails_are_shown_masked_and_without_content(operators: OperatorApi, tenant: World) -> None:
    session = await operators.session("support")
    answer = await operators(session, "GET", "/mails?state=waiting&limit=200")
    [mail] = [one for one in answer.json["items"] if one["tenant"] == tenant.slug and one["kind"] == "welcome"]
    assert mail["recipient"] == f"o...@{tenant.slug}.example"
    assert tenant.owner.email not in answer.body.decode()
    assert "facts" not in mail
    assert (await operators(session, "GET", "/mails?state=lost")).status == 422


async def test_a_dead_mail_is_tried_again(operators: OperatorApi, tenant: World) -> None:
    operator = await operators.operator()
    session = await signed_in(operators.database, operator)
    [mail] = await operators.observe(
        "select id from mail.message where recipient = $1 and kind = 'welcome'", tenant.owner.email
    )
    path = f"/mails/{mail['id']}/attempts"
    assert (await operators(session, "POST", path)).problem == "mail-not-dead"
    async with operators.installed.role("worker") as worker:
        await worker.execute("select mail.failed($1, '550 SMTPRecipientsRefused', true)", mail["id"])
    dead = (await operators(session, "GET", "/mails?state=dead")).json["items"]
    [shown] = [one for one in dead if one["id"] == str(mail["id"])]
    assert shown["error"] == "550 SMTPRecipientsRefused"
    assert (await operators(session, "POST", path)).status == 204
    [row] = await operators.observe("select state, attempts from mail.message where id = $1", mail["id"])
    assert tuple(row) == ("waiting", 0)
    assert "mail_retried" in await operators.trail(operator)


async def test_health_names_what_needs_somebody(operators: OperatorApi) -> None:
    session = await operators.session("support")
    health = (await operators(session, "GET", "/health")).json
    assert health["workers"] == 0
    assert health["ok"] is False
    assert "No worker has been heard of for 30 seconds." in health["troubles"]
    [row] = await operators.observe("select count(*) from system.migration where source = 'belsimple'")
    assert health["migrations"] == row["count"]
    await operators.own("insert into jobs.procrastinate_workers default values")
    health = (await operators(session, "GET", "/health")).json
    assert (health["workers"], "No worker has been heard of for 30 seconds." in health["troubles"]) == (1, False)
    await operators.own("delete from jobs.procrastinate_workers")


async def test_doctor_finds_what_was_broken(own_operators: OperatorApi) -> None:
    session = await own_operators.session("security")
    before = await own_operators(session, "GET", "/doctor")
    found = {one["check"] for one in before.json["findings"]}
    assert found <= {
        "server_settings",
        "cluster_functions",
    }  # these clusters need not be durable; a managed one is limited
    async with own_operators.installed.owner() as connection:
        await connection.execute("alter table identity.password disable trigger end_sessions")
    after = (await own_operators(session, "GET", "/doctor")).json
    assert after["ok"] is False
    assert "ending_triggers" in {one["check"] for one in after["findings"]}


@ONE_PROFILE
async def test_the_trail_is_filtered_and_read_page_by_page(operators: OperatorApi) -> None:
    operator = await operators.operator("security")
    session = await signed_in(operators.database, operator)
    actor = f"operator:{operator.id}"
    whole = (await operators(session, "GET", f"/audit?actor={actor}")).json["items"]
    assert [one["action"] for one in reversed(whole)] == await operators.trail(operator)
    assert {one["actor"] for one in whole} == {actor}
    first = (await operators(session, "GET", f"/audit?actor={actor}&limit=2")).json
    second = (await operators(session, "GET", f"/audit?actor={actor}&limit=2&cursor={first['next']}")).json
    assert [one["id"] for one in first["items"] + second["items"]] == [one["id"] for one in whole[:4]]
    only = (await operators(session, "GET", "/audit?action=operator_session_made")).json["items"]
    assert {one["action"] for one in only} == {"operator_session_made"}
    assert only[0]["detail"]["new"]["operator_id"] is not None
    assert (await operators(session, "GET", f"/audit?actor={actor}&until=2020-01-01T00:00:00Z")).json["items"] == []


@ONE_PROFILE
async def test_what_is_over_is_swept(operators: OperatorApi, email: str) -> None:
    boss = await operators.session()
    await operators(boss, "POST", "/invitations", {"email": email, "role": "support"})
    stale = await operators.operator("support")
    await signed_in(operators.database, stale)
    await operators.own(
        "update operators.session set last_seen = now() - interval '1 hour' where operator_id = $1", stale.id
    )
    await operators.own("update operators.invitation set expires_at = now() where email = $1", email)
    async with operators.installed.role("worker") as worker:
        await worker.execute("select operators.tidy()")
    assert await operators.observe("select 1 from operators.session where operator_id = $1", stale.id) == []
    assert await operators.observe("select 1 from operators.invitation where email = $1", email) == []
    removed = await operators.observe(
        "select 1 from audit.system_entry where actor = 'sweep' and action = 'operator_session_removed'"
    )
    assert len(removed) >= 1


@pytest.mark.parametrize("path", ["/operator/api/openapi.json"])
@ONE_PROFILE
async def test_the_interface_describes_itself_to_anybody(operators: OperatorApi, path: str) -> None:
    document = (await operators(None, "GET", path)).json
    assert "/operator/api/v1/tenants/{id}/suspension" in document["paths"]
    assert all(address.startswith("/operator/") for address in document["paths"])
    name = document["components"]["securitySchemes"]["session"]["name"]
    assert name == "__Host-belsimple-operator-INSTANCE"
