"""Number 16: a session is dead, or lessened, from the moment it should be."""

from typing import Final

from asyncpg import InvalidAuthorizationSpecificationError

from belsimple.attack.site import Broken, Site, api_case, expect
from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database
from belsimple.tenancy import actions as tenancy

_q = load_queries("belsimple.attack", "ground.sql")
_NEW_PASSWORD: Final = "correct horse attack staple 24"  # noqa: S105 - of a synthetic account that is removed at the end


async def _must_be_dead(site: Site, token: bytes, why: str) -> None:
    for method, path in (
        ("GET", "/api/v1/me"),
        ("GET", "/api/v1/dossiers"),
        ("POST", "/api/v1/dossiers"),
        ("DELETE", "/api/v1/session"),
    ):
        body = {"title": "x"} if method == "POST" else None
        expect(await site.send(method, path, token=token, json=body), 401, why=f"{method} {path} {why}")


@api_case(16, "ended")
async def after_signing_out(site: Site) -> None:
    """The cookie that was signed out opens nothing."""
    token = await site.new_session("member")
    expect(await site.send("GET", "/api/v1/me", token=token), 200)
    await site.send("DELETE", "/api/v1/session", token=token)
    await _must_be_dead(site, token, "after signing out")


@api_case(16, "ended")
async def ended_from_another_session(site: Site) -> None:
    """A session ended from the list of sessions opens nothing."""
    token, other = await site.new_session("member"), await site.new_session("member")
    listed = (await site.send("GET", "/api/v1/sessions", token=other)).json["items"]
    current = next(session["id"] for session in listed if session["current"])
    await site.send("DELETE", f"/api/v1/sessions/{current}", token=token)
    await _must_be_dead(site, other, "after being ended")


@api_case(16, "ended")
async def ended_with_all_the_others(site: Site) -> None:
    """Of all the own sessions the one that ended the others opens anything, and colleagues keep theirs."""
    token, other, colleague = [await site.new_session(who) for who in ("ender", "ender", "member")]
    expect(await site.send("DELETE", "/api/v1/sessions", token=token), 204, why="ending all other sessions")
    await _must_be_dead(site, other, "after all others were ended")
    for alive, whose in ((token, "the own"), (colleague, "a colleague's")):
        if not await site.alive(alive):
            raise Broken(f"{whose} session was ended with the others")


@api_case(16, "session_expiry")
async def after_idle_time(site: Site) -> None:
    """A session nobody used for its idle time opens nothing, and no request wakes it."""
    token = await site.new_session("member")
    await site.as_owner_of_the_database(_q.age_use, token)
    await _must_be_dead(site, token, "after its idle time")


@api_case(16, "session_expiry")
async def after_absolute_time(site: Site) -> None:
    """A session past its absolute end opens nothing, however lately it was used."""
    token = await site.new_session("member")
    expect(await site.send("GET", "/api/v1/me", token=token), 200)
    await site.as_owner_of_the_database(_q.age_session, token)
    await _must_be_dead(site, token, "after its absolute time")


@api_case(16, "end_sessions_password")
async def after_a_new_password(site: Site) -> None:
    """Every session of an account ends when its password changes, the one that changed it too."""
    token, other = await site.new_session("changer"), await site.new_session("changer")
    body = {"current": site.ground.credential.password, "new": _NEW_PASSWORD}
    reply = await site.send("PUT", "/api/v1/account/password", token=token, json=body)
    expect(reply, 204, why="changing the password")
    if site.client.cookie not in reply.headers.get("set-cookie", ""):
        raise Broken("no new session was given")
    await _must_be_dead(site, other, "after a new password")
    await _must_be_dead(site, token, "that changed the password")


@api_case(16, "live_status")
async def after_deactivation(site: Site) -> None:
    """Every session of a deactivated account ends, and does not come back with it."""
    token, owner = await site.new_session("leaver"), await site.session("owner")
    path = f"/api/v1/members/{site.names['a_leaver']}"
    expect(await site.send("PATCH", path, token=owner, json={"status": "deactivated"}), 200)
    await _must_be_dead(site, token, "after deactivation")
    expect(await site.send("PATCH", path, token=owner, json={"status": "active"}), 200)
    await _must_be_dead(site, token, "after reactivation")


@api_case(16, "suspended_tenant")
async def after_suspension_of_the_tenant(site: Site) -> None:
    """Every session of a suspended tenant ends, and does not come back with it."""
    token, slug = await site.new_session("b_owner"), site.names["b_slug"]
    await tenancy.set_status(site.ground.admin_url, slug=slug, status="suspended")
    try:
        await _must_be_dead(site, token, "after suspension")
    finally:
        await tenancy.set_status(site.ground.admin_url, slug=slug, status="active")
    await _must_be_dead(site, token, "after suspension ended")


@api_case(16, "live_permissions")
async def after_a_change_of_role(site: Site) -> None:
    """What a role permitted is gone with the role, in the very next request."""
    token, owner = await site.session("changed"), await site.session("owner")
    path = f"/api/v1/members/{site.names['a_changed']}"
    expect(await site.send("POST", "/api/v1/dossiers", token=token, json={"title": "Attack"}), 201)
    expect(await site.send("PATCH", path, token=owner, json={"roles": ["auditor"]}), 200)
    try:
        reply = await site.send("POST", "/api/v1/dossiers", token=token, json={"title": "Attack"})
        expect(reply, 403, why="a change after the role went")
    finally:
        await site.send("PATCH", path, token=owner, json={"roles": ["member"]})


@api_case(16, "networks")
async def from_another_network(site: Site) -> None:
    """A session opens nothing from outside the networks that its tenant has named, and everything from within."""
    token = await site.new_session("member")
    await _name_networks(site, ["192.0.2.0/24"])
    app = await Database.open(site.ground.urls["app"], part="web", size=1)
    try:
        if not await _opens(app, token, "192.0.2.24"):
            raise Broken("the tenant's own network is shut out")
        if await _opens(app, token, "198.51.100.1"):
            raise Broken("a stolen cookie opens the tenant from anywhere")
    finally:
        await app.close()
        await _name_networks(site, [])


async def _opens(app: Database, token: bytes, address: str) -> bool:
    try:
        async with app.tenant(token, writing=False, address=address):
            return True
    except InvalidAuthorizationSpecificationError:
        return False


async def _name_networks(site: Site, networks: list[str]) -> None:
    """As the tenant's owner does from within them."""
    async with site.owner_of_the_database() as owner:
        await owner.execute(_q.inside.sql, site.names["a_tenant"])
        await owner.execute(_q.name_networks.sql, site.names["a_tenant"], networks)
