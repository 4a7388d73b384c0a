"""The operator's pages over HTTP: who is refused, what a form does, and what a page does not show."""

import secrets
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from belsimple.operators.endpoints import ENDPOINTS
from belsimple.operators.roles import ROLES, Role
from belsimple.web.endpoint import Endpoint
from tests.integration.operators.test_roles import ROLES as HELD
from tests.support.api import Response
from tests.support.databases import ONE_PROFILE
from tests.support.operators import OperatorApi, signed_in
from tests.support.world import World

PAGES = [one for one in ENDPOINTS if one.page and not one.public]
BODIES = {
    "POST /operator/tenants/new": {"slug": "acme", "name": "Acme", "owner": "owner@acme.example", "language": "en"},
    "POST /operator/tenants/{id}/quota": {"megabytes": 1},
    "POST /operator/tenants/{id}/suspension": {"reason": "unpaid"},
    "POST /operator/staff/new": {"email": "new@operator.example", "role": "support", "language": "en"},
    "POST /operator/staff/{id}": {"role": "support", "version": 1},
    "POST /operator/profile": {"version": 999},
    "POST /operator/account": {"name": "Somebody", "language": "en"},
    "POST /operator/account/password": {"current": "wrong", "new": "four unrelated words here"},
    "POST /operator/reauthentication": {"password": "wrong"},
}
_HTML = {"accept": "text/html", "content-type": "application/x-www-form-urlencoded"}


async def ask(api: OperatorApi, session: bytes | None, one: Endpoint) -> Response:
    path = one.path.replace("{id}", str(uuid4()))
    body = urlencode(BODIES.get(one.route, {})).encode() if one.method == "POST" else None
    return await api(session, one.method, path, body, headers=_HTML)


async def get(api: OperatorApi, session: bytes, path: str, **headers: str) -> str:
    answer = await api(session, "GET", path, headers=_HTML | headers)
    assert answer.status == 200, answer.body
    return answer.body.decode()


async def post(api: OperatorApi, session: bytes, path: str, **fields: Any) -> Response:
    return await api(session, "POST", path, urlencode(fields).encode(), headers=_HTML)


@ONE_PROFILE
@pytest.mark.parametrize("role", ROLES)
async def test_a_role_may_what_it_holds_and_nothing_else(operators: OperatorApi, role: Role) -> None:
    session = await operators.session(role)
    for one in PAGES:
        if one.path in {"/operator/sign-out", "/operator/reauthentication", "/operator/account/password"}:
            continue  # everybody's own
        answer = await ask(operators, session, one)
        allowed = one.permission == "signed-in" or one.permission in HELD[role]
        assert (answer.status != 403) == allowed, (one.route, answer.status)
        assert answer.status < 500, (one.route, answer.body)
        if not allowed:
            assert answer.headers["content-type"].startswith("text/html"), one.route


@ONE_PROFILE
async def test_nobody_is_let_in_without_a_session(operators: OperatorApi) -> None:
    for one in PAGES:
        for session in (None, bytes(32)):
            answer = await ask(operators, session, one)
            if one.reads:
                assert answer.status == 303, one.route
                assert answer.headers["location"].startswith("/operator/?next=/operator/"), one.route
            elif one.path == "/operator/sign-out":
                assert (answer.status, answer.headers["location"]) == (303, "/operator/")
            else:
                assert answer.status == 401, one.route
                assert 'action="/operator/sign-in"' in answer.body.decode(), one.route


@ONE_PROFILE
@pytest.mark.parametrize("role", ROLES)
async def test_the_menu_holds_what_a_role_may_open(operators: OperatorApi, role: Role) -> None:
    shown = await get(operators, await operators.session(role), "/operator/overview")
    entries = {
        "/operator/tenants": "tenants:read",
        "/operator/health": "health:read",
        "/operator/jobs": "queues:read",
        "/operator/mails": "mails:read",
        "/operator/staff": "operators:read",
        "/operator/profile": "profile:read",
        "/operator/trail": "trail:read",
    }
    menu = shown.partition('<nav class="menu"')[2].partition("</nav>")[0]
    for path, permission in entries.items():
        assert (f'href="{path}"' in menu) == (permission in HELD[role]), path


@ONE_PROFILE
async def test_sensitive_forms_ask_for_the_password_and_keep_what_was_typed(operators: OperatorApi) -> None:
    session = await operators.session()
    async with operators.installed.owner() as connection:
        await connection.execute("update operators.session set authenticated_at = now() - interval '16 minutes'")
    for one in PAGES:
        if one.fresh:
            answer = await ask(operators, session, one)
            assert answer.status == 403, one.route
            shown = answer.body.decode()
            assert 'action="/operator/reauthentication"' in shown, one.route
            assert 'name="held"' in shown, one.route


