"""Each route of part operator for each role: what a role lacks is refused, and in the operator's trail."""

from uuid import uuid4

import pytest

from belsimple.operators.endpoints import ENDPOINTS
from belsimple.web.endpoint import Endpoint
from tests.support.databases import ONE_PROFILE
from tests.support.operators import OperatorApi

SUPPORT = {"tenants:read", "queues:read", "mails:read", "health:read", "profile:read", "support:read", "support:write"}
SECURITY = SUPPORT | {"doctor:read", "trail:read", "operators:read", "suspensions:write"}
PLATFORM = SECURITY | {"tenants:write", "mails:write", "operators:write", "profile:write"}
ROLES = {"support": SUPPORT, "security": SECURITY, "platform": PLATFORM}

BODIES = {
    "PUT /operator/api/v1/tenants/{id}/suspension": {"reason": "unpaid"},
    "PUT /operator/api/v1/tenants/{id}/quota": {"bytes": 1000},
    "POST /operator/api/v1/tenants": {"slug": "acme", "name": "Acme", "owner": "owner@acme.example"},
    "POST /operator/api/v1/invitations": {"email": "new@operator.example", "role": "support"},
    "PUT /operator/api/v1/account/password": {"current": "wrong", "new": "four unrelated words here"},
    "POST /operator/api/v1/reauthentication": {"password": "wrong"},
}
PROTECTED = [one for one in ENDPOINTS if not one.public and not one.page]


def request_of(one: Endpoint) -> tuple[str, str, object, dict[str, str]]:
    body = BODIES.get(one.route, {} if one.signature.body is not None else None)
    return one.method, one.path.replace("{id}", str(uuid4())), body, {"if-match": '"1"'}


def test_every_permission_is_some_roles_and_every_endpoint_has_one() -> None:
    asked = {one.permission for one in PROTECTED} - {"signed-in"}
    assert asked == PLATFORM


@ONE_PROFILE
@pytest.mark.parametrize("role", list(ROLES))
async def test_a_role_may_what_it_holds_and_nothing_else(operators: OperatorApi, role: str) -> None:
    who = await operators.operator(role)  # type: ignore[arg-type]
    session = await operators.session(role)  # type: ignore[arg-type]
    assert set((await operators(session, "GET", "/me")).json["permissions"]) == ROLES[role]
    for one in PROTECTED:
        if one.path.endswith(("/session", "/password", "/reauthentication")):
            continue  # everybody's own
        method, path, body, headers = request_of(one)
        answer = await operators(session, method, path, body, headers=headers)
        allowed = one.permission == "signed-in" or one.permission in ROLES[role]
        assert (answer.status != 403) == allowed, (one.route, answer.status, answer.body)
        assert answer.status < 500, (one.route, answer.body)
    assert who.role == role


@ONE_PROFILE
async def test_nobody_is_let_in_without_a_session(operators: OperatorApi) -> None:
    for one in PROTECTED:
        method, path, body, headers = request_of(one)
        for session in (None, bytes(32)):
            assert (await operators(session, method, path, body, headers=headers)).status == 401, one.route


@ONE_PROFILE
async def test_a_refusal_is_in_the_operators_trail(operators: OperatorApi) -> None:
    session = await operators.session("support")
    assert (await operators(session, "GET", "/audit")).status == 403
    application = operators._app._app  # type: ignore[attr-defined]
    await application._runtime.refusals.flush()
    entry = (await operators.observe("select * from audit.system_entry where action = 'operator_refused' order by at"))[
        -1
    ]
    assert entry["actor"].startswith("operator:")
    assert '"GET /operator/api/v1/audit"' in entry["detail"]


@ONE_PROFILE
async def test_a_change_of_role_is_live(operators: OperatorApi) -> None:
    boss = await operators.session("platform")
    session = await operators.session("support")
    me = (await operators(session, "GET", "/me")).json["id"]
    assert (await operators(session, "GET", "/audit")).status == 403
    assert (await operators(boss, "PATCH", f"/operators/{me}", {"role": "security"})).status == 200
    assert (await operators(session, "GET", "/audit")).status == 200
    assert (await operators(boss, "PATCH", f"/operators/{me}", {"role": "support"})).status == 200
    assert (await operators(session, "GET", "/audit")).status == 403


@ONE_PROFILE
async def test_changes_ask_who_it_is_once_more(operators: OperatorApi) -> None:
    session = await operators.session()
    async with operators.installed.owner() as connection:
        await connection.execute("update operators.session set authenticated_at = now() - interval '16 minutes'")
    for one in PROTECTED:
        if one.fresh:
            method, path, body, headers = request_of(one)
            answer = await operators(session, method, path, body, headers=headers)
            assert (answer.status, answer.problem) == (403, "reauthentication-required"), one.route
