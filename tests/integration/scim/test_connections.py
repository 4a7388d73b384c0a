"""Connections: their tokens open SCIM and nothing else, one tenant and one connection; and no other token opens SCIM."""

import datetime as dt
from typing import Any
from uuid import UUID

import pytest

from belsimple.database.queries import load_queries
from belsimple.identity import account, api_tokens
from belsimple.scim import connections
from belsimple.sso import providers
from belsimple.web.problems import NotFound
from tests.support.api import Api
from tests.support.directory import Directory
from tests.support.ways_in import Someone, in_use
from tests.support.world import World, refused

access = load_queries("belsimple.access")
NOBODY = "00000000-0000-0000-0000-000000000001"


async def changed(directory: Directory, **fields: Any) -> None:
    async with directory.world.acting() as inside:
        known = await connections.shown(inside, connection_id=directory.connection)
        values: dict[str, Any] = {"name": known.name, "networks": known.networks, "provider_id": known.provider_id}
        values |= {"subject_claim": known.subject_claim, "subject_attribute": known.subject_attribute} | fields
        await connections.change(inside, connection_id=directory.connection, **values, expected=known.version)


async def switched(directory: Directory, status: str) -> None:
    async with directory.world.acting() as inside:
        known = await connections.shown(inside, connection_id=directory.connection)
        await connections.set_status(inside, connection_id=directory.connection, status=status, expected=known.version)


async def test_a_token_is_shown_once_and_kept_as_a_hash(directory: Directory) -> None:
    assert directory.token.startswith("bels_")
    assert len(directory.token) == 5 + 43 + 6
    [kept] = await directory.world.observe("select * from scim.token where connection_id = $1", directory.connection)
    assert kept["hint"] == directory.token[:9]
    assert directory.token[9:] not in str(dict(kept))


@pytest.mark.parametrize(
    "path", ["/api/v1/dossiers", "/api/v1/me", "/api/v1/members", "/api/v1/scim-connections", "/settings/members"]
)
async def test_it_opens_nothing_but_scim(directory: Directory, path: str) -> None:
    answer = await directory.api(None, "GET", path, headers={"authorization": f"Bearer {directory.token}"})
    assert answer.status in (401, 403)
    with refused("28000"):
        async with directory.world.app.tenant(directory.token.encode(), writing=False):
            pass


async def test_nothing_else_opens_scim(directory: Directory) -> None:
    world = directory.world
    session = await world.session()
    async with world.acting() as inside:
        until = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
        scopes = ["settings:write", "members:write"]
        program = await api_tokens.create_token(inside, name="Export", scopes=scopes, expires_at=until)
    for headers in (
        {},
        {"authorization": f"Bearer {program.token}"},
        {"authorization": "Basic eA=="},
        {"authorization": "Bearer bels_x"},
    ):
        answer = await directory.api(session, "GET", "/scim/v2/Users", headers=headers)
        assert (answer.status, answer.headers["content-type"]) == (401, "application/scim+json")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert "set-cookie" not in answer.headers
    with refused("28000"):
        async with world.app.provisioning(program.token.encode(), writing=True):
            pass


async def test_two_connections_see_nothing_of_each_other(world: World, api: Api) -> None:
    one, other = await Directory.connected(world, api), await Directory.connected(world, api, "Okta")
    jan = await one.user("jan")
    group = await one.group("Clerks", jan)
    assert await other.names("userName pr") == []
    for path, body in (
        (f"/Users/{jan['id']}", other.person("jan")),
        (f"/Groups/{group['id']}", {"displayName": "Mine"}),
    ):
        unknown = path.rpartition("/")[0] + f"/{NOBODY}"
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            sent = {"Operations": [{"op": "replace", "value": {"displayName": "Mine"}}]} if method == "PATCH" else body
            given = sent if method in ("PUT", "PATCH") else None
            foreign, missing = await other(method, path, given), await other(method, unknown, given)
            assert (foreign.status, foreign.body) == (404, missing.body)
    taken = await other("POST", "/Groups", {"displayName": "Mine", "members": [{"value": jan["id"]}]})
    assert taken.status == 400
    assert (await other("POST", "/Users", other.person("jan"))).status == 409
    assert (await one("GET", f"/Users/{jan['id']}")).json == (await one("GET", f"/Users/{jan['id']}")).json