@ONE_PROFILE
async def test_signing_in_leads_to_operators_pages_only(operators: OperatorApi) -> None:
    who = await operators.operator("support")
    session = await signed_in(operators.database, who)
    for wanted, place in (
        ("/operator/mails?state=dead", "/operator/mails?state=dead"),
        ("/dossiers", "/operator/overview"),
        ("https://evil.example/operator/", "/operator/overview"),
        ("/operator/\r\nSet-Cookie: a=b", "/operator/overview"),
        ("/operator/api/v1/me", "/operator/overview"),
        ("/operator/\u00e9", "/operator/overview"),
    ):
        answer = await operators(session, "GET", f"/operator/?{urlencode({'next': wanted})}", headers=_HTML)
        assert (answer.status, answer.headers["location"]) == (303, place)
    assert 'action="/operator/sign-in"' in (await operators(None, "GET", "/operator/", headers=_HTML)).body.decode()


@ONE_PROFILE
async def test_a_tenants_page_tells_sizes_and_states_and_nobody(operators: OperatorApi, tenant: World) -> None:
    session = await operators.session()
    page = await get(operators, session, f"/operator/tenants/{await tenant.tenant_id()}")
    assert tenant.slug in page
    assert tenant.owner.email not in page
    assert (await operators(session, "GET", f"/operator/tenants/{uuid4()}", headers=_HTML)).status == 404


@ONE_PROFILE
async def test_a_tenant_is_suspended_with_a_reason_and_let_in_again(operators: OperatorApi, tenant: World) -> None:
    session = await operators.session("security")
    path = f"/operator/tenants/{await tenant.tenant_id()}"
    refused = await post(operators, session, f"{path}/suspension")
    assert refused.status == 422
    assert "Fill this in." in refused.body.decode()
    done = await post(operators, session, f"{path}/suspension", reason="Unpaid <bills>")
    assert done.status == 303
    shown = await get(operators, session, done.headers["location"], **{"sec-fetch-site": "same-origin"})
    assert f'action="{path}/resumption"' in shown.partition('role="status"')[2].partition("</form>")[0]
    assert "Unpaid &lt;bills&gt;" in shown
    assert (await post(operators, session, f"{path}/resumption")).status == 303
    assert "Unpaid" not in await get(operators, session, path)
    assert (await post(operators, session, f"{path}/resumption")).status == 404


@ONE_PROFILE
async def test_a_tenant_is_made_and_a_taken_name_comes_back_as_typed(operators: OperatorApi) -> None:
    session, slug = await operators.session(), f"made-{secrets.token_hex(3)}"
    fields = {"slug": slug, "name": "Made & Co", "owner": f"owner@{slug}.example", "language": "nl"}
    made = await post(operators, session, "/operator/tenants/new", **fields)
    assert made.status == 303
    assert "Made &amp; Co" in await get(operators, session, made.headers["location"])
    [(kind, _)] = await operators.mails(f"owner@{slug}.example")
    assert kind == "invitation"
    again = await post(operators, session, "/operator/tenants/new", **fields)
    assert again.status == 409
    assert 'value="Made &amp; Co"' in again.body.decode()
    wrong = await post(operators, session, "/operator/tenants/new", **fields | {"slug": "UPPER CASE", "owner": "x"})
    assert wrong.status == 422
    assert all(f'id="{name}-error"' in wrong.body.decode() for name in ("slug", "owner"))


@ONE_PROFILE
async def test_the_quota_is_set_in_megabytes(operators: OperatorApi, tenant: World) -> None:
    session, path = await operators.session(), f"/operator/tenants/{await tenant.tenant_id()}"
    assert (await post(operators, session, f"{path}/quota", megabytes=1500)).status == 303
    assert 'value="1500"' in await get(operators, session, path)
    found = (await operators(session, "GET", f"/tenants/{await tenant.tenant_id()}")).json
    assert found["document_quota"] == 1_500_000_000
    assert (await post(operators, session, f"{path}/quota", megabytes=-1)).status == 422


@ONE_PROFILE
async def test_an_operator_is_invited_promoted_deactivated_and_let_in_again(operators: OperatorApi, email: str) -> None:
    session = await operators.session()
    fields = {"email": email, "role": "support", "language": "fr"}
    assert (await post(operators, session, "/operator/staff/new", **fields)).status == 303
    assert email in await get(operators, session, "/operator/staff")
    [invited] = [
        one for one in (await operators(session, "GET", "/invitations")).json["items"] if one["email"] == email
    ]
    assert (await post(operators, session, f"/operator/invitations/{invited['id']}/withdrawal")).status == 303
    assert email not in await get(operators, session, "/operator/staff")

    who = await operators.operator("support")
    path = f"/operator/staff/{who.id}"
    assert (await post(operators, session, path, role="security", version=1)).status == 303
    stale = await post(operators, session, path, role="support", version=1)
    assert stale.status == 412
    assert (await post(operators, session, f"{path}/deactivation")).status == 303
    assert "Let in again" in await get(operators, session, path)
    assert (await post(operators, session, f"{path}/reactivation")).status == 303
    assert "Deactivate" in await get(operators, session, path)


