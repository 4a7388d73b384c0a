"""A module that somebody else wrote is found once it is installed, and the platform's rules protect it like ours."""

import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from belsimple.database.catalogue import examine
from belsimple.database.transaction import Database
from belsimple.jobs.worker import build_app
from belsimple.modules import Module, discover, endpoints_of
from tests.support.api import Api
from tests.support.clusters import RunningCluster
from tests.support.databases import PROFILES, Installed, Profile, installed_template
from tests.support.world import World, opened_parts

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
    async with Api.serving(world.installed, endpoints_of(modules)) as api:
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
