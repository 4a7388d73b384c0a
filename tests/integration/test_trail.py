"""The trail: every change, in its own transaction, by whom, and without secrets."""

import json
from typing import Any

import asyncpg
import pytest

from belsimple.access import actions as access
from belsimple.audit.trail import Entry
from belsimple.database.queries import load_queries
from belsimple.database.roles import LOGIN_ROLES
from belsimple.identity import account
from tests.support.databases import EVERY_PROFILE, Installed
from tests.support.people import COST, attempt, digest, random_proof
from tests.support.world import World, random_bytes, refused

dossiers = load_queries("belsimple_dossiers")
settings = load_queries("belsimple.tenancy")
audit = load_queries("belsimple.audit")
web = load_queries("belsimple.web")
identity = load_queries("belsimple.identity")
NEW = {"title": "A file", "reference": None, "status": "open", "notes": "private"}


async def changed(world: World, object_type: str, action: str) -> list[tuple[Any, Any]]:
    rows = await world.trail(object_type=object_type, action=action)
    return [(row["old"] and json.loads(row["old"]), row["new"] and json.loads(row["new"])) for row in rows]


@EVERY_PROFILE
async def test_a_row_of_a_module_is_followed_through_its_life(world: World) -> None:
    token = await world.session()
    async with world.acting(token=token) as transaction:
        principal = transaction.principal
        made = await transaction.value(dossiers.insert_dossier, account=None, **NEW)
    async with world.acting(token=token) as transaction:
        await transaction.execute(dossiers.update_dossier, id=made, account=None, **{**NEW, "title": "Another"})
    async with world.acting(token=token) as transaction:
        await transaction.execute(dossiers.delete_dossier, id=made)
    entries = await world.trail(object_type="dossiers.dossier")
    assert [entry["action"] for entry in entries] == ["insert", "update", "delete"]
    for entry in entries:
        assert (entry["tenant_id"], entry["account_id"], entry["session_id"]) == (
            principal.tenant_id,
            principal.account_id,
            principal.session_id,
        )
        assert (entry["object_id"], entry["source"], entry["epoch"]) == (made, "session", 1)
    assert len({entry["transaction_id"] for entry in entries}) == 3
    [(_, inserted)] = await changed(world, "dossiers.dossier", "insert")
    [(old, new)] = await changed(world, "dossiers.dossier", "update")
    [(deleted, _)] = await changed(world, "dossiers.dossier", "delete")
    assert (inserted["title"], old["title"], new["title"], deleted["title"]) == (
        "A file",
        "A file",
        "Another",
        "Another",
    )


async def test_an_entry_carries_the_transaction_that_made_the_change(world: World) -> None:
    async with world.acting() as transaction:
        await transaction.execute(dossiers.insert_dossier, account=None, **NEW)
        await transaction.execute(dossiers.insert_dossier, account=None, **NEW)
    entries = await world.trail(object_type="dossiers.dossier")
    rows = await world.observe(
        "select distinct d.xmin::text as xmin from dossiers.dossier d where tenant_id = $1", entries[0]["tenant_id"]
    )
    assert {entry["transaction_id"] for entry in entries} == {row["xmin"] for row in rows}


async def test_a_change_that_was_undone_leaves_nothing(world: World) -> None:
    with pytest.raises(RuntimeError):
        async with world.acting() as transaction:
            await transaction.execute(dossiers.insert_dossier, account=None, **NEW)
            await access.create_role(transaction, name="Gone", permissions=[])
            raise RuntimeError
    assert await world.trail(object_type="dossiers.dossier") == []
    assert "Gone" not in str(await world.trail(object_type="access.role"))


async def test_a_changed_key_does_not_drop_out_of_the_trail(world: World) -> None:
    async with world.acting() as transaction:
        made = await transaction.value(dossiers.insert_dossier, account=None, **NEW)
        await transaction._connection.execute("update dossiers.dossier set id = tenancy.new_id()")
    [(old, none), (nothing, new)] = sorted(
        await changed(world, "dossiers.dossier", "update"), key=lambda pair: pair[0] is None
    )
    assert (old["id"], none, nothing) == (str(made), None, None)
    assert new["id"] != str(made)


