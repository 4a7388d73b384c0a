"""A module that somebody else wrote is found once it is installed, and the platform's rules protect it like ours."""

import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from belsimple.access import actions as access
from belsimple.database.catalogue import examine
from belsimple.database.transaction import Database
from belsimple.jobs.worker import build_app
from belsimple.mail.writing import LetterFault, ModuleLetter, Order, write
from belsimple.modules import Module, discover, endpoints_of
from belsimple.tenancy.installation import install
from belsimple.tenancy.module_settings_pages import module_settings_pages
from belsimple.tenancy.module_settings_routes import ENDPOINTS as SETTINGS
from tests.support.api import Api, Response
from tests.support.clusters import RunningCluster
from tests.support.databases import PROFILES, Installed, Profile, installed_template
from tests.support.world import World, opened_parts, refused

SOURCE = Path(__file__).parents[1] / "module"
NOTES = "/api/v1/notes"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the module is installed, on the path that Python looks along."""
    target = str(tmp_path_factory.mktemp("installed"))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--root-user-action=ignore", "--target", target, str(SOURCE)], check=True, timeout=120)
    sys.path.insert(0, target)
    yield target
    sys.path.remove(target)


@pytest.fixture(scope="module")
def modules(folder: str) -> list[Module]:
    """What is installed now."""
    return discover()


@pytest.fixture(params=[PROFILES[0], PROFILES[3]], ids=str, scope="module")
def profile(request: pytest.FixtureRequest) -> Profile:
    """The two that differ most."""
    return request.param


@pytest_asyncio.fixture(scope="module")
async def installed(
    modules: list[Module],
    profile: Profile,
    clusters: Callable[[str], RunningCluster],
    tmp_path_factory: pytest.TempPathFactory,
) -> Installed:
    """A database into which both modules were installed."""
    return await installed_template(clusters(profile.version), profile, tmp_path_factory.mktemp("credentials"))


@pytest_asyncio.fixture
async def world(installed: Installed) -> AsyncIterator[World]:
    """A tenant there."""
    async with opened_parts(installed) as parts, World.opened(installed, parts) as world:
        yield world


@pytest_asyncio.fixture
async def api(world: World, modules: list[Module]) -> AsyncIterator[Api]:
    """Part web with every module's endpoints."""
    endpoints = (*endpoints_of(modules), *SETTINGS, *module_settings_pages(modules))
    async with Api.serving(world.installed, endpoints, modules=modules) as api:
        yield api


def test_it_is_found_by_its_entry_point(modules: list[Module]) -> None:
    assert [module.name for module in modules] == ["dossiers", "notebook"]


def test_its_routes_are_in_the_document(folder: str) -> None:
    command = [sys.executable, "-m", "belsimple", "openapi"]
    shown = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, env={"PYTHONPATH": folder})
    assert f'"{NOTES}"' in shown.stdout


async def test_it_serves_its_tenant(api: Api, world: World) -> None:
    session = await world.session()
    made = await api(session, "POST", NOTES, {"text": "Milk"})
    assert made.status == 201
    assert (await api(session, "GET", NOTES)).json == {"items": [made.json], "next": None}


async def test_another_tenant_sees_nothing_of_it(api: Api, world: World) -> None:
    await api(await world.session(), "POST", NOTES, {"text": "Milk"})
    _, stranger = await world.another_tenant()
    assert (await api(await world.session(stranger), "GET", NOTES)).json["items"] == []


async def test_roles_hold_its_permissions_as_it_declared(api: Api, world: World) -> None:
    auditor = await world.session(await world.account("auditor"))
    assert (await api(auditor, "GET", NOTES)).status == 200
    assert (await api(auditor, "POST", NOTES, {"text": "Milk"})).status == 403
    assert (await api(None, "GET", NOTES)).status == 401


