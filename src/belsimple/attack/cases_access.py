"""Numbers 11 and 12: who may call what, and another tenant's ids."""

import asyncio
from typing import Final
from uuid import uuid4

from belsimple.attack.calling import call
from belsimple.attack.sign_ins import with_passkey, without_passkey
from belsimple.attack.site import Broken, Route, Site, api_case, expect
from belsimple.database.queries import load_queries

_q = load_queries("belsimple.attack", "ground.sql")
_PUBLIC: Final = {
    "GET /api/openapi.json",
    "GET /healthz",
    "GET /readyz",
    "POST /api/v1/session",
    "POST /api/v1/session/challenge",
    "GET /api/v1/session/factor",
    "POST /api/v1/session/factor",
    "POST /api/v1/session/factor/challenge",
    "POST /api/v1/session/enrolment",
    "POST /api/v1/session/enrolment/totp",
    "POST /api/v1/session/browser",
    "POST /api/v1/invitations/acceptance",
    "POST /api/v1/password-resets",
    "POST /api/v1/password-resets/confirmation",
    "POST /api/v1/account/email-change/confirmation",
    "POST /api/v1/token-leaks",
    "POST /sso/{id}/logout",
    "GET /sso/{id}/metadata",
    "POST /sso/{id}/response",
    "GET /sso/{id}/single-logout",
    "POST /sso/{id}/single-logout",
}
_PUBLIC_PAGES: Final = {
    "GET /",
    "GET /sign-in",
    "POST /sign-in",
    "POST /sign-in/continuation",
    "GET /sign-in/factor",
    "POST /sign-in/factor",
    "GET /sign-in/enrolment",
    "POST /sign-in/enrolment",
    "POST /sign-in/enrolment/totp",
    "GET /sign-in/browser",
    "POST /sign-in/browser",
    "GET /sign-in/confirmation",
    "POST /sign-in/confirmation",
    "GET /t/{slug}",
    "POST /sign-in/provider",
    "GET /sso/go",
    "GET /sso/{id}/return",
    "GET /sso/{id}/farewell",
    "GET /sso/setup",
    "POST /sso/setup",
    "POST /sso/setup/saml",
    "GET /sso/{id}/arrival",
    "POST /sso/{id}/arrival",
    "GET /invitation",
    "POST /invitation",
    "GET /reset",
    "POST /reset",
    "POST /reset/request",
    "GET /email-change",
    "POST /email-change",
}
_SIGNS_OUT: Final = ("DELETE /api/v1/session", "POST /sign-out")
_QUESTION: Final = b'action="/reauthentication"'
_ROLES: Final = ("owner", "admin", "member", "auditor")
_FLUSH_SECONDS: Final = 6.0


@api_case(11, "session_required")
async def every_route_without_a_session(site: Site) -> None:
    """401 from every route that is not public, whatever the cookie holds."""
    cookies = (
        "",
        f"{site.client.cookie}={'A' * 43}",
        f"{site.client.cookie}=x",
        f"{site.client.cookie[:-8]}00000000={'A' * 43}",
    )
    for route in site.routes():
        for cookie in cookies if route.permission != "public" else ():
            reply = await call(site, route, None, {"Cookie": cookie} if cookie else {})
            expect(reply, 401, why=f"{route} with the cookie {cookie[:30]!r}")


@api_case(11, "session_required")
async def every_page_without_a_session(site: Site) -> None:
    """A page leads to the sign-in, and a form is answered with it; neither shows or does anything."""
    for route in site.pages():
        for cookie in ("", f"{site.client.cookie}={'A' * 43}") if route.permission != "public" else ():
            reply = await call(site, route, None, {"Cookie": cookie} if cookie else {})
            away = reply.headers.get("location", "").partition("?")[0] == "/"
            if not (away if reply.status == 303 else reply.status == 401 and b'action="/sign-in' in reply.body):
                raise Broken(f"{route} without a session: {reply.status} {reply.headers.get('location', '')}")


@api_case(11, "public_routes")
async def what_is_public_is_known(site: Site) -> None:
    """Nothing is public but signing in, a provider's return and logout, what a link opens, health and the interface's own description."""
    public = {str(route) for route in (*site.routes(), *site.pages()) if route.permission == "public"}
    if more := public - _PUBLIC - _PUBLIC_PAGES:
        raise Broken(f"public without being known as such: {', '.join(sorted(more))}")


@api_case(11, "permission_check")
async def every_route_as_every_role(site: Site) -> None:
    """403 exactly where the role lacks the permission of the route or page."""
    for role in _ROLES:
        held = set((await site.send("GET", "/api/v1/me", token=await site.session(role))).json["permissions"])
        for route in _private(site):
            token = await (site.new_session(role) if str(route) in _SIGNS_OUT else site.session(role))
            reply = await call(site, route, token)
            allowed = route.permission == "signed-in" or route.permission in held
            if (reply.status == 403) is allowed or reply.status in (401, 500):
                raise Broken(
                    f"{route} as {role}: {reply.status}, and {route.permission} is {'' if allowed else 'not '}held"
                )


