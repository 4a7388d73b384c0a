"""Inviting colleagues over the API: who may, to what, and how an invitation ends."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from belsimple.identity import account, invitation_routes, routes
from belsimple.tenancy import routes as tenancy_routes
from tests.support.api import Api
from tests.support.links import aged, as_gate, kinds, opened, posted
from tests.support.people import Account, digest
from tests.support.world import World

ENDPOINTS = (*invitation_routes.ENDPOINTS, *routes.ENDPOINTS, *tenancy_routes.ENDPOINTS)
ACCEPT = "select * from identity.accept_invitation($1, 'New', $2, 65536, 3, 4, $3)"


@pytest_asyncio.fixture
async def api(world: World) -> AsyncIterator[Api]:
    async with Api.serving(world.installed, ENDPOINTS) as api:
        yield api


def colleague(world: World) -> str:
    return f"colleague@{world.slug}.example"


async def invite(api: Api, world: World, who: Account | None = None, **body: Any) -> Any:
    wanted = {"email": colleague(world), "roles": ["member"], **body}
    return await api(await world.session(who), "POST", "/api/v1/invitations", wanted)


async def mailed(world: World, email: str | None = None) -> bytes:
    """The token of the last invitation's link."""
    return await opened(world, (await posted(world, "invitation", to=email or colleague(world)))[-1])


async def accept(world: World, token: bytes) -> list[Any]:
    return await as_gate(world, ACCEPT, digest(token), bytes(16), bytes(32))


async def test_an_invitation_is_mailed_listed_and_accepted(world: World, api: Api) -> None:
    made = await invite(api, world, email=colleague(world).title(), roles=["member", "auditor"], language="nl")
    assert made.status == 201
    assert made.headers["location"] == f"/api/v1/invitations/{made.json['id']}"
    shown = made.json
    assert (shown["email"], shown["roles"], shown["language"]) == (colleague(world), ["auditor", "member"], "nl")
    assert shown["invited_by"] == str(world.owner.id)
    listed = await api(await world.session(), "GET", "/api/v1/invitations")
    assert listed.json["items"] == [shown]
    [mail] = await posted(world, "invitation", to=colleague(world))
    assert (mail.language, mail.facts, str(mail.subject)) == ("nl", {"inviter": "Somebody"}, shown["id"])
    assert len(await accept(world, await mailed(world))) == 1
    assert (await api(await world.session(), "GET", "/api/v1/invitations")).json["items"] == []
    [member] = await world.observe("select language from identity.account where email = $1", colleague(world))
    assert member["language"] == "nl"


async def test_the_tenants_language_speaks_when_none_is_given(world: World, api: Api) -> None:
    session = await world.session()
    etag = (await api(session, "GET", "/api/v1/tenant")).headers["etag"]
    changed = await api(session, "PATCH", "/api/v1/tenant", {"language": "fr"}, headers={"if-match": etag})
    assert changed.json["language"] == "fr"
    assert (await invite(api, world)).json["language"] == "fr"


async def test_its_link_works_once_though_many_click(world: World, api: Api) -> None:
    await invite(api, world)
    tokens = [await mailed(world), await mailed_again(world)]
    answers = await asyncio.gather(*(accept(world, token) for token in tokens * 4))
    assert sorted(map(len, answers)) == [0] * 7 + [1]


async def mailed_again(world: World) -> bytes:
    """A second link to the same invitation, as when the relay lost the first mail."""
    await world.observe("update mail.message set opened_at = null where tenant_id = $1", await world.tenant_id())
    return await mailed(world)


async def test_a_second_invitation_of_an_address_replaces_the_first(world: World, api: Api) -> None:
    first = await invite(api, world)
    token = await mailed(world)
    second = await invite(api, world, roles=["auditor"])
    assert second.status == 201
    assert await accept(world, token) == []
    listed = (await api(await world.session(), "GET", "/api/v1/invitations")).json["items"]
    assert [one["id"] for one in listed] == [second.json["id"]] != [first.json["id"]]
    assert await accept(world, await mailed(world))


async def test_a_withdrawn_invitation_is_over(world: World, api: Api) -> None:
    made = (await invite(api, world)).json
    token = await mailed(world)
    assert (await api(await world.session(), "DELETE", f"/api/v1/invitations/{made['id']}")).status == 204
    assert await accept(world, token) == []
    assert (await api(await world.session(), "DELETE", f"/api/v1/invitations/{made['id']}")).status == 404


async def test_a_member_is_not_invited_again(world: World, api: Api) -> None:
    answer = await invite(api, world, email=world.owner.email.upper())
    assert (answer.status, answer.problem) == (409, "member-exists")


@pytest.mark.parametrize(
    "email",
    ["", "nobody", "a@b@c", "a b@example.org", "é@example.org", "a@exa\nmple.org", "<a@b.c>", "a@-", "x" * 250 + "@b"],
)
async def test_what_is_no_address_is_refused(world: World, api: Api, email: str) -> None:
    answer = await invite(api, world, email=email)
    assert (answer.status, answer.pointers) == (422, ["/email"])


async def test_nobody_invites_to_what_they_do_not_hold(world: World, api: Api) -> None:
    admin = await world.account("admin")
    answer = await invite(api, world, admin, roles=["owner"])
    assert (answer.status, answer.problem) == (403, "permission-not-held")
    made = await invite(api, world, roles=["owner"])
    assert (await api(await world.session(admin), "DELETE", f"/api/v1/invitations/{made.json['id']}")).status == 403
    assert (await invite(api, world, admin)).status == 403  # it would replace the owner's invitation by a lesser one
    assert (await invite(api, world, admin, email=f"second@{world.slug}.example")).status == 201