async def test_without_a_context_its_table_is_empty_and_closed(api: Api, world: World) -> None:
    await api(await world.session(), "POST", NOTES, {"text": "Milk"})
    async with world.installed.role("app") as bare:
        assert await bare.fetch("select * from notebook.note") == []
        for statement in (
            "insert into notebook.note (text) values ('x')",
            "delete from notebook.note",
            "truncate notebook.note",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await bare.execute(statement)


async def test_its_changes_are_in_the_trail(api: Api, world: World) -> None:
    made = await api(await world.session(), "POST", NOTES, {"text": "Milk"})
    [entry] = await world.trail(object_type="notebook.note")
    assert (str(entry["object_id"]), entry["account_id"]) == (made.json["id"], world.owner.id)


async def test_the_catalogue_check_is_content_with_it(installed: Installed) -> None:
    assert [finding for finding in await examine(installed.admin_url) if "notebook" in finding.detail] == []


async def test_the_catalogue_check_finds_a_table_that_got_past_the_rules(installed: Installed) -> None:
    async with installed.owner() as connection:
        await connection.execute("create table notebook.loose (id uuid)")
        try:
            findings = await examine(installed.admin_url)
        finally:
            await connection.execute("drop table notebook.loose")
    assert any(finding.severity == "fatal" and "notebook.loose" in finding.detail for finding in findings)


async def test_its_job_works_in_the_tenant_that_enqueued_it(api: Api, world: World, modules: list[Module]) -> None:
    mine, (_, stranger) = await world.session(), await world.another_tenant()
    theirs = await world.session(stranger)
    for session, text in ((mine, "a"), (theirs, "b"), (mine, "c"), (theirs, "d")):
        await api(session, "POST", NOTES, {"text": text})
    await api(mine, "POST", NOTES, {"text": "last", "keep": 2})
    await work(world.installed, modules)
    assert [note["text"] for note in (await api(mine, "GET", NOTES)).json["items"]] == ["last", "c"]
    assert [note["text"] for note in (await api(theirs, "GET", NOTES)).json["items"]] == ["d", "b"]
    removed = [entry for entry in await world.trail(object_type="notebook.note") if entry["source"] == "job"]
    assert [(entry["action"], entry["account_id"]) for entry in removed] == [("delete", world.owner.id)]


ITEMS = "/api/v1/settings/modules"


async def settings(api: Api, session: bytes) -> dict[str, Any]:
    return {item["name"]: item for item in (await api(session, "GET", ITEMS)).json["items"]}


async def test_its_settings_hold_for_the_tenant_that_set_them(api: Api, world: World) -> None:
    session = await world.session()
    assert {name: (item["value"], item["own"]) for name, item in (await settings(api, session)).items()} == {
        "notebook.longest": (1000, False),
        "notebook.shared": (False, False),
        "notebook.colour": ("white", False),
    }
    values = {"notebook.longest": 20, "notebook.shared": True, "notebook.colour": "yellow"}
    assert (await api(session, "PATCH", ITEMS, {"values": values})).status == 200
    assert {name: item["value"] for name, item in (await settings(api, session)).items()} == values
    _, stranger = await world.another_tenant()
    theirs = await world.session(stranger)
    assert (await settings(api, theirs))["notebook.longest"]["own"] is False
    # Whoever may write notes is held to them, without any right to see settings.
    member = await world.session(await world.account("member"))
    assert (await api(member, "POST", NOTES, {"text": "x" * 21})).status == 409
    assert (await api(theirs, "POST", NOTES, {"text": "x" * 21})).status == 201
    assert (await api(session, "PATCH", ITEMS, {"values": {"notebook.longest": None}})).status == 200
    assert (await api(member, "POST", NOTES, {"text": "x" * 21})).status == 201


async def test_its_settings_need_the_permission_and_are_in_the_trail(api: Api, world: World) -> None:
    member, admin = (
        await world.session(await world.account("member")),
        await world.session(await world.account("admin")),
    )
    assert (await api(member, "GET", ITEMS)).status == 403
    assert (await api(member, "PATCH", ITEMS, {"values": {"notebook.longest": 20}})).status == 403
    for value in (20, 20, 30, None):
        assert (await api(admin, "PATCH", ITEMS, {"values": {"notebook.longest": value}})).status == 200
    changes = await world.trail(object_type="tenancy.setting")
    assert [change["action"] for change in changes] == ["insert", "update", "delete"]  # the same again is no change


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("notebook.longest", 9, "At least 10."),
        ("notebook.longest", 1001, "At most 1000."),
        ("notebook.longest", True, "This must be a whole number."),
        ("notebook.longest", "20", "This must be a whole number."),
        ("notebook.shared", 1, "This must be yes or no."),
        ("notebook.colour", "red", "This is none of the choices."),
        ("notebook.colour", 3, "This must be text."),
        ("notebook.absent", 1, "There is no such setting."),
        ("dossiers.longest", 1, "There is no such setting."),
    ],
)
async def test_its_settings_take_only_what_they_declare(
    api: Api, world: World, name: str, value: Any, sentence: str
) -> None:
    session = await world.session()
    answer = await api(session, "PATCH", ITEMS, {"values": {"notebook.shared": True, name: value}})
    assert (answer.status, answer.json["errors"]) == (422, [{"pointer": f"/values/{name}", "detail": sentence}])
    assert (await settings(api, session))["notebook.shared"]["own"] is False


