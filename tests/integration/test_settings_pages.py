"""The settings' pages: who may open and send them, and what they say when the database refuses."""

import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from belsimple.access.actions import create_role, roles
from belsimple.database.transaction import Transaction
from belsimple.identity.account import change_me
from belsimple.identity.invitations import invite
from belsimple.modules import discover
from belsimple.server.assembly import all_endpoints
from tests.support.api import Api, Response
from tests.support.databases import PROFILES, Profile
from tests.support.factors import add_totp
from tests.support.world import World

FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "text/html", "sec-fetch-site": "same-origin"}
PEOPLE = "/settings/members"
PAGES = {
    PEOPLE: {"admin", "member", "auditor"},
    "/settings/invitations": {"admin"},
    "/settings/invitations/new": {"admin"},
    "/settings/roles": {"admin", "auditor"},
    "/settings/roles/new": {"admin"},
    "/settings/organisation": {"admin", "auditor"},
    "/settings/audit": {"admin", "auditor"},
    "/settings/modules": {"admin", "auditor"},
    "/settings/provisioning": {"admin", "auditor"},
}
"""Who opens what, besides owners."""
STALE = {
    "/settings/support/{id}/end",
    "/settings/providers/{id}/rules/trial",
    "/settings/saml-providers/{id}/metadata",
    "/settings/provisioning/{id}/groups/{group}/trial",
    "/settings/domains/{id}/look",
}
"""What asks for no password: what shuts a door at once, and what changes nothing."""

Send = Callable[..., Awaitable[Response]]


@pytest.fixture(params=[PROFILES[0]], ids=str)
def profile(request: pytest.FixtureRequest) -> Profile:
    """One: what differs between databases, the tests of the actions try."""
    return request.param


@pytest_asyncio.fixture
async def api(world: World) -> AsyncIterator[Api]:
    """Part web with every page."""
    pages = [one for one in all_endpoints() if one.page and one.part == "web"]
    async with Api.serving(world.installed, pages, modules=discover()) as api:
        yield api


@pytest.fixture
def send(api: Api) -> Send:
    """A form, as a browser sends it; values may be lists."""

    async def sent(session: bytes, path: str, **fields: object) -> Response:
        body = urlencode({name: value for name, value in fields.items() if value is not None}, doseq=True)
        return await api(session, "POST", path, headers=FORM, pieces=[body.encode()])

    return sent


async def shown(api: Api, session: bytes, path: str) -> str:
    answer = await api(session, "GET", path, headers={"accept": "text/html"})
    assert answer.status == 200, answer.body
    return text(answer)


def text(answer: Response) -> str:
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.body.decode()


async def own_role(world: World, name: str = "Helpers", *permissions: str) -> uuid.UUID:
    async with world.acting() as transaction:
        return (await create_role(transaction, name=name, permissions=list(permissions))).id


async def role_ids(transaction: Transaction) -> dict[str, str]:
    return {role.name: str(role.id) for role in await roles(transaction)}


@pytest.mark.parametrize("role", ["owner", "admin", "member", "auditor"])
async def test_each_role_opens_its_pages_and_sees_them_in_the_menu(api: Api, world: World, role: str) -> None:
    session = await world.session(None if role == "owner" else await world.account(role))
    for path, holders in PAGES.items():
        answer = await api(session, "GET", path, headers={"accept": "text/html"})
        assert (path, answer.status) == (path, 200 if role == "owner" or role in holders else 403)
        assert answer.status == 200 or "You are not allowed to do this." in text(answer)
    menu = set(re.findall(r'href="(/settings/[a-z]+)"', await shown(api, session, PEOPLE)))
    permitted = {
        path for path, holders in PAGES.items() if path.count("/") == 2 and (role == "owner" or role in holders)
    }
    assert menu >= permitted - {"/settings/modules"}
    assert not menu & (PAGES.keys() - permitted)
    assert "/settings/modules" not in menu  # no module in the box has settings


async def test_who_only_sees_gets_no_forms(api: Api, world: World) -> None:
    auditor = await world.session(await world.account("auditor"))
    for path in (f"{PEOPLE}/{world.owner.id}", "/settings/organisation", "/settings/roles"):
        body = await shown(api, auditor, path)
        assert re.findall(r'<form method="post" action="(?!/sign-out)', body) == []