@ONE_PROFILE
async def test_the_own_page_offers_no_way_to_shut_oneself_out(operators: OperatorApi) -> None:
    who = await operators.operator()
    page = await get(operators, await signed_in(operators.database, who), f"/operator/staff/{who.id}")
    assert "/deactivation" not in page
    assert 'name="role"' not in page


async def test_the_profile_is_saved_whole_and_an_emptied_field_is_empty(own_operators: OperatorApi) -> None:
    session = await own_operators.session()
    fields = {"legal_name": "Acme", "enterprise_number": "0123.456.749", "address": "Kaai 1\r\n9000 Gent", "email": ""}
    assert (await post(own_operators, session, "/operator/profile", version=1, **fields)).status == 303
    saved = (await own_operators(session, "GET", "/profile")).json
    assert (saved["legal_name"], saved["address"]) == ("Acme", "Kaai 1\n9000 Gent")
    wrong = await post(own_operators, session, "/operator/profile", version=2, **fields | {"enterprise_number": "1"})
    assert wrong.status == 422
    assert 'id="enterprise_number-error"' in wrong.body.decode()
    emptied = fields | {"enterprise_number": "", "address": ""}
    assert (await post(own_operators, session, "/operator/profile", version=2, **emptied)).status == 303
    saved = (await own_operators(session, "GET", "/profile")).json
    assert (saved["legal_name"], saved["enterprise_number"], saved["address"]) == ("Acme", None, None)


@ONE_PROFILE
async def test_the_own_language_is_that_of_every_page(operators: OperatorApi) -> None:
    session = await operators.session("support")
    changed = await operators(session, "PATCH", "/me", {"language": "nl"})
    assert (changed.status, changed.json["language"], changed.json["name"]) == (200, "nl", "Somebody")
    assert '<html lang="nl">' in await get(operators, session, "/operator/overview")
    assert (await post(operators, session, "/operator/account", name="Anna", language="fr")).status == 303
    page = await get(operators, session, "/operator/account", **{"accept-language": "de"})
    assert '<html lang="fr">' in page
    assert "Anna" in page


@ONE_PROFILE
async def test_own_sessions_are_ended_and_nobody_elses(operators: OperatorApi) -> None:
    who = await operators.operator("support")
    here, there = [await signed_in(operators.database, who) for _ in range(2)]
    listed = (await operators(here, "GET", "/sessions")).json["items"]
    [other] = [one["id"] for one in listed if not one["current"]]
    stranger = await operators.session("support")
    assert (await post(operators, stranger, f"/operator/account/sessions/{other}/end")).status == 404
    assert (await post(operators, here, f"/operator/account/sessions/{other}/end")).status == 303
    assert (await operators(there, "GET", "/me")).status == 401


@ONE_PROFILE
async def test_a_mail_that_was_given_up_is_tried_again(operators: OperatorApi, email: str) -> None:
    session = await operators.session()
    await operators.own("select mail.post('operator_changed', null, null, $1, 'en', '{}')", email)
    [mail] = await operators.observe("select id from mail.message where recipient = $1", email)
    refused = await post(operators, session, f"/operator/mails/{mail['id']}/attempts", state="dead")
    assert refused.status == 409
    await operators.own("update mail.message set state = 'dead', finished_at = now() where id = $1", mail["id"])
    assert f"/operator/mails/{mail['id']}/attempts" in await get(operators, session, "/operator/mails?state=dead")
    done = await post(operators, session, f"/operator/mails/{mail['id']}/attempts", state="dead")
    assert (done.status, done.headers["location"]) == (
        303,
        "/operator/mails?state=dead&done=operator-mails-id-attempts",
    )
    assert str(mail["id"]) not in await get(operators, session, "/operator/mails?state=dead")


@ONE_PROFILE
async def test_the_trail_is_filtered_and_names_operators(operators: OperatorApi) -> None:
    who = await operators.operator("security")
    session = await signed_in(operators.database, who)
    page = await get(operators, session, f"/operator/trail?actor=operator:{who.id}")
    assert "operator_session_made" in page
    assert "Somebody" in page
    nothing = await get(operators, session, "/operator/trail?action=operator_session_made&until=2000-01-01")
    assert "Nothing in the trail fits." in nothing
    first = await get(operators, session, "/operator/trail?limit=1")
    assert "cursor=" in first