async def test_two_tenants_see_nothing_of_each_other(directory: Directory, api: Api) -> None:
    async with World.opened(directory.world.installed) as elsewhere:
        other = await Directory.connected(elsewhere, api)
        jan = await directory.user("jan")
        assert await other.names("userName pr") == []
        for method in ("GET", "DELETE"):
            assert (await other(method, f"/Users/{jan['id']}")).status == 404
        member = {"displayName": "Mine", "members": [{"value": jan["id"]}]}
        assert (await other("POST", "/Groups", member)).status == 400
        again = await other("POST", "/Users", other.person("jan"))
        assert again.status == 201
        assert again.json["id"] != jan["id"]
        async with elsewhere.acting() as inside:
            with pytest.raises(NotFound):
                await connections.shown(inside, connection_id=directory.connection)
        with refused("BS404"):
            async with elsewhere.acting() as inside:
                await connections.renew_token(inside, connection_id=directory.connection)


async def test_renewing_keeps_one_old_token_beside_the_new(directory: Directory) -> None:
    first = directory.token
    async with directory.world.acting() as inside:
        second = (await connections.renew_token(inside, connection_id=directory.connection)).token
    for text in (first, second):
        directory.token = text
        assert (await directory("GET", "/Users")).status == 200
    async with directory.world.acting() as inside:
        third = (await connections.renew_token(inside, connection_id=directory.connection)).token
    for text, status in ((first, 401), (second, 200), (third, 200)):
        directory.token = text
        assert (await directory("GET", "/Users")).status == status
    async with directory.world.acting() as inside:
        shown = await connections.shown(inside, connection_id=directory.connection)
        old = next(one for one in shown.tokens if one.hint == second[:9])
        await connections.end_token(inside, connection_id=directory.connection, token_id=old.id)
    directory.token = second
    assert (await directory("GET", "/Users")).status == 401


async def test_a_connection_that_is_off_opens_nothing(directory: Directory) -> None:
    await switched(directory, "disabled")
    assert (await directory("GET", "/Users")).status == 401
    await switched(directory, "active")
    assert (await directory("GET", "/Users")).status == 200
    await directory.world.suspend()
    assert (await directory("GET", "/Users")).status == 401
    await directory.world.resume()


async def test_the_tenants_networks_hold_unless_the_connection_has_its_own(directory: Directory) -> None:
    async with directory.world.installed.superuser() as admin, admin.transaction():
        await admin.execute("set local session_replication_role = replica")
        await admin.execute(
            "update identity.tenant set networks = '{198.51.100.0/24}' where slug = $1", directory.world.slug
        )
    assert (await directory("GET", "/Users")).status == 401
    async with directory.world.installed.superuser() as admin, admin.transaction():
        await admin.execute("set local session_replication_role = replica")
        await admin.execute(
            "update scim.connection set networks = '{192.0.2.0/24}' where id = $1", directory.connection
        )
    assert (await directory("GET", "/Users")).status == 200


async def test_a_connection_names_networks_and_providers_that_exist(directory: Directory) -> None:
    for wrong in ({"networks": ["nonsense"]}, {"provider_id": NOBODY}):
        with refused("BS422"):
            await changed(directory, **wrong)
    await changed(directory, networks=["192.0.2.0/24"], name="Okta")


async def test_a_reported_token_ends_and_owners_hear_of_it(directory: Directory) -> None:
    await directory.world.gate.call(
        api_tokens._q.report_leak,
        token_hash=api_tokens.hashlib.sha256(directory.token.encode()).digest(),
        place="https://paste.example",
    )
    assert (await directory("GET", "/Users")).status == 401
    [mail] = await directory.world.observe(
        "select facts from mail.message where kind = 'token_leaked' and account_id = $1", directory.world.owner.id
    )
    assert directory.token[9:] not in str(mail["facts"])
    [told] = await directory.world.trail(action="token_leaked")
    assert told["object_type"] == "scim.token"


async def test_who_may_not_change_settings_makes_no_connection(directory: Directory) -> None:
    member = await directory.world.account("member")
    with refused("42501"):
        async with directory.world.acting(member) as inside:
            await connections.add(inside, name="Mine")


