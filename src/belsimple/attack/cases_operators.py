"""Numbers 11 to 18 on the operator's side: its routes, its sessions, its links, and the line between the two sides."""

import asyncio
import secrets
from typing import Any, Final
from uuid import uuid4

from belsimple.attack.calling import call
from belsimple.attack.client import Reply
from belsimple.attack.links import add_link, new_password
from belsimple.attack.site import Broken, Route, Site, api_case, expect
from belsimple.database.queries import Query, load_queries
from belsimple.operators.commands import invite_operator

_q = load_queries("belsimple.attack", "ground.sql")
_API: Final = "/operator/api/v1"
_PUBLIC: Final = {
    "GET /operator/api/openapi.json",
    f"POST {_API}/session",
    f"POST {_API}/invitations/acceptance",
    f"POST {_API}/password-resets",
    f"POST {_API}/password-resets/confirmation",
}
_PUBLIC_PAGES: Final = {
    "GET /operator/",
    "GET /operator/sign-in",
    "POST /operator/sign-in",
    "GET /operator/invitation",
    "POST /operator/invitation",
    "GET /operator/reset",
    "POST /operator/reset",
    "POST /operator/reset/request",
}
_SIGNS_OUT: Final = (f"DELETE {_API}/session", "POST /operator/sign-out")
_QUESTION: Final = b'action="/operator/reauthentication"'
_ROLES: Final = ("support", "security")
_FLUSH_SECONDS: Final = 6.0


@api_case(11, "session_required")
async def the_other_sides_cookie(site: Site) -> None:
    """401: no tenant's session opens the operator's side, and no operator's a tenant's, under either cookie's name."""
    tenants, operators = await site.session("owner"), (await site.new_operator("security")).token
    client = site.client
    for route, token in (*((one, tenants) for one in _private(site)), *((one, operators) for one in _tenants(site))):
        for name in (client.cookie, client.operators_cookie):
            reply = await call(site, route, None, {"Cookie": client.cookie_of(token, name)})
            expect(reply, 401, why=f"{route} with the other side's session as {name[:26]}")


@api_case(11, "session_required")
async def operators_pages_with_the_other_sides_cookie(site: Site) -> None:
    """Without an operator's session, with a tenant's too, a page leads to the sign-in and does nothing."""
    tenants = await site.session("owner")
    client = site.client
    cookies = ("", client.cookie_of(tenants, client.cookie), client.cookie_of(tenants, client.operators_cookie))
    for route in _private_pages(site):
        for cookie in cookies:
            reply = await call(site, route, None, {"Cookie": cookie} if cookie else {})
            away = reply.headers.get("location", "").partition("?")[0] == "/operator/"
            asked = reply.status == 401 and b'action="/operator/sign-in' in reply.body
            if not (away if reply.status == 303 else asked):
                raise Broken(f"{route} without an operator's session: {reply.status}")


@api_case(11, "public_routes")
async def what_is_public_of_the_operators(site: Site) -> None:
    """Nothing is public but signing in, what a link opens, and the interface's own description."""
    public = {str(route) for route in (*site.routes("operator"), *_pages(site)) if route.permission == "public"}
    if more := public - _PUBLIC - _PUBLIC_PAGES:
        raise Broken(f"public without being known as such: {', '.join(sorted(more))}")


@api_case(11, "operators_rights")
async def every_operators_route_as_every_role(site: Site) -> None:
    """403 exactly where the role lacks the permission of the route or page."""
    for role in _ROLES:
        operator = await site.new_operator(role)
        me = await site.send("GET", f"{_API}/me", token=operator.token)
        expect(me, 200, why=f"a synthetic {role} operator")
        held = set(me.json["permissions"])
        for route in (*_private(site), *_private_pages(site)):
            if str(route) in _SIGNS_OUT:
                continue
            reply = await call(site, route, operator.token)
            allowed = route.permission == "signed-in" or route.permission in held
            if (reply.status == 403) is allowed or reply.status in (401, 500):
                raise Broken(
                    f"{route} as {role}: {reply.status}, {route.permission} is {'' if allowed else 'not '}held"
                )


@api_case(11, "refusals_recorded")
async def operators_refusals_are_recorded(site: Site) -> None:
    """A refused request is in the operator's trail, with its route and who was refused."""
    support, security = await site.new_operator("support"), await site.new_operator("security")
    expect(await site.send("GET", f"{_API}/operators", token=support.token), 403)
    await asyncio.sleep(_FLUSH_SECONDS)
    query = f"{_API}/audit?action=operator_refused&actor=operator:{support.id}"
    entries = (await site.send("GET", query, token=security.token)).json["items"]
    if not any(entry["detail"]["route"] == f"GET {_API}/operators" for entry in entries):
        raise Broken("the operator's trail does not tell of a refused request")


@api_case(11, "operators_fresh")
async def operators_sensitive_routes_with_an_old_proof(site: Site) -> None:
    """Long after the password was given, sensitive routes ask for it again."""
    operator = await site.new_operator("security")
    await site.as_owner_of_the_database(_q.age_operator_proof, operator.token)
    held = set((await site.send("GET", f"{_API}/me", token=operator.token)).json["permissions"])
    for route in (*_private(site), *_private_pages(site)):
        if route.fresh and route.permission in held | {"signed-in"}:
            reply = await call(site, route, operator.token)
            asked = reply.problem == "reauthentication-required" or _QUESTION in reply.body
            if reply.status != 403 or not asked:
                raise Broken(f"{route} with an old proof: {reply.status} {reply.problem}")