async def test_who_only_sees_is_refused_every_form(send: Send, world: World) -> None:
    role = await own_role(world)
    auditor = await world.session(await world.account("auditor"))
    for path in (
        f"{PEOPLE}/{world.owner.id}",
        f"{PEOPLE}/{world.owner.id}/deactivation",
        f"{PEOPLE}/{world.owner.id}/reactivation",
        "/settings/invitations",
        f"/settings/invitations/{uuid.uuid4()}/withdrawal",
        "/settings/roles",
        f"/settings/roles/{role}",
        f"/settings/roles/{role}/deletion",
        "/settings/organisation",
    ):
        answer = await send(auditor, path, version=1)
        assert (path, answer.status) == (path, 403)
        assert "You are not allowed to do this." in text(answer)


def test_a_form_asks_for_the_password_where_its_api_does() -> None:
    posts = [one for one in all_endpoints() if one.path.startswith("/settings/") and not one.reads]
    assert len(posts) >= 9
    assert {one.path for one in posts if not one.fresh} == STALE


async def test_another_tenants_objects_are_as_good_as_none(api: Api, send: Send, world: World) -> None:
    role = await own_role(world)
    async with world.acting() as transaction:
        invitation = (await invite(transaction, email="els@example.be", roles=["member"], language=None)).id
    _, stranger = await world.another_tenant()
    session = await world.session(stranger)
    for template, theirs, fields in (
        (PEOPLE + "/{}", world.owner.id, {"version": 1}),
        ("/settings/roles/{}", role, {"name": "Aides", "version": 1}),
        ("/settings/roles/{}/deletion", role, {"version": 1}),
        ("/settings/invitations/{}/withdrawal", invitation, {}),
    ):
        absent, foreign = template.format(uuid.uuid4()), template.format(theirs)
        pages = [await api(session, "GET", path, headers={"accept": "text/html"}) for path in (absent, foreign)]
        forms = [await send(session, path, **fields) for path in (absent, foreign)]
        assert [answer.status for answer in (*pages, *forms)] == [404] * 4
        # The page links to itself in other languages; nothing else tells the two apart.
        for one, other in (pages, forms):
            assert text(one).replace(absent, "") == text(other).replace(foreign, "")
    assert (await send(session, f"{PEOPLE}/{world.owner.id}/deactivation")).status == 404
    assert world.owner.email not in await shown(api, session, f"/settings/audit?actor={world.owner.id}")


async def test_people_are_found_by_name_address_and_role_page_by_page(api: Api, world: World) -> None:
    admin = await world.account("admin", email="zoe@example.be")
    for number in range(3):
        await world.account("member", email=f"m{number}@example.be")
    session = await world.session()

    def found(body: str) -> list[str]:
        return re.findall(r'<td class="wide-only">([^<]+)</td>', body)

    assert found(await shown(api, session, f"{PEOPLE}?search=ZOE%40")) == ["zoe@example.be"]
    assert found(await shown(api, session, f"{PEOPLE}?search=%25")) == []
    async with world.acting() as transaction:
        ids = await role_ids(transaction)
    assert found(await shown(api, session, f"{PEOPLE}?role={ids['admin']}")) == [admin.email]
    first = await shown(api, session, f"{PEOPLE}?search=example.be&limit=3")
    [following] = re.findall(r'href="(/settings/members[^"]*cursor[^"]*)" rel="next"', first)
    second = await shown(api, session, following.replace("&amp;", "&"))
    assert found(first) + found(second) == sorted([*(f"m{number}@example.be" for number in range(3)), admin.email])[
        :3
    ] + found(second)
    assert "zoe@example.be" in found(second)


async def test_the_last_owner_stays(send: Send, world: World) -> None:
    session = await world.session()
    sentence = "A tenant keeps at least one active owner. Appoint another owner first."
    answer = await send(session, f"{PEOPLE}/{world.owner.id}/deactivation")
    assert (answer.status, sentence in text(answer)) == (409, True)
    assert f'action="{PEOPLE}/{world.owner.id}"' in text(answer)
    answer = await send(session, f"{PEOPLE}/{world.owner.id}", version=1)
    assert (answer.status, sentence in text(answer)) == (409, True)


async def test_nobody_gives_what_they_do_not_hold(send: Send, world: World) -> None:
    admin = await world.account("admin")
    async with world.acting() as transaction:
        ids = await role_ids(transaction)
    answer = await send(
        await world.session(admin), f"{PEOPLE}/{admin.id}", roles=[ids["owner"], ids["member"]], version=1
    )
    assert answer.status == 403
    assert "This needs permissions that you do not hold yourself." in text(answer)
    ticked = re.findall(r'name="roles" type="checkbox" value="([^"]+)" checked', text(answer))
    assert set(ticked) == {ids["owner"], ids["member"]}  # as it was sent