async def test_only_an_owner_removes_one(directory: Directory) -> None:
    admin = await directory.world.account("admin")
    jan = await directory.user("jan")
    with refused("42501"):
        async with directory.world.acting(admin) as inside:
            await connections.remove(inside, connection_id=directory.connection, expected=1)
    async with directory.world.acting() as inside:
        await connections.remove(inside, connection_id=directory.connection, expected=1)
    assert (await directory("GET", "/Users")).status == 401
    [row] = await directory.world.observe("select status from identity.account where id = $1::uuid", jan["id"])
    assert row[0] == "active"


async def test_an_account_that_exists_waits_until_somebody_links_it(directory: Directory) -> None:
    world = directory.world
    member = await world.account("member", email=f"an@{directory.domain}")
    refusal = await directory("POST", "/Users", directory.person("an"))
    assert (refusal.status, refusal.json["scimType"]) == (409, "uniqueness")
    assert (await directory("GET", f"/Users/{member.id}")).status == 404
    async with world.acting() as inside:
        [waiting] = await connections.waiting(inside, connection_id=directory.connection)
        assert (waiting.account_id, waiting.external_id) == (member.id, "ext-an")
        await connections.link(inside, connection_id=directory.connection, waiting_id=waiting.id)
        assert await connections.waiting(inside, connection_id=directory.connection) == []
    made = await directory("POST", "/Users", directory.person("an", title="Clerk"))
    assert (made.status, made.json["id"]) == (201, str(member.id))
    assert (await directory("POST", "/Users", directory.person("an"))).status == 409
    async with world.acting() as inside:
        known = await account.member_directory(inside, member_id=member.id)
        assert known is not None
        assert (known.connection, known.linked) == ("Entra ID", True)


async def test_nobody_links_an_account_that_may_do_more(directory: Directory) -> None:
    admin = await directory.world.account("admin")
    await directory("POST", "/Users", directory.person("owner"))
    async with directory.world.acting(admin) as inside:
        [waiting] = await connections.waiting(inside, connection_id=directory.connection)
    with refused("BS403"):
        async with directory.world.acting(admin) as inside:
            await connections.link(inside, connection_id=directory.connection, waiting_id=waiting.id)


async def test_its_requests_are_shown_without_their_secrets(directory: Directory) -> None:
    await directory("POST", "/Users", directory.person("jan", title="Very private"))
    await directory("GET", '/Users?filter=nothing+eq+"x"')
    outermost: Any = directory.api._app
    await outermost._app._runtime.journal.flush()
    async with directory.world.acting() as inside:
        shown = await connections.requests(inside, connection_id=directory.connection)
        known = await connections.shown(inside, connection_id=directory.connection)
    assert [(one.method, one.status, one.scim_type) for one in shown] == [
        ("GET", 400, "invalidFilter"),
        ("POST", 201, None),
    ]
    assert shown[1].path == "/scim/v2/Users"
    assert "private" not in str(shown)
    assert directory.token[9:] not in str(shown)
    assert known.tokens[0].last_used_at is not None


async def test_a_program_makes_no_connection(world: World) -> None:
    async with world.acting() as inside:
        until = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
        made = await api_tokens.create_token(inside, name="x", scopes=["settings:write"], expires_at=until)
    with refused("BS403"):
        async with world.app.tenant(made.token.encode(), writing=True) as inside:
            await connections.add(inside, name="By a program")


async def test_what_a_connection_refers_to_may_go(directory: Directory) -> None:
    someone = await Someone.new(directory.world)
    provider = await in_use(someone)
    await changed(directory, provider_id=provider)
    group = await directory.group("Clerks")
    async with directory.world.acting() as inside:
        role: UUID = await inside.value(access.create_role, name="Clerk", permissions=["dossiers:read"])
    await directory.map_group(group, role)
    async with directory.world.acting() as inside:
        await inside.value(access.delete_role, id=role, expected=1)
        known = await providers.shown(inside, provider_id=provider)
        await providers.remove(inside, provider_id=provider, expected=known.version)
        assert (await connections.shown(inside, connection_id=directory.connection)).provider_id is None
        [shown] = await connections.groups(inside, connection_id=directory.connection)
        assert shown.role_id is None
