"""The trail as a file: all of it, in pieces, for its readers, safe to open, and noted."""

import asyncio
import csv
import json
from collections.abc import AsyncIterator
from io import StringIO
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from belsimple.audit import export
from belsimple.audit.routes import ENDPOINTS
from belsimple.database.queries import load_queries
from tests.support.api import Api
from tests.support.databases import ONE_PROFILE
from tests.support.world import World

dossiers = load_queries("belsimple_dossiers")
PATH = "/api/v1/audit/export"
pytestmark = ONE_PROFILE


@pytest_asyncio.fixture
async def api(world: World) -> AsyncIterator[Api]:
    """The trail's endpoints."""
    async with Api.serving(world.installed, ENDPOINTS) as api:
        yield api


async def filled(world: World, *titles: str) -> None:
    async with world.acting() as transaction:
        for title in titles:
            await transaction.value(
                dossiers.insert_dossier, account=None, title=title, reference=None, status="open", notes=""
            )


def rows(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(body.decode(), newline="")))


async def test_every_entry_is_in_it_whatever_its_length(
    world: World, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PIECE", 3)
    await filled(world, *(f"File {number}" for number in range(11)))
    session = await world.session()
    known = {str(row["id"]) for row in await world.trail()}
    answer = await api(session, "GET", f"{PATH}?format=jsonl")
    lines = [json.loads(line) for line in answer.body.splitlines()]
    assert known <= {line["id"] for line in lines}
    assert len({line["id"] for line in lines}) == len(lines) > 9
    assert [line["at"] for line in lines] == sorted((line["at"] for line in lines), reverse=True)
    assert answer.headers["content-type"] == "application/jsonl"
    comma_separated = await api(session, "GET", f"{PATH}?format=csv")
    assert {row["id"] for row in rows(comma_separated.body)} >= {line["id"] for line in lines}
    assert 'filename="trail-' in comma_separated.headers["content-disposition"]
    assert comma_separated.body.startswith(b"id,at,account_id,actor_name,actor_email,")
    assert comma_separated.body.count(b"\r\n") == len(rows(comma_separated.body)) + 1


async def test_the_filters_are_those_of_the_list(world: World, api: Api) -> None:
    await filled(world, "One", "Two")
    session = await world.session()
    wanted = f"object_type=dossiers.dossier&action=insert&actor={world.owner.id}"
    found = rows((await api(session, "GET", f"{PATH}?{wanted}")).body)
    assert [json.loads(row["new"])["title"] for row in found] == ["Two", "One"]
    assert {row["actor_email"] for row in found} == {world.owner.email}
    assert (await api(session, "GET", f"{PATH}?format=xlsx")).status == 422


async def test_a_name_cannot_be_a_formula(world: World, api: Api) -> None:
    for name in ('=HYPERLINK("https://evil.example")', "+1", "-1", "@SUM(1)", "\tx", "\rx"):
        assert export._cell(name) == f"'{name}"
    await world.as_owner(
        "do $$ begin perform context.stamp(id, null, null, '', 'command') from identity.tenant where slug = '"
        + world.slug
        + "'; update identity.account set name = '=1+1,\"x\"' where email = '"
        + world.owner.email
        + "'; end $$"
    )
    await filled(world, "One")
    [row] = rows((await api(await world.session(), "GET", f"{PATH}?object_type=dossiers.dossier")).body)
    assert row["actor_name"] == '\'=1+1,"x"'


async def test_it_is_noted_in_the_trail_before_it_leaves(world: World, api: Api) -> None:
    session = await world.session()
    await api(session, "GET", f"{PATH}?format=jsonl&action=sign_in")
    [noted] = await world.trail(action="exported")
    assert (noted["object_type"], noted["account_id"]) == ("audit.entry", world.owner.id)
    assert json.loads(noted["detail"]) == {"format": "jsonl", "action": "sign_in"}


async def test_it_needs_the_permission_and_shows_no_other_tenant(world: World, api: Api) -> None:
    member, auditor = await world.account("member"), await world.account("auditor")
    assert (await api(await world.session(member), "GET", PATH)).status == 403
    assert (await api(None, "GET", PATH)).status == 401
    assert await world.trail(action="exported") == []
    await filled(world, "Secret of ours")
    _, stranger = await world.another_tenant()
    theirs = await api(await world.session(stranger), "GET", PATH)
    assert b"Secret of ours" not in theirs.body
    assert world.owner.email not in theirs.body.decode()
    assert b"Secret of ours" in (await api(await world.session(auditor), "GET", PATH)).body


async def test_head_sends_no_entries_and_notes_nothing(world: World, api: Api) -> None:
    answer = await api(await world.session(), "HEAD", PATH)
    assert (answer.status, answer.body) == (200, b"")
    assert await world.trail(action="exported") == []


async def test_a_session_that_ends_meanwhile_ends_the_export(
    world: World, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PIECE", 2)
    auditor = await world.account("auditor")
    session = await world.session(auditor)
    await filled(world, *"abcdefgh")
    original = export.read_entries
    pieces = 0

    async def read(*arguments: Any) -> Any:
        nonlocal pieces
        pieces += 1
        if pieces == 2:
            await world.deactivate(auditor)
        return await original(*arguments)

    monkeypatch.setattr(export, "read_entries", read)
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await api(session, "GET", PATH)
    assert pieces == 2


async def test_no_transaction_stays_open_while_it_is_sent(
    world: World, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PIECE", 2)
    await filled(world, *"abcdef")
    original, stamps = export.read_entries, list[Any]()

    async def read(transaction: Any, *arguments: Any) -> Any:
        stamps.append(await transaction._connection.fetchval("select transaction_timestamp()"))
        return await original(transaction, *arguments)

    monkeypatch.setattr(export, "read_entries", read)
    await api(await world.session(), "GET", PATH)
    assert len(set(stamps)) == len(stamps) > 3


async def test_one_account_cannot_hold_all_streams(world: World, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(world, "One")
    session, going, original = await world.session(), asyncio.Event(), export.read_entries

    async def read(*arguments: Any) -> Any:
        await going.wait()
        return await original(*arguments)

    monkeypatch.setattr("belsimple.web.streams.ACCOUNT_STREAMS", 1)
    monkeypatch.setattr(export, "read_entries", read)
    first = asyncio.create_task(api(session, "GET", PATH))
    await asyncio.sleep(0.2)
    assert (await api(session, "GET", PATH)).status == 429
    going.set()
    assert (await first).status == 200