async def save(api: Api, session: bytes, form: str) -> Response:
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "text/html"}
    path = "/settings/modules/notebook"
    return await api(session, "POST", path, headers=headers | {"sec-fetch-site": "same-origin"}, pieces=[form.encode()])


async def test_its_settings_have_a_form_that_changes_what_differs(api: Api, world: World) -> None:
    session = await world.session()
    wrong = await save(api, session, "notebook_longest=9&notebook_colour=red")
    assert wrong.status == 422
    assert b'id="notebook_longest-error"' in wrong.body
    unknown = await save(api, session, "notebook_longest=20&notebook_colour=red")
    assert unknown.status == 422
    assert b'<p id="notebook_colour-error" class="wrong">This is none of the choices.</p>' in unknown.body
    saved = await save(api, session, "notebook_longest=1000&notebook_shared=true&notebook_colour=white")
    assert (saved.status, saved.headers["location"]) == (303, "/settings/modules?done=settings-modules-notebook")
    own = {name: item["own"] for name, item in (await settings(api, session)).items()}
    assert own == {"notebook.longest": False, "notebook.shared": True, "notebook.colour": False}
    assert (await save(api, session, "notebook_longest=1000&notebook_colour=white")).status == 303
    assert (await settings(api, session))["notebook.shared"]["value"] is False  # a box without its tick
    shown = await api(session, "GET", "/settings/modules", headers={"accept": "text/html"})
    assert b'name="notebook_longest" type="number" value="1000"' in shown.body
    auditor = await world.session(await world.account("auditor"))
    assert (await save(api, auditor, "notebook_longest=20&notebook_colour=white")).status == 403
    seen = await api(auditor, "GET", "/settings/modules", headers={"accept": "text/html"})
    assert (seen.status, b'action="/settings/modules/notebook"' in seen.body) == (200, False)


async def test_what_its_newer_version_no_longer_takes_is_the_default_again(api: Api, world: World) -> None:
    session = await world.session()
    await api(session, "PATCH", ITEMS, {"values": {"notebook.longest": 20}})
    await world.as_owner(
        f"do $$ begin perform context.stamp('{await world.tenant_id()}', null, null, '', 'command');"
        " update tenancy.setting set value = '5' where name = 'notebook.longest'; end $$"
    )
    assert (await settings(api, session))["notebook.longest"]["value"] == 1000


async def mails(world: World) -> list[Any]:
    return await world.observe(
        "select m.* from mail.message m where m.tenant_id = $1 and m.kind like '%.%' order by id",
        await world.tenant_id(),
    )


async def test_its_letter_goes_to_a_member_in_that_members_language(
    api: Api, world: World, modules: list[Module]
) -> None:
    member = await world.account("member", email="els@example.be")
    await world.as_owner(
        f"do $$ begin perform context.stamp('{await world.tenant_id()}', null, null, '', 'command');"
        f" update identity.account set language = 'fr' where id = '{member.id}'; end $$"
    )
    made = await api(await world.session(), "POST", NOTES, {"text": "Milk // eggs", "tell": str(member.id)})
    assert made.status == 201
    [mail] = await mails(world)
    assert (mail["kind"], mail["recipient"], mail["language"], mail["link"]) == (
        "notebook.written",
        "els@example.be",
        "fr",
        None,
    )
    letters = {letter.kind: ModuleLetter(letter, one.package) for one in modules for letter in one.mails}
    order = Order(
        kind=mail["kind"],
        recipient=mail["recipient"],
        language=mail["language"],
        facts={"id": made.json["id"], "text": "Milk // eggs"},
        tenant="A tenant",
        person="Els",
    )
    written = write(order, "https://example.be", letters)
    assert written.subject == "A note in A tenant"
    assert f"https://example.be/notes/{made.json['id']}\n" in written.text
    assert "token" not in written.text
    assert "Bonjour Els" in written.text  # the platform's own words, from its own catalogue
    with pytest.raises(LetterFault):
        write(order, "https://example.be")