@api_case(12, "one_404")
async def malformed_ids_of_the_operators(site: Site) -> None:
    """Byte for byte the answer of an id that does not exist."""
    token = (await site.new_operator("security")).token
    for route in (*_private(site), *_private_pages(site)):
        if "{" in route.path and route.method == "GET":
            nobodys = await call(site, route, token, object_id=str(uuid4()))
            expect(nobodys, 404, why=f"{route} with nobody's id")
            for malformed in ("x", "%00", "..%2f..", "0" * 32):
                if (await call(site, route, token, object_id=malformed)).comparable() != nobodys.comparable():
                    raise Broken(f"{route} answers the id {malformed!r} otherwise than one that does not exist")


@api_case(16, "operators_ended")
async def operators_sessions_that_are_over(site: Site) -> None:
    """401 after fifteen idle minutes, after eight hours, and from the moment an operator is deactivated."""
    for why, query in (("idle", _q.age_operator_use), ("its absolute time", _q.age_operator_session)):
        operator = await site.new_operator("support")
        await site.as_owner_of_the_database(query, operator.token)
        expect(await site.send("GET", f"{_API}/me", token=operator.token), 401, why=f"a session after {why}")
    operator = await site.new_operator("support")
    await _as_command(site, _q.deactivate_operator, operator.id)
    expect(await site.send("GET", f"{_API}/me", token=operator.token), 401, why="a session after deactivation")


@api_case(16, "operators_signed_out")
async def an_operator_who_signed_out(site: Site) -> None:
    """401 for the cookie that was signed out."""
    operator = await site.new_operator("support")
    await site.send("DELETE", f"{_API}/session", token=operator.token)
    expect(await site.send("GET", f"{_API}/me", token=operator.token), 401, why="a session after signing out")


@api_case(17, "operators_links_once")
async def operators_links_used_twice(site: Site) -> None:
    """404 the second time, for a reset and for an invitation; of two at the same moment, one succeeds."""
    operator = await site.new_operator("support")
    async with site.owner_of_the_database() as owner:
        await owner.execute(_q.acting.sql)
        row = await owner.fetchval(_q.make_operator_reset.sql, operator.id)
        link = await add_link(owner, "operator_reset", None, row)
    email = f"invited-{secrets.token_hex(6)}@attack.invalid"
    token = await invite_operator(site.ground.admin_url, email=email, role="support", post=False)
    for path, body, done in (
        ("password-resets/confirmation", {"token": link.token}, 204),
        ("invitations/acceptance", {"token": token, "name": "Attack", "email": email}, 201),
    ):
        both = await asyncio.gather(*(_use(site, path, body) for _ in range(2)))
        if sorted(reply.status for reply in both) != [done, 404]:
            raise Broken(f"{path} raced: {[reply.status for reply in both]}")
        expect(await _use(site, path, body), 404, why=f"{path} used again")
    expect(await site.send("GET", f"{_API}/me", token=operator.token), 401, why="a session after a reset")


async def _use(site: Site, path: str, body: dict[str, Any]) -> Reply:
    return await site.send("POST", f"{_API}/{path}", json={**body, "password": new_password()})


@api_case(18, "same_refusal")
async def what_the_operators_refusal_tells(site: Site) -> None:
    """A wrong address and a wrong password are refused byte for byte alike."""
    known, unknown = (await site.new_operator("support")).email, f"{secrets.token_hex(4)}@attack.invalid"
    replies = [await _guess(site, email) for email in (known, unknown)]
    expect(replies[0], 401, why="a wrong guess")
    if replies[0].comparable() != replies[1].comparable():
        raise Broken("two refusals differ")


@api_case(18, "rate_limits")
async def guessing_at_an_operator(site: Site) -> None:
    """Guesses at one operator run into 429."""
    email = f"{secrets.token_hex(4)}@attack.invalid"
    seen: list[int] = []
    while 429 not in seen and len(seen) < 14:
        seen.append((await _guess(site, email)).status)
    if 429 not in seen:
        raise Broken(f"14 guesses, and none was refused for being one too many: {seen}")


async def _guess(site: Site, email: str) -> Reply:
    body = {"email": email, "password": secrets.token_urlsafe(12)}
    return await site.send("POST", f"{_API}/session", json=body, patient=False)


async def _as_command(site: Site, query: Query, *arguments: object) -> None:
    async with site.owner_of_the_database() as owner:
        await owner.execute(_q.acting.sql)
        await owner.execute(query.sql, *arguments)


def _private(site: Site) -> list[Route]:
    return [route for route in site.routes("operator") if route.permission != "public"]


def _pages(site: Site) -> list[Route]:
    return [one for one in site.addresses() if one.path.startswith("/operator/") and "/api/" not in one.path]


def _private_pages(site: Site) -> list[Route]:
    return [route for route in _pages(site) if route.permission != "public"]


def _tenants(site: Site) -> list[Route]:
    return [route for route in site.routes() if route.permission != "public"]