async def test_an_invitation_that_is_over_stands_in_nobodys_way(world: World, api: Api) -> None:
    admin = await world.account("admin")
    made = await invite(api, world, roles=["owner"])
    await aged(world, "identity.invitation", UUID(made.json["id"]), "expires_at = now()")
    assert (await invite(api, world, admin)).status == 201


async def test_five_hundred_may_be_open(world: World, api: Api) -> None:
    async with world.installed.owner() as connection, connection.transaction():
        await connection.execute(f"select context.stamp('{await world.tenant_id()}', null, null, '', 'command')")
        await connection.execute(
            "insert into identity.invitation (tenant_id, email, role_ids, expires_at)"
            " select id, n || '@x.example', '{}', now() + interval '1 day' from identity.tenant, generate_series(1, 500) n where slug = $1",
            world.slug,
        )
    answer = await invite(api, world)
    assert (answer.status, answer.problem) == (409, "too-many-invitations")


async def test_a_role_that_does_not_exist_is_refused(world: World, api: Api) -> None:
    answer = await invite(api, world, roles=["emperor"])
    assert (answer.status, answer.pointers) == (422, ["/roles"])
    assert await posted(world, "invitation", to=colleague(world)) == []


@pytest.mark.parametrize("role", ["member", "auditor"])
async def test_members_and_auditors_may_not(world: World, api: Api, role: str) -> None:
    who = await world.account(role)
    made = (await invite(api, world)).json
    session = await world.session(who)
    assert (await api(session, "POST", "/api/v1/invitations", {"email": "a@b.example", "roles": []})).status == 403
    assert (await api(session, "GET", "/api/v1/invitations")).status == 403
    assert (await api(session, "DELETE", f"/api/v1/invitations/{made['id']}")).status == 403


async def test_it_needs_a_fresh_proof(world: World, api: Api) -> None:
    session = await world.session()
    await world.as_owner(
        "update identity.session set authenticated_at = now() - interval '16 minutes' where token_hash = $1",
        digest(session),
    )
    answer = await api(session, "POST", "/api/v1/invitations", {"email": colleague(world), "roles": ["member"]})
    assert (answer.status, answer.problem) == (403, "reauthentication-required")


async def test_another_tenants_invitation_is_not_there(world: World, api: Api) -> None:
    made = (await invite(api, world)).json
    slug, stranger = await world.another_tenant()
    session = await world.session(stranger)
    assert slug != world.slug
    assert (await api(session, "GET", "/api/v1/invitations")).json["items"] == []
    missing = await api(session, "DELETE", "/api/v1/invitations/00000000-0000-7000-8000-000000000000")
    theirs = await api(session, "DELETE", f"/api/v1/invitations/{made['id']}")
    assert (theirs.status, theirs.body) == (missing.status, missing.body) == (404, missing.body)


async def test_invitations_are_over_with_whoever_made_them(world: World, api: Api) -> None:
    admin = await world.account("admin")
    await invite(api, world, admin)
    token = await mailed(world)
    await world.deactivate(admin)
    assert await accept(world, token) == []


async def test_an_invitation_holds_no_longer_than_the_right_to_make_it(world: World, api: Api) -> None:
    admin = await world.account("admin")
    await invite(api, world, admin, roles=["admin"])
    token = await mailed(world)
    for roles, accepted in ((["member"], 0), (["admin"], 1)):
        async with world.acting() as transaction:
            await account.change_member(transaction, member_id=admin.id, status=None, roles=roles, expected=None)
        shown = await as_gate(world, "select * from identity.invitation_shown($1)", digest(token))
        assert len(shown) == len(await accept(world, token)) == accepted


async def test_an_invited_address_that_a_member_came_to_have_makes_no_second_account(world: World, api: Api) -> None:
    await invite(api, world)
    token = await mailed(world)
    await world.account("member", email=colleague(world))
    assert await accept(world, token) == []
    assert await kinds(world, colleague(world)) == ["invitation", "invitation", "welcome"]


async def test_the_list_comes_in_pages(world: World, api: Api) -> None:
    for number in range(5):
        await invite(api, world, email=f"c{number}@{world.slug}.example")
    session = await world.session()
    seen: list[str] = []
    target = "/api/v1/invitations?limit=2"
    while target:
        page = (await api(session, "GET", target)).json
        seen += [one["email"].partition("@")[0] for one in page["items"]]
        target = page["next"] and f"/api/v1/invitations?limit=2&cursor={page['next']}"
    assert sorted(seen) == ["c0", "c1", "c2", "c3", "c4"]


async def test_a_change_of_address_over_the_api(world: World, api: Api) -> None:
    session = await world.session()
    member = await world.account("member")
    path = "/api/v1/account/email-change"
    assert (await api(session, "GET", path)).status == 404
    free = await api(session, "POST", path, {"email": colleague(world)})
    shown = await api(session, "GET", path)
    assert (await api(session, "DELETE", path)).status == 204
    taken = await api(session, "POST", path, {"email": member.email})
    shown_of_taken = await api(session, "GET", path)
    assert (free.status, free.body) == (taken.status, taken.body) == (202, b"")
    assert set(shown.json) == set(shown_of_taken.json) == {"email", "old_confirmed", "new_confirmed", "expires_at"}
    assert (await api(session, "POST", path, {"email": world.owner.email})).pointers == ["/email"]