async def test_its_letters_reach_nobody_outside_the_tenant(api: Api, world: World) -> None:
    _, stranger = await world.another_tenant()
    gone = await world.account("member", email="gone@example.be")
    await world.deactivate(gone)
    for account in (stranger, gone):
        assert (await api(await world.session(), "POST", NOTES, {"text": "x", "tell": str(account.id)})).status == 404
    assert await mails(world) == []


async def test_nobody_gets_more_than_fifty_of_its_letters_a_day(api: Api, world: World) -> None:
    member = await world.account("member", email="els@example.be")
    async with world.acting() as transaction:
        for _ in range(50):
            await transaction.mail("notebook.written", member.id, {"id": "1", "text": "x"})
    answer = await api(await world.session(), "POST", NOTES, {"text": "x", "tell": str(member.id)})
    assert answer.status == 429
    assert len(await mails(world)) == 50


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("invitation", {}),
        ("notebook.absent", {}),
        ("dossiers.written", {}),
        ("notebook.written", {"text": "x" * 5000}),
        ("notebook.written", {"text": {"nested": 1}}),
    ],
)
async def test_only_its_own_letters_with_plain_facts_are_posted(
    api: Api, world: World, kind: str, facts: dict[str, Any]
) -> None:
    with refused("22023"):
        async with world.acting() as transaction:
            await transaction.mail(kind, world.owner.id, facts)


async def test_removed_it_leaves_its_data_and_says_so_and_finds_it_again(
    folder: str, installed: Installed, world: World, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api(await world.session(), "POST", NOTES, {"text": "Milk"})
    async with world.acting() as transaction:
        await access.create_role(transaction, name="Scribe", permissions=["notebook:write", "dossiers:read"])
    held = (
        "select r.name, r.permissions from access.role r join identity.tenant t on t.id = r.tenant_id where t.slug = $1"
    )
    before = {row["name"]: set(row["permissions"]) for row in await world.observe(held, world.slug)}
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != folder])
    report = await install(installed.admin_url, installed.credentials)
    try:
        assert [(one.name, one.package, one.version, one.tables) for one in report.removed] == [
            ("notebook", "belsimple-notebook", "1.0.0", 1)
        ]
        assert [
            (one.severity, one.detail) for one in await examine(installed.admin_url) if "notebook" in one.detail
        ] == [("information", "the module notebook is no longer installed; its data is still here, in 1 tables")]
        now = {row["name"]: set(row["permissions"]) for row in await world.observe(held, world.slug)}
        assert now == {name: kept - {"notebook:read", "notebook:write"} for name, kept in before.items()}
        async with world.acting() as transaction:
            assert "notebook:read" not in {one.name for one in await access.permissions(transaction)}
        with refused("BS422"):
            async with world.acting() as transaction:
                await access.create_role(transaction, name="Early", permissions=["notebook:read"])
        with refused("22023"):
            async with world.acting() as transaction:
                await transaction.mail("notebook.written", world.owner.id, {})
    finally:
        monkeypatch.undo()
        again = await install(installed.admin_url, installed.credentials)
    assert again.removed == []
    assert [note["text"] for note in (await api(await world.session(), "GET", NOTES)).json["items"]] == ["Milk"]
    now = {row["name"]: set(row["permissions"]) for row in await world.observe(held, world.slug)}
    assert {name: now[name] for name in ("owner", "admin", "member", "auditor")} == {
        name: before[name] for name in ("owner", "admin", "member", "auditor")
    }
    assert now["Scribe"] == {"dossiers:read"}  # what a tenant gave, it gives again
    told = await world.observe(
        "select action from audit.system_entry where detail ->> 'module' = 'notebook' order by at"
    )
    assert [row["action"] for row in told][-2:] == ["module_removed", "module_installed"]


async def work(installed: Installed, modules: list[Module]) -> None:
    """Run the worker until its queue is empty."""
    url = installed.url("worker")
    database = await Database.open(url, part="worker", size=2)
    try:
        app: Any = build_app(url, database, modules)
        async with app.open_async():
            await app.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)
    finally:
        await database.close()