@api_case(11, "refusals_recorded")
async def refusals_are_recorded(site: Site) -> None:
    """A refused request is in the trail, with its route and who was refused."""
    token = await site.session("auditor")
    expect(await site.send("POST", "/api/v1/dossiers", token=token, json={"title": "x"}), 403)
    await asyncio.sleep(_FLUSH_SECONDS)
    query = f"/api/v1/audit?limit=200&action=refused&actor={site.names['a_auditor']}"
    entries = (await site.send("GET", query, token=await site.session("owner"))).json["items"]
    if not any(entry["detail"]["route"] == "POST /api/v1/dossiers" for entry in entries):
        raise Broken("the trail does not tell of a refused POST /api/v1/dossiers")


@api_case(11, "fresh_required")
async def sensitive_routes_with_an_old_proof(site: Site) -> None:
    """Long after the password was given, sensitive routes ask for it again."""
    token = await site.new_session("owner")
    await site.as_owner_of_the_database(_q.age_proof, token)
    for route in (*site.routes(), *site.pages()):
        if route.fresh:
            reply = await call(site, route, token)
            asked = reply.problem == "reauthentication-required" or _QUESTION in reply.body
            led = reply.status == 303 and reply.headers["location"].startswith("/reauthentication?")
            if not led and not (asked and reply.status == 403):
                raise Broken(f"{route} with an old proof: {reply.status} {reply.problem}")


@api_case(12, "members_tenant")
async def another_tenants_id(site: Site) -> None:
    """Byte for byte the answer of an id that does not exist."""
    token = await site.session("owner")
    their_document = (await site.upload(b"theirs", who="b_owner")).json["id"]
    their_passkey = (await with_passkey(site, "b_owner")).id
    others = {"/documents/{": their_document, "/passkeys/{": their_passkey}
    for route in _with_id(site):
        their_id = next((known for part, known in others.items() if part in route.path), _their_id(site, route))
        theirs = await call(site, route, token, object_id=their_id)
        nobodys = await call(site, route, token, object_id=str(uuid4()))
        expect(theirs, 404, why=f"{route} with another tenant's id")
        if theirs.comparable() != nobodys.comparable():
            raise Broken(f"{route} answers another tenant's id otherwise than one that does not exist")
    await without_passkey(site, "b_owner", their_passkey)


@api_case(12, "one_404")
async def a_malformed_id(site: Site) -> None:
    """Byte for byte the answer of an id that does not exist."""
    token = await site.session("owner")
    for route in _with_id(site):
        nobodys = await call(site, route, token, object_id=str(uuid4()))
        for malformed in (
            "x",
            "1",
            "00000000000000000000000000000000",
            "%00",
            "..%2f..",
            "' or true --".replace(" ", "%20"),
        ):
            if (await call(site, route, token, object_id=malformed)).comparable() != nobodys.comparable():
                raise Broken(f"{route} answers the id {malformed!r} otherwise than one that does not exist")


@api_case(12, "session_tenant")
async def another_accounts_session(site: Site) -> None:
    """One ends one's own sessions only: a colleague's is not there."""
    token, theirs = await site.session("auditor"), await site.new_session("member")
    listed = (await site.send("GET", "/api/v1/sessions", token=theirs)).json["items"]
    current = next(session["id"] for session in listed if session["current"])
    expect(await site.send("DELETE", f"/api/v1/sessions/{current}", token=token), 404, why="a colleague's session")
    if not await site.alive(theirs):
        raise Broken("a colleague's session was ended")


@api_case(12, "role_tenant")
async def another_tenants_role_in_a_body(site: Site) -> None:
    """A role of another tenant cannot be given, and is answered as one that does not exist."""
    token, path = await site.session("owner"), f"/api/v1/members/{site.names['a_member']}"
    theirs = await site.send("PATCH", path, token=token, json={"roles": [site.names["b_role"]]})
    nobodys = await site.send("PATCH", path, token=token, json={"roles": [str(uuid4())]})
    expect(theirs, 422, why="another tenant's role")
    if theirs.comparable() != nobodys.comparable():
        raise Broken("another tenant's role is answered otherwise than one that does not exist")


def _private(site: Site) -> list[Route]:
    return [route for route in (*site.routes(), *site.pages()) if route.permission != "public"]


def _with_id(site: Site) -> list[Route]:
    return [route for route in site.routes() if "{" in route.path]


def _their_id(site: Site, route: Route) -> str:
    kinds = {"members": "b_account", "roles": "b_role", "sessions": "b_session"}
    return site.names[kinds.get(route.path.split("/")[3], "b_dossier")]
