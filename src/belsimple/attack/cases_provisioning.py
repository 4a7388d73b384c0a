"""Numbers 11, 12, 14, 16 and 23, for directories: a token of one opens one connection of one tenant, and nobody is more by it than who gave it."""

import datetime as dt
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple
from urllib.parse import quote
from uuid import UUID

from belsimple.attack.calling import call
from belsimple.attack.client import Reply
from belsimple.attack.site import Broken, Site, api_case, expect
from belsimple.database.queries import load_queries

_q = load_queries("belsimple.attack", "providers.sql")
_DOMAIN: Final = "attack.invalid"
_ALL: Final = "/api/v1/scim-connections"
_NOBODY: Final = str(UUID(int=1))
_HOSTILE: Final = ("' or 1=1 --", '\\" or \\"\\" eq \\"', "%", "$$; drop table scim.person; --", "x') or true or ('")


class _Directory(NamedTuple):
    """A connection of one of the two tenants."""

    site: Site
    id: str
    token: str

    async def ask(self, method: str, path: str, json: Any = None) -> Reply:
        """A request under /scim/v2."""
        return await self.site.send(method, f"/scim/v2{path}", json=json, headers=_shown(self.token))

    async def made(self, path: str, body: Any) -> Any:
        """What a POST makes."""
        reply = await self.ask("POST", path, body)
        expect(reply, 201, why=f"POST {path}")
        return reply.json

    async def user(self) -> Any:
        """A new user."""
        return await self.made("/Users", _person())