async def test_everything_that_changes_who_may_do_what_is_there(world: World) -> None:
    member = await world.account("member")
    async with world.acting() as transaction:
        await account.change_me(transaction, name="New name", language=None, zone=None, expected=None)
        role = await access.create_role(transaction, name="Aides", permissions=["dossiers:write"])
        await access.change_role(transaction, role_id=role.id, name="Helpers", permissions=None, expected=1)
        await account.change_member(transaction, member_id=member.id, status=None, roles=["Helpers"], expected=None)
        await account.change_member(
            transaction, member_id=member.id, status="deactivated", roles=["member"], expected=None
        )
        await access.delete_role(transaction, role_id=role.id, expected=2)
        await transaction.value(
            settings.change_settings, name="New Name", language=None, idle=20, absolute=None, expected=1
        )
    token = await world.session()
    async with world.gate.tenant(token, writing=True) as transaction:
        await transaction.value(
            identity.change_own_password,
            current_proof=world.owner.proof,
            salt=bytes(16),
            verifier=digest(random_proof()),
            token_hash=random_bytes(),
            address="::1",
            agent="x",
            **COST,
        )
    seen = {
        (row["object_type"], row["action"]) for row in await world.trail(source="session", account_id=world.owner.id)
    }
    assert seen >= {
        ("identity.account", "update"),
        ("access.role", "insert"),
        ("access.role", "update"),
        ("access.role", "delete"),
        ("access.assignment", "insert"),
        ("access.assignment", "delete"),
        ("identity.tenant", "update"),
        ("identity.password", "update"),
        ("identity.session", "delete"),
        ("identity.session", "insert"),
    }
    [(old, new)] = await changed(world, "identity.tenant", "update")
    assert (old["session_idle_minutes"], new["session_idle_minutes"], new["name"]) == (30, 20, "New Name")


async def test_signing_in_and_failing_to_are_there(world: World) -> None:
    token = await world.session()
    await attempt(world.gate, world.owner, proof=b"wrong")
    [signed_in] = (await world.trail(action="sign_in"))[-1:]
    [refusal] = await world.trail(action="sign_in_refused")
    assert (signed_in["source"], signed_in["account_id"], json.loads(signed_in["detail"])) == (
        "sign_in",
        world.owner.id,
        {"method": "password", "proven": ["pwd"], "address": "192.0.2.1"},
    )
    assert (refusal["source"], refusal["object_id"]) == ("sign_in", world.owner.id)
    opened = await world.trail(object_type="identity.session", action="insert", object_id=signed_in["object_id"])
    assert len(opened) == 1
    async with world.gate.tenant(token, writing=True) as transaction:
        await account.end_session(transaction, session_id=transaction.principal.session_id)
    assert (
        len(await world.trail(object_type="identity.session", action="delete", object_id=signed_in["object_id"])) == 1
    )


async def test_no_secret_is_in_it(world: World) -> None:
    token, new = await world.session(), random_proof()
    async with world.gate.tenant(token, writing=True) as transaction:
        await transaction.value(
            identity.change_own_password,
            current_proof=world.owner.proof,
            salt=b"0123456789abcdef",
            verifier=digest(new),
            token_hash=digest(b"next"),
            address="::1",
            agent="x",
            **COST,
        )
    text = str([dict(row) for row in await world.trail()])
    for secret in (
        token,
        digest(token),
        world.owner.proof,
        digest(world.owner.proof),
        new,
        digest(new),
        b"0123456789abcdef",
        digest(b"next"),
    ):
        assert secret.hex() not in text
    for column in ("token_hash", "verifier", "salt"):
        assert column not in text


@EVERY_PROFILE
@pytest.mark.parametrize("role", LOGIN_ROLES)
async def test_no_login_role_can_change_it(shared: Installed, role: str) -> None:
    async with shared.role(role) as connection:
        for statement in (
            "update audit.entry set action = 'nothing'",
            "delete from audit.entry",
            "truncate audit.entry",
            "insert into audit.entry (tenant_id, epoch, source, action, object_type) values (gen_random_uuid(), 1, 'session', 'x', 'y')",
            "alter table audit.entry disable trigger all",
            "drop table audit.entry",
            "select audit.write(array['a'], 'b', 'c', null, null, null, null)",
            "select audit.record_system('me', 'did', null)",
            "select audit.record('did', 'thing', null, null)",
            "update audit.system_entry set actor = 'nobody'",
            "select * from audit.system_entry",
        ):
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedTableError)):
                await connection.execute(statement)