async def test_roles_and_deactivation_are_saved(api: Api, send: Send, world: World) -> None:
    member, session = await world.account("member"), await world.session()
    async with world.acting() as transaction:
        ids = await role_ids(transaction)
    path = f"{PEOPLE}/{member.id}"
    saved = await send(session, path, roles=[ids["auditor"]], version=1)
    assert (saved.status, saved.headers["location"].partition("?")[0]) == (303, path)
    assert f'value="{ids["auditor"]}" checked' in await shown(api, session, path)
    stale = await send(session, path, roles=[ids["admin"]], version=1)
    assert (stale.status, 'name="version" value="2"' in text(stale)) == (412, True)
    gone = await send(session, f"{path}/deactivation")
    assert parse_qs(urlsplit(gone.headers["location"]).query) == {
        "done": ["settings-members-id-deactivation"],
        "on": [str(member.id)],
    }
    assert "Deactivated" in await shown(api, session, path)
    assert (await send(session, f"{path}/reactivation")).status == 303
    assert "Deactivated" not in await shown(api, session, path)


async def test_an_invitation_is_made_shown_and_withdrawn(api: Api, send: Send, world: World) -> None:
    session = await world.session()
    wrong = await send(session, "/settings/invitations", email="nobody", roles=[])
    assert (wrong.status, 'id="email-error"' in text(wrong), 'value="nobody"' in text(wrong)) == (422, True, True)
    taken = await send(session, "/settings/invitations", email=world.owner.email)
    assert (taken.status, "This address is a member&#39;s already." in text(taken)) == (409, True)
    assert (await send(session, "/settings/invitations", email="Els@Example.be", roles=["member"])).status == 303
    listed = await shown(api, session, "/settings/invitations")
    assert "els@example.be" in listed
    assert "Somebody" in listed  # who invited
    [withdrawal] = re.findall(r'href="(/settings/invitations/[^"]+/withdrawal)"', listed)
    assert "els@example.be" in await shown(api, session, withdrawal)
    assert (await send(session, withdrawal)).status == 303
    assert "No open invitations" in await shown(api, session, "/settings/invitations")


async def test_a_role_is_made_like_another_changed_and_deleted(api: Api, send: Send, world: World) -> None:
    session = await world.session()
    async with world.acting() as transaction:
        ids = await role_ids(transaction)
    begun = await shown(api, session, f"/settings/roles/new?copy={ids['auditor']}")
    ticked = re.findall(r'name="permissions" type="checkbox" value="([^"]+)" checked', begun)
    assert "audit:read" in ticked
    assert "members:write" not in ticked
    taken = await send(session, "/settings/roles", name="owner", permissions=ticked)
    assert taken.status == 409
    assert '<p id="name-error" class="wrong">There is a role of this name already.</p>' in text(taken)
    made = await send(session, "/settings/roles", name="Readers", permissions=ticked)
    path = made.headers["location"].partition("?")[0]
    assert (await send(session, path, name="Readers", permissions=[], version=1)).status == 303
    stale = await send(session, path, name="Lookers", permissions=["dossiers:read"], version=1)
    assert (stale.status, 'value="Lookers"' in text(stale)) == (412, True)
    member = await world.account("Readers")
    held = await send(session, f"{path}/deletion", version=2)
    assert (held.status, "Members still hold this role." in text(held)) == (409, True)
    assert f'href="{PEOPLE}?role=' in text(held)
    assert (await send(session, f"{PEOPLE}/{member.id}", version=1)).status == 303
    assert (await send(session, f"{path}/deletion", version=2)).status == 303
    assert "Readers" not in await shown(api, session, "/settings/roles")


async def test_an_admin_cannot_tick_what_only_owners_hold(api: Api, send: Send, world: World) -> None:
    admin = await world.session(await world.account("admin"))
    body = await shown(api, admin, "/settings/roles/new")
    assert 'value="ownership:write" disabled' in body
    answer = await send(admin, "/settings/roles", name="Strong", permissions=["ownership:write"])
    assert (answer.status, "This needs permissions that you do not hold yourself." in text(answer)) == (403, True)
    strong = await own_role(world, "Strong", "ownership:read")
    assert "so you cannot change it" in await shown(api, admin, f"/settings/roles/{strong}")


