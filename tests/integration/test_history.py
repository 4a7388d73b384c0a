"""An object's history: for whoever may read the object, of the own tenant only, and without secrets."""

from typing import Any
from uuid import UUID

import pytest

from belsimple.access import actions as access
from belsimple.database.history import HistoryEntry
from belsimple.database.queries import load_queries
from tests.support.databases import EVERY_PROFILE
from tests.support.people import Account
from tests.support.world import World

dossiers = load_queries("belsimple_dossiers")
NEW = {"title": "A file", "reference": None, "status": "open", "notes": "private"}


async def made(world: World, **different: Any) -> UUID:
    async with world.acting() as transaction:
        return await transaction.value(dossiers.insert_dossier, account=None, **{**NEW, **different})


async def changed(world: World, dossier: UUID, who: Account | None = None, **different: Any) -> None:
    async with world.acting(who) as transaction:
        await transaction.execute(dossiers.update_dossier, id=dossier, account=None, **{**NEW, **different})


async def history(world: World, dossier: UUID, who: Account | None = None, **asked: Any) -> list[HistoryEntry]:
    async with world.acting(who, writing=False) as transaction:
        return await transaction.history("dossiers.dossier", dossier, **asked)


@EVERY_PROFILE
async def test_it_tells_the_life_of_an_object_newest_first(world: World) -> None:
    member = await world.account("member")
    dossier = await made(world)
    await made(world, title="Another file")
    await changed(world, dossier, member, title="Renamed")
    async with world.acting() as transaction:
        await transaction.record("document_added", "dossiers.dossier", dossier, {"filename": "deed.pdf"})
        await transaction.execute(dossiers.delete_dossier, id=dossier)
    deleted, event, updated, inserted = await history(world, dossier)
    assert [one.action for one in (deleted, event, updated, inserted)] == [
        "delete",
        "document_added",
        "update",
        "insert",
    ]
    assert {"title"} <= set(updated.changed) <= {"title", "version", "updated_at", "updated_by"}
    assert updated.old is not None
    assert updated.new is not None
    assert set(updated.old) == set(updated.new) == set(updated.changed)
    assert (updated.old["title"], updated.new["title"]) == ("A file", "Renamed")
    assert (event.detail, event.old, event.new, event.changed) == ({"filename": "deed.pdf"}, None, None, ())
    assert inserted.new is not None
    assert deleted.old is not None
    assert (inserted.new["notes"], inserted.old, deleted.old["title"]) == ("private", None, "Renamed")
    assert "tenant_id" not in {*inserted.new, *deleted.old}
    names = await world.observe("select id, name from identity.account")
    name_of = {row["id"]: row["name"] for row in names}
    assert [one.actor for one in (updated, inserted)] == [name_of[member.id], name_of[world.owner.id]]


async def test_it_needs_the_objects_own_permission_and_no_other(world: World) -> None:
    dossier = await made(world)
    member = await world.account("member")
    assert [one.action for one in await history(world, dossier, member)] == ["insert"]  # without audit:read
    async with world.acting() as transaction:
        await access.create_role(transaction, name="Blind", permissions=["audit:read"])
    blind = await world.account("Blind")
    assert await history(world, dossier, blind) == []  # with audit:read and nothing else


async def test_another_tenants_object_has_none(world: World) -> None:
    dossier = await made(world)
    _, stranger = await world.another_tenant()
    assert await history(world, dossier, stranger) == []


@pytest.mark.parametrize("relation", ["identity.account", "identity.password", "dossiers.nothing", "x", "", "a.b.c'"])
async def test_only_protected_tables_have_one(world: World, relation: str) -> None:
    async with world.acting() as transaction:
        assert await transaction.history(relation, world.owner.id) == []


async def test_it_is_read_in_pages(world: World) -> None:
    dossier = await made(world)
    for title in ("b", "c", "d", "e"):
        await changed(world, dossier, title=title)
    everything = await history(world, dossier)
    assert len(everything) == 5
    first = await history(world, dossier, limit=2)
    rest = await history(world, dossier, before=(first[-1].at, first[-1].id))
    assert [*first, *rest] == everything


async def test_a_column_declared_secret_is_in_no_history_even_when_it_was_none_before(own_world: World) -> None:
    world = own_world
    dossier = await made(world)
    await changed(world, dossier, notes="still private", title="Renamed")
    await world.as_owner(
        "do $$ begin drop trigger audit_insert on dossiers.dossier; drop trigger audit_update on dossiers.dossier;"
        " drop trigger audit_delete on dossiers.dossier; perform audit.watch('dossiers.dossier', '{notes,reference}'); end $$"
    )
    updated, inserted = await history(world, dossier)
    assert "title" in updated.changed
    for entry in (updated, inserted):
        assert "notes" not in {*entry.changed, *(entry.old or {}), *(entry.new or {})}
        assert "private" not in str(entry)


async def test_a_changed_key_tells_both_halves(world: World) -> None:
    dossier = await made(world)
    async with world.acting() as transaction:
        await transaction._connection.execute(
            "update dossiers.dossier set id = tenancy.new_id() where id = $1", dossier
        )
    half, _ = await history(world, dossier)
    assert (half.action, half.changed, half.new) == ("update", (), None)
    assert half.old is not None
    assert half.old["title"] == "A file"


async def test_it_finds_its_entries_by_the_index(world: World) -> None:
    for _ in range(30):
        await made(world)
    tenant = await world.tenant_id()
    async with world.installed.owner() as owner:
        # Of a trail this short nothing is cheap, and what the planner knows of it must not depend on what ran before.
        await owner.execute("set enable_seqscan = off; set enable_sort = off")
        await owner.execute("analyze audit.entry")
        plan = await owner.fetch(
            "explain select * from audit.entry x where x.tenant_id = $1 and x.object_id = $1 and x.object_type = 'a.b' order by at desc, id desc limit 5",
            tenant,
        )
    conditions = [row[0] for row in plan if "Index Cond" in row[0]]
    assert any("entry_object" in row[0] for row in plan)
    assert "object_id" in conditions[0]