def _shown(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _person(address: str | None = None) -> dict[str, Any]:
    key = secrets.token_hex(8)
    return {"userName": address or f"{key}@{_DOMAIN}", "externalId": key, "title": "Attack"}


@asynccontextmanager
async def _directory(site: Site, who: str = "owner") -> AsyncIterator[_Directory]:
    tenant = UUID(site.names["b_tenant" if who == "b_owner" else "a_tenant"])
    async with site.owner_of_the_database() as owner:
        await owner.execute(_q.stamp.sql, tenant)
        await owner.execute(_q.make_domain.sql, tenant, _DOMAIN)
    reply = await site.send("POST", _ALL, token=await site.new_session(who), json={"name": "Attack"})
    expect(reply, 201, why="making a connection")
    try:
        yield _Directory(site, reply.json["connection_id"], reply.json["token"])
    finally:
        async with site.owner_of_the_database() as owner:
            await owner.execute(_q.stamp.sql, tenant)
            await owner.execute(_q.remove_connections.sql, tenant)
            await owner.execute(_q.remove_domains.sql, tenant)


@api_case(11, "scim_token_reach")
async def a_directorys_token_at_the_api(site: Site) -> None:
    """Refused by every route that wants somebody: it opens provisioning and nothing else."""
    async with _directory(site) as directory:
        for route in (*site.routes(), *site.pages()):
            if route.permission != "public":
                reply = await call(site, route, None, _shown(directory.token))
                if not (reply.status == 303 and reply.headers["location"].partition("?")[0] == "/"):
                    expect(reply, 401, 403, why=f"{route} by a directory's token")


@api_case(11, "scim_token_kind")
async def another_token_at_scim(site: Site) -> None:
    """401 for an owner's session and for an owner's API token of every scope."""
    session = await site.new_session("owner")
    held = (await site.send("GET", "/api/v1/me", token=session)).json["permissions"]
    until = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    body = {"name": "Attack", "scopes": held, "expires_at": until.isoformat()}
    program = (await site.send("POST", "/api/v1/tokens", token=session, json=body)).json["token"]
    for headers in ({}, _shown(program)):
        expect(await site.send("GET", "/scim/v2/Users", token=session, headers=headers), 401, why="another's token")


@api_case(12, "scim_reads")
async def users_of_another_tenants_directory(site: Site) -> None:
    """Not in a list, and the same answer as for an id that does not exist."""
    async with _directory(site, "b_owner") as theirs, _directory(site) as ours:
        user = await theirs.user()
        listed = await ours.ask("GET", "/Users?filter=" + quote('title eq "Attack"'))
        if user["id"] in str(listed.json):
            raise Broken("a user of another tenant's directory is in a list")
        foreign, missing = await ours.ask("GET", f"/Users/{user['id']}"), await ours.ask("GET", f"/Users/{_NOBODY}")
        if foreign.status != 404 or foreign.body != missing.body:
            raise Broken(f"a user of another tenant's directory: {foreign.status}")


@api_case(12, "scim_hold")
async def changes_to_another_directorys_users(site: Site) -> None:
    """404 from each way of changing a user, for another tenant's and for another connection's of the same tenant."""
    async with _directory(site, "b_owner") as theirs, _directory(site) as ours:
        reply = await site.send("POST", _ALL, token=await site.new_session("owner"), json={"name": "Second"})
        beside = _Directory(site, reply.json["connection_id"], reply.json["token"])
        patch = {"Operations": [{"op": "replace", "value": {"active": False}}]}
        for user in (await theirs.user(), await beside.user()):
            for method, body in (("PATCH", patch), ("PUT", _person()), ("DELETE", None)):
                expect(await ours.ask(method, f"/Users/{user['id']}", body), 404, why=f"{method} of another's user")


@api_case(14, "scim_filter")
async def a_filter_that_would_be_a_statement(site: Site) -> None:
    """What stands in quotes is compared and nothing else: it finds nobody."""
    async with _directory(site) as directory:
        await directory.user()
        for attribute in ("userName", "externalId", "title", "emails.value", "id"):
            for text in _HOSTILE:
                found = await directory.ask("POST", "/Users/.search", {"filter": f'{attribute} eq "{text}"'})
                expect(found, 200, why="a hostile filter")
                if found.json["totalResults"]:
                    raise Broken(f"the filter {attribute} eq {text!r} found somebody")


@api_case(11, "scim_mapping")
async def a_group_for_a_role_that_one_does_not_hold(site: Site) -> None:
    """403: an admin makes nobody an owner by a group."""
    async with _directory(site) as directory:
        group = await directory.made("/Groups", {"displayName": "Owners"})
        path = f"{_ALL}/{directory.id}/groups/{group['id']}/role"
        body = {"role_id": await _owners_role(site)}
        reply = await site.send(
            "PUT", path, token=await site.new_session("admin"), json=body, headers={"If-Match": '"1"'}
        )
        expect(reply, 403, why="a group mapped to the owner's role by an admin")


@api_case(11, "scim_reach")
async def a_token_for_a_directory_of_owners(site: Site) -> None:
    """403: whoever had it would make themselves an owner by a group, so an admin gets none."""
    async with _directory(site) as directory:
        group = await directory.made("/Groups", {"displayName": "Owners"})
        path = f"{_ALL}/{directory.id}/groups/{group['id']}/role"
        body = {"role_id": await _owners_role(site)}
        owner, version = await site.new_session("owner"), {"If-Match": '"1"'}
        expect(await site.send("PUT", path, token=owner, json=body, headers=version), 200)
        admin = await site.new_session("admin")
        expect(await site.send("POST", f"{_ALL}/{directory.id}/tokens", token=admin), 403, why="a token for an admin")


@api_case(16, "scim_shut")
async def an_account_that_its_directory_has_shut(site: Site) -> None:
    """409: nobody of the tenant lets it in again, not even an owner."""
    async with _directory(site) as directory:
        user = await directory.user()
        body = {"Operations": [{"op": "Replace", "path": "active", "value": "False"}]}
        expect(await directory.ask("PATCH", f"/Users/{user['id']}", body), 200)
        owner = await site.new_session("owner")
        reply = await site.send("PATCH", f"/api/v1/members/{user['id']}", token=owner, json={"status": "active"})
        expect(reply, 409, why="an account that its directory has shut")


@api_case(16, "scim_token_ended")
async def a_directorys_token_that_was_ended(site: Site) -> None:
    """401 from the next request on."""
    async with _directory(site) as directory:
        expect(await directory.ask("GET", "/Users"), 200)
        owner = await site.new_session("owner")
        shown = (await site.send("GET", f"{_ALL}/{directory.id}", token=owner)).json
        await site.send("DELETE", f"{_ALL}/{directory.id}/tokens/{shown['tokens'][0]['id']}", token=owner)
        expect(await directory.ask("GET", "/Users"), 401, why="a directory's token that was ended")


@api_case(23, "scim_adoption")
async def an_account_taken_over_by_its_address(site: Site) -> None:
    """409: an account that the directory did not make stays out of its hands until somebody links it."""
    async with _directory(site) as directory:
        expect(await directory.ask("POST", "/Users", _person(site.names["a_fifth_email"])), 409, why="an adoption")
        found = await directory.ask("GET", "/Users")
        if site.names["a_fifth"] in str(found.json):
            raise Broken("an account was taken over by its address")


@api_case(23, "scim_domain")
async def an_address_of_a_foreign_domain_by_a_directory(site: Site) -> None:
    """400: a directory brings nobody in with an address that its tenant has not proven to be its own."""
    async with _directory(site) as directory:
        reply = await directory.ask("POST", "/Users", _person("mallory@elsewhere.invalid"))
        expect(reply, 400, why="an address of a foreign domain")


async def _owners_role(site: Site) -> str:
    roles = (await site.send("GET", "/api/v1/roles", token=await site.new_session("owner"))).json["items"]
    return next(str(role["id"]) for role in roles if role["name"] == "owner")
