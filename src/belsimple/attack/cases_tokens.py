"""Numbers 11, 12, 16 and 17, for API tokens: no more than their scopes, never more than their owner, gone with what lets the owner in."""

import datetime as dt
from typing import Final

from belsimple.attack.calling import call
from belsimple.attack.client import Reply
from belsimple.attack.site import Broken, Site, api_case, expect
from belsimple.database.queries import load_queries
from belsimple.tenancy import actions as tenancy

_q = load_queries("belsimple.attack", "ground.sql")
_READ: Final = ["dossiers:read"]
_WRITE: Final = ["dossiers:write"]
_FOR_ALL: Final = "GET /api/v1/me"
_ASKED: Final = "/api/v1/dossiers"


@api_case(11, "token_scopes")
async def every_route_by_a_token_of_little(site: Site) -> None:
    """Refused by every route whose permission is none of the token's scopes, though its owner holds them all."""
    _, token = await _made(site, "owner", _READ)
    for route in (*site.routes(), *site.pages()):
        if route.permission not in ("public", *_READ) and str(route) != _FOR_ALL:
            _must_be_refused(await call(site, route, None, _shown(token)), f"{route} by a token for dossiers:read")


@api_case(11, "token_reach")
async def what_is_for_people_by_a_token(site: Site) -> None:
    """A token of every scope opens no page, touches no account, and does nothing that wants a fresh proof of who one is."""
    held = (await site.send("GET", "/api/v1/me", token=await site.session("owner"))).json["permissions"]
    _, token = await _made(site, "owner", held)
    for route in (*site.routes(), *site.pages()):
        theirs = route.permission == "signed-in" or route.fresh or "form" in route.media_type
        if theirs and route.permission != "public" and str(route) != _FOR_ALL:
            _must_be_refused(await call(site, route, None, _shown(token)), f"{route} by a token")


@api_case(11, "token_held")
async def a_token_for_more_than_one_holds(site: Site) -> None:
    """403: nobody gives a program what they may not do."""
    reply = await _make(site, "auditor", _WRITE)
    expect(reply, 403, why="an auditor's token for dossiers:write")


@api_case(11, "token_alone")
async def a_wrong_token_beside_a_good_cookie(site: Site) -> None:
    """401: a request that presents a token is that token's, whatever else it carries."""
    session = await site.session("owner")
    for wrong in ("bel_", "bel_" + "0" * 49, "x" * 53):
        reply = await site.send("GET", _ASKED, token=session, headers=_shown(wrong))
        expect(reply, 401, why=f"the token {wrong[:10]} beside a cookie")


@api_case(12, "token_owner")
async def a_colleagues_token(site: Site) -> None:
    """404, and it works on: one ends one's own."""
    made, token = await _made(site, "member", _READ)
    expect(await _end(site, "auditor", made), 404, why="a colleague's token")
    expect(await _use(site, token), 200, why="a token that a colleague wanted ended")


@api_case(16, "token_ended")
async def a_token_that_was_ended(site: Site) -> None:
    """401 from the next request on."""
    made, token = await _made(site, "member", _READ)
    expect(await _use(site, token), 200)
    await _end(site, "member", made)
    expect(await _use(site, token), 401, why="a token that was ended")


@api_case(16, "token_expiry")
async def a_token_past_its_time(site: Site) -> None:
    """401 after the day it was made for, and no use makes it longer."""
    made, token = await _made(site, "member", _READ)
    expect(await _use(site, token), 200)
    await site.as_owner_of_the_database(_q.age_token, made)
    expect(await _use(site, token), 401, why="a token past its time")


@api_case(16, "token_live_permissions")
async def a_token_after_a_change_of_role(site: Site) -> None:
    """What its owner may no longer do, it may not either, in the very next request."""
    owner, path = await site.session("owner"), f"/api/v1/members/{site.names['a_changed']}"
    _, token = await _made(site, "changed", _WRITE)
    expect(await site.send("POST", _ASKED, json={"title": "Attack"}, headers=_shown(token)), 201)
    expect(await site.send("PATCH", path, token=owner, json={"roles": ["auditor"]}), 200)
    try:
        reply = await site.send("POST", _ASKED, json={"title": "Attack"}, headers=_shown(token))
        expect(reply, 403, why="a change by a token after the role went")
    finally:
        await site.send("PATCH", path, token=owner, json={"roles": ["member"]})


@api_case(16, "token_ends_with_owner")
async def a_token_after_deactivation(site: Site) -> None:
    """401 with its owner's deactivation, and it does not come back with the owner."""
    owner, path = await site.session("owner"), f"/api/v1/members/{site.names['a_leaver']}"
    _, token = await _made(site, "leaver", _READ)
    expect(await site.send("PATCH", path, token=owner, json={"status": "deactivated"}), 200)
    expect(await _use(site, token), 401, why="a token of a deactivated account")
    expect(await site.send("PATCH", path, token=owner, json={"status": "active"}), 200)
    expect(await _use(site, token), 401, why="a token from before the deactivation")


@api_case(16, "token_live_status")
async def a_token_of_a_suspended_tenant(site: Site) -> None:
    """401 while the tenant is suspended; nothing is lost by it."""
    _, token = await _made(site, "member", _READ)
    await tenancy.set_status(site.ground.admin_url, slug=site.names["a_slug"], status="suspended")
    try:
        expect(await _use(site, token), 401, why="a token of a suspended tenant")
    finally:
        await tenancy.set_status(site.ground.admin_url, slug=site.names["a_slug"], status="active")
        site.forget_sessions()
    expect(await _use(site, token), 200, why="a token after the suspension")


@api_case(17, "token_leak")
async def a_token_reported_as_leaked(site: Site) -> None:
    """It ends at once, whoever reports it; the answer tells nobody whether there was such a token."""
    _, token = await _made(site, "member", _READ)
    real = await _report(site, token)
    unknown = await _report(site, token[:-1] + ("x" if token[-1] != "x" else "y"))
    expect(real, 202, why="a leak reported")
    if real.comparable() != unknown.comparable():
        raise Broken("the answer to a report tells whether there is such a token")
    expect(await _use(site, token), 401, why="a token reported as leaked")


def _must_be_refused(reply: Reply, why: str) -> None:
    # Part gate is never shown a token: it misses a session, and its pages lead to the sign-in.
    if not (reply.status == 303 and reply.headers["location"].partition("?")[0] == "/"):
        expect(reply, 401, 403, why=why)


async def _made(site: Site, who: str, scopes: list[str]) -> tuple[str, str]:
    """A new token's id and text."""
    reply = await _make(site, who, scopes)
    expect(reply, 201, why="making a token")
    return reply.json["id"], reply.json["token"]


async def _make(site: Site, who: str, scopes: list[str]) -> Reply:
    until = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    body = {"name": "Attack", "scopes": scopes, "expires_at": until.isoformat()}
    return await site.send("POST", "/api/v1/tokens", token=await site.new_session(who), json=body)


async def _end(site: Site, who: str, made: str) -> Reply:
    return await site.send("DELETE", f"/api/v1/tokens/{made}", token=await site.new_session(who))


async def _use(site: Site, token: str) -> Reply:
    return await site.send("GET", _ASKED, headers=_shown(token))


async def _report(site: Site, token: str) -> Reply:
    body = {"found": [{"token": token, "place": "https://paste.invalid/1"}]}
    return await site.send("POST", "/api/v1/token-leaks", json=body)


def _shown(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