async def test_not_even_the_owners_functions_can_change_an_entry(world: World) -> None:
    await world.session()
    before = await world.trail()
    async with world.installed.owner() as connection, connection.transaction():
        await connection.execute(
            f"select context.stamp('{await world.tenant_id()}', null, null, 'audit:read', 'command')"
        )
        assert await connection.execute("update audit.entry set action = 'nothing'") == "UPDATE 0"
        assert await connection.execute("delete from audit.entry") == "DELETE 0"
    assert await world.trail() == before


async def test_a_write_without_a_context_is_refused(world: World) -> None:
    async with world.installed.owner() as connection:
        for statement in (
            "update identity.account set name = 'x'",
            "delete from identity.session",
            "insert into access.role (tenant_id, name, permissions) select id, 'x', '{}' from identity.tenant limit 1",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="write outside a context"):
                await connection.execute(statement)


async def test_the_owner_cannot_write_into_another_tenants_trail(world: World) -> None:
    other, _ = await world.another_tenant()
    async with world.installed.owner() as connection, connection.transaction():
        await connection.execute(f"select context.stamp('{await world.tenant_id()}', null, null, '', 'command')")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await connection.execute(
                "update identity.account a set name = 'x' from identity.tenant t where t.id = a.tenant_id and t.slug = $1",
                other,
            )


async def page(world: World, who: Any = None, **filters: Any) -> list[Entry]:
    wanted = {
        "since": None,
        "until": None,
        "actor": None,
        "action": None,
        "object_type": None,
        "object_id": None,
        "before_at": None,
        "before_id": None,
        "limit": 200,
        **filters,
    }
    async with world.acting(who, writing=False) as transaction:
        return await transaction.rows(audit.entries, Entry, **wanted)


async def test_who_may_read_it_sees_the_own_tenants_only(world: World) -> None:
    _, stranger = await world.another_tenant()
    auditor, member = await world.account("auditor"), await world.account("member")
    ids = {row["id"] for row in await world.trail()}
    assert ids <= {entry.id for entry in await page(world, auditor)}
    assert await page(world, member) == []
    assert ids.isdisjoint(entry.id for entry in await page(world, stranger))


async def test_it_is_read_newest_first_in_pages_and_by_filters(world: World) -> None:
    member = await world.account("member")
    await world.deactivate(member)
    everything = await page(world)
    assert [entry.at for entry in everything] == sorted((entry.at for entry in everything), reverse=True)
    middle = everything[3]
    following = await page(world, before_at=middle.at, before_id=middle.id)
    assert [entry.id for entry in following][: len(everything) - 4] == [entry.id for entry in everything[4:]]
    by_object = await page(world, object_type="identity.account", object_id=member.id, action="update")
    assert [entry.account_id for entry in by_object] == [world.owner.id]
    assert {entry.account_id for entry in await page(world, actor=world.owner.id)} == {world.owner.id}
    assert await page(world, since=everything[0].at, until=everything[0].at) == []


async def test_refused_requests_stand_in_the_trail_of_the_tokens_tenant(world: World) -> None:
    token = await world.session()
    await world.app.call(web.record_refusal, token=token, route="GET /api/v1/members", status=403, times=7)
    await world.app.call(web.record_refusal, token=random_bytes(), route="GET /nowhere", status=403, times=1)
    [entry] = await world.trail(action="refused")
    assert (entry["account_id"], entry["source"]) == (world.owner.id, "session")
    assert json.loads(entry["detail"]) == {"route": "GET /api/v1/members", "status": 403, "times": 7}
    assert "/nowhere" not in str(await world.observe("select detail::text from audit.entry where action = 'refused'"))


async def test_an_event_is_recorded_with_its_actor_and_only_when_writing(world: World) -> None:
    async with world.acting() as transaction:
        await transaction.record("downloaded", "dossiers.document", None, {"bytes": 3})
    [entry] = await world.trail(action="downloaded")
    assert (entry["account_id"], json.loads(entry["detail"])) == (world.owner.id, {"bytes": 3})
    with refused("42501"):
        async with world.acting(writing=False) as transaction:
            await transaction.record("downloaded", "dossiers.document", None)
    with refused("22023"):
        async with world.acting() as transaction:
            await transaction.record("Not a <plain> word", "dossiers.document", None)
