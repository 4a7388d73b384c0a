"""Numbers 10, 11, 12 and 16, for support access: the one way of an operator into a tenant's data, and how it ends."""

from base64 import urlsafe_b64decode
from typing import Final, NamedTuple

from belsimple.attack.calling import call
from belsimple.attack.client import Reply
from belsimple.attack.site import FORM, Operator, Site, api_case, expect
from belsimple.database.queries import load_queries

_q = load_queries("belsimple.attack", "ground.sql")
_ASKED: Final = "/api/v1/dossiers"
_GRANTS: Final = "/api/v1/support-grants"


class _Inside(NamedTuple):
    """An operator inside tenant A: its support session, and the grant that let it in."""

    operator: Operator
    grant: str
    token: bytes


@api_case(10, "support_reads")
async def support_that_may_only_look(site: Site) -> None:
    """403 from every route that changes something, over the API and on pages."""
    inside = await _inside(site, writing=False)
    for route in (*site.routes(), *site.pages()):
        if route.permission not in ("public", "signed-in") and not route.permission.endswith(":read"):
            expect(await call(site, route, inside.token), 403, why=f"{route} by support that may only look")


@api_case(11, "support_reach")
async def what_is_for_the_tenants_people_by_support(site: Site) -> None:
    """403 from own accounts, from what only owners decide and from what wants a fresh proof, though support may change things."""
    inside = await _inside(site, writing=True)
    for route in (*site.routes(), *site.pages()):
        own = route.permission == "signed-in" and route.path not in ("/start", "/support/departure")
        if own or route.permission.startswith("ownership:") or (route.fresh and route.permission != "public"):
            expect(await call(site, route, inside.token), 403, why=f"{route} by support")


@api_case(12, "support_operator")
async def another_operators_grant(site: Site) -> None:
    """404, as for a grant that does not exist: it lets in whom the owner named."""
    inside = await _inside(site, writing=False)
    other = await site.new_operator("platform")
    expect(await _enter(site, other, inside.grant), 404, why="another operator's grant")


@api_case(12, "support_tenant")
async def another_tenants_grant(site: Site) -> None:
    """404 for another tenant's owner who ends it, and support works on."""
    inside = await _inside(site, writing=False)
    reply = await site.send("DELETE", f"{_GRANTS}/{inside.grant}", token=await site.session("b_owner"))
    expect(reply, 404, why="another tenant's grant")
    expect(await _use(site, inside), 200, why="support that another tenant wanted ended")


@api_case(16, "support_ended")
async def support_after_its_end(site: Site) -> None:
    """401 from the next request on once the owner ends it, and no way in again."""
    inside = await _inside(site, writing=False)
    expect(await _use(site, inside), 200)
    reply = await site.send("DELETE", f"{_GRANTS}/{inside.grant}", token=await site.new_session("owner"))
    expect(reply, 204, why="ending support access")
    expect(await _use(site, inside), 401, why="support after its end")
    expect(await _enter(site, inside.operator, inside.grant), 404, why="a grant that was ended")


@api_case(16, "support_expiry")
async def support_past_its_time(site: Site) -> None:
    """401 after its hours, however busy the operator is, and no way in again."""
    inside = await _inside(site, writing=False)
    expect(await _use(site, inside), 200)
    async with site.owner_of_the_database() as owner:
        await owner.fetch(_q.inside.sql, await owner.fetchval(_q.tenant_of_grant.sql, inside.grant))
        await owner.execute(_q.age_grant.sql, inside.grant)
    expect(await _use(site, inside), 401, why="support past its time")
    expect(await _enter(site, inside.operator, inside.grant), 404, why="a grant past its time")


@api_case(16, "support_session")
async def support_after_the_operator_signed_out(site: Site) -> None:
    """401: what an operator opened ends with the operator's own session."""
    inside = await _inside(site, writing=False)
    expect(await site.send("DELETE", "/operator/api/v1/session", token=inside.operator.token), 204)
    expect(await _use(site, inside), 401, why="support of an operator who signed out")


async def _inside(site: Site, *, writing: bool) -> _Inside:
    operator, owner = await site.new_operator("support"), await site.new_session("owner")
    body = {"operator": operator.email, "reason": "attack", "hours": 1, "writing": writing}
    made = await site.send("POST", _GRANTS, token=owner, json=body)
    expect(made, 201, why="letting an operator in")
    entered = await _enter(site, operator, made.json["id"])
    expect(entered, 303, why="entering as support")
    cookie = entered.headers["set-cookie"].partition(";")[0].removeprefix(f"{site.client.cookie}=")
    return _Inside(operator, made.json["id"], urlsafe_b64decode(cookie))


async def _enter(site: Site, operator: Operator, grant: str) -> Reply:
    return await site.send("POST", f"/operator/support/{grant}/entry", token=operator.token, raw=b"", headers=FORM)


async def _use(site: Site, inside: _Inside) -> Reply:
    return await site.send("GET", _ASKED, token=inside.token)