async def test_a_built_in_role_stays_as_it_is(api: Api, send: Send, world: World) -> None:
    session = await world.session()
    async with world.acting() as transaction:
        path = f"/settings/roles/{(await role_ids(transaction))['member']}"
    assert "A built-in role cannot be changed." in await shown(api, session, path)
    assert (await send(session, path, name="Members", version=1)).status == 409
    assert "A built-in role cannot be deleted." in await shown(api, session, f"{path}/deletion")
    assert (await send(session, f"{path}/deletion", version=1)).status == 409


async def test_the_organisation_keeps_to_its_limits(api: Api, send: Send, world: World) -> None:
    session = await world.session()
    path, fields = "/settings/organisation", {"name": "Notary Peeters", "language": "nl", "version": 1}
    wrong = await send(session, path, **fields, session_idle_minutes=4, session_absolute_minutes=721)
    assert wrong.status == 422
    assert {"session_idle_minutes-error", "session_absolute_minutes-error"} <= set(
        re.findall(r'id="([^"]+)"', text(wrong))
    )
    assert (await send(session, path, **fields, session_idle_minutes=5, session_absolute_minutes=720)).status == 303
    body = await shown(api, session, path)
    assert 'value="Notary Peeters"' in body
    assert 'max="10737418240" value="0"' in body
    stale = await send(session, path, **fields, session_idle_minutes=6, session_absolute_minutes=720)
    assert (
        stale.status,
        'id="session_idle_minutes" name="session_idle_minutes" type="number" value="6"' in text(stale),
    ) == (412, True)


def entries(body: str) -> int:
    return body.count("<time datetime=")


async def test_the_trail_is_filtered_by_days_of_the_readers_zone(api: Api, world: World) -> None:
    session, zone = await world.session(), "Pacific/Kiritimati"  # UTC+14: its day is often another than UTC's
    async with world.acting() as transaction:
        await change_me(transaction, name=None, language=None, zone=zone, expected=None)
    today = datetime.now(UTC).astimezone(ZoneInfo(zone)).date()
    before, after = today - timedelta(days=1), today + timedelta(days=1)
    assert "<strong>Changed</strong>: Account" in await shown(
        api, session, f"/settings/audit?since={before}&until={today}"
    )
    for query in (f"since={after}", f"until={before - timedelta(days=1)}"):
        assert "Nothing of that kind happened." in await shown(api, session, f"/settings/audit?{query}")
    assert (await api(session, "GET", "/settings/audit?since=9999-12-31&until=0001-01-01")).status == 200
    assert (await api(session, "GET", "/settings/audit?since=yesterday")).status == 422


async def test_the_trail_says_what_changed_in_words_and_exports_what_it_shows(api: Api, world: World) -> None:
    member, session = await world.account("member"), await world.session()
    await world.deactivate(member)
    body = await shown(api, session, f"/settings/audit?action=update&object_id={member.id}&since=2020-01-01")
    assert "<strong>Changed</strong>: Account" in body
    assert "<del>active</del>" in body
    assert "<ins>deactivated</ins>" in body
    csv, lines = re.findall(r'href="(/api/v1/audit/export[^"]+)"', body)
    wanted = parse_qs(urlsplit(csv.replace("&amp;", "&")).query)
    assert wanted == {
        "format": ["csv"],
        "since": ["2019-12-31T23:00:00+00:00"],
        "action": ["update"],
        "object_id": [str(member.id)],
    }
    assert "format=jsonl" in lines


async def test_the_trail_shows_a_word_that_nobody_named_as_it_is(api: Api, world: World) -> None:
    session = await world.session()
    async with world.acting() as transaction:
        await transaction.record("hoovered", "notebook.note", None, {"rooms": 3})
    body = await shown(api, session, "/settings/audit?action=hoovered")
    assert "<strong>hoovered</strong>: notebook.note" in body
    assert '<option value="hoovered" selected>' in body
    assert "<dt><code>rooms</code></dt>" in body


async def test_lost_factors_are_taken_away_after_a_question(api: Api, send: Send, world: World) -> None:
    member = await world.account("member")
    await add_totp(world, member)
    owner, at = await world.session(), f"{PEOPLE}/{member.id}"
    assert f'href="{at}/factors"' in await shown(api, owner, at)
    assert "An authenticator app." in await shown(api, owner, at)
    assert f'action="{at}/factors"' in await shown(api, owner, f"{at}/factors")
    admin = await world.session(await world.account("admin"))
    assert (await send(admin, f"{PEOPLE}/{world.owner.id}/factors")).status == 403
    assert (await send(admin, f"{at}/factors")).status == 303
    assert "authenticator app" not in await shown(api, owner, at)
    assert len(await world.trail(action="factors_cleared")) == 1
