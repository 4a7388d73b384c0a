"""What the database itself holds to about files, whoever sends it SQL."""

import os
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from belsimple.database.transaction import Transaction
from tests.support.databases import EVERY_PROFILE
from tests.support.world import World, refused

pytestmark = EVERY_PROFILE
CHECK = bytes(16)


async def run(transaction: Transaction, sql: str, *arguments: Any) -> Any:
    """A statement that no query file has: what an injection would give."""
    return await transaction._connection.fetch(sql, *arguments)


async def held_file(transaction: Transaction, size: int = 10) -> tuple[UUID, UUID]:
    """A file that a document's version holds; returns the ids of both."""
    file = uuid4()
    await run(transaction, "select files.add($1, $2, $3, 1, $4)", file, size, os.urandom(60), CHECK)
    tenant = transaction.principal.tenant_id
    (dossier,) = await run(
        transaction, "insert into dossiers.dossier (tenant_id, title) values ($1, 'x') returning id", tenant
    )
    (document,) = await run(
        transaction,
        "insert into dossiers.document (tenant_id, dossier_id) values ($1, $2) returning id",
        tenant,
        dossier["id"],
    )
    return file, await hold(transaction, document["id"], file)


async def hold(transaction: Transaction, document: UUID, file: UUID, number: int = 1) -> UUID:
    """A version of the document that holds the file."""
    (version,) = await run(
        transaction,
        "insert into dossiers.document_version (tenant_id, document_id, number, file_id, filename, content_type, size)"
        " values ($1, $2, $3, $4, 'a', 'text/plain', 1) returning id",
        transaction.principal.tenant_id,
        document,
        number,
        file,
    )
    return version["id"]


async def test_a_file_opens_for_who_may_read_its_holder(world: World) -> None:
    async with world.acting() as transaction:
        file, _ = await held_file(transaction)
    auditor = await world.account("auditor")
    nobody = await world.account("member")
    async with world.acting(auditor, writing=False) as transaction:
        assert len(await run(transaction, "select * from files.content($1)", file)) == 1
    async with world.installed.superuser() as connection:
        await connection.execute("alter table access.assignment disable trigger user")
        await connection.execute("delete from access.assignment where account_id = $1", nobody.id)
        await connection.execute("alter table access.assignment enable trigger user")
    async with world.acting(nobody, writing=False) as transaction:
        assert await run(transaction, "select * from files.content($1)", file) == []
    _, other = await world.another_tenant()
    async with world.acting(other, writing=False) as transaction:
        assert await run(transaction, "select * from files.content($1)", file) == []


async def test_tables_of_files_and_keys_open_to_nobody(world: World) -> None:
    for role in ("app", "gate", "worker"):
        async with world.installed.role(role) as connection:
            for table in ("keys.tenant_key", "files.file", "files.usage", "files.attachment", "files.fetched"):
                with refused("42501"):
                    await connection.fetch(f"select * from {table}")
    for role, call in (
        ("app", "files.set_quota(gen_random_uuid(), 1, 'x')"),
        ("app", "files.usage_of(gen_random_uuid())"),
        ("app", "files.attach('dossiers.dossier', 'id')"),
        ("app", "files.due('1 day', 1)"),
        ("app", "files.forget(gen_random_uuid(), '{}', '1 day')"),
        ("worker", "files.content(gen_random_uuid())"),
        ("worker", "files.downloaded('x', gen_random_uuid())"),
    ):
        async with world.installed.role(role) as connection:
            with refused("42501"):
                await connection.fetch(f"select {call}")


async def test_a_file_that_no_row_holds_is_not_committed(world: World) -> None:
    with refused("23503"):
        async with world.acting() as transaction:
            await run(transaction, "select files.add($1, 5, $2, 1, $3)", uuid4(), os.urandom(60), CHECK)
    assert await world.observe("select from files.file where tenant_id = $1", await world.tenant_id()) == []


async def test_a_file_is_added_in_a_context_that_writes_only(world: World) -> None:
    with pytest.raises(asyncpg.PostgresError):
        async with world.acting(writing=False) as transaction:
            await run(transaction, "select files.add($1, 5, $2, 1, $3)", uuid4(), os.urandom(60), CHECK)
    async with world.installed.role("app") as connection:
        with pytest.raises(asyncpg.PostgresError):
            await connection.fetch("select files.add($1, 5, $2, 1, $3)", uuid4(), os.urandom(60), CHECK)
        assert await connection.fetch("select * from files.room()") == []


async def test_a_held_file_is_held_once_and_kept(world: World) -> None:
    async with world.acting() as transaction:
        file, version = await held_file(transaction)
    tenant = await world.tenant_id()
    document = (await world.observe("select document_id from dossiers.document_version where id = $1", version))[0][0]
    with refused("23503"):
        async with world.acting() as transaction:
            await hold(transaction, document, file, 2)
    with refused("23503"):
        async with world.acting() as transaction:
            await run(
                transaction,
                "update dossiers.document_version set file_id = $3 where tenant_id = $1 and id = $2",
                tenant,
                version,
                uuid4(),
            )
    _, other = await world.another_tenant()
    with refused("23503"):
        async with world.acting(other) as transaction:
            _, theirs = await held_file(transaction)
            (row,) = await run(transaction, "select document_id from dossiers.document_version where id = $1", theirs)
            await hold(transaction, row["document_id"], file, 2)


async def test_a_deleted_row_deletes_its_file_and_a_deleted_file_opens_no_more(world: World) -> None:
    async with world.acting() as transaction:
        file, version = await held_file(transaction, 77)
    async with world.acting() as transaction:
        await run(
            transaction,
            "delete from dossiers.document_version where tenant_id = $1 and id = $2",
            transaction.principal.tenant_id,
            version,
        )
        assert await run(transaction, "select * from files.content($1)", file) == []
    usage = await world.observe(
        "select files, bytes, retained from files.usage where tenant_id = $1", await world.tenant_id()
    )
    assert [tuple(row) for row in usage] == [(0, 0, 77)]


async def test_a_download_is_written_into_the_sessions_own_trail_only(world: World) -> None:
    async with world.acting() as transaction:
        file, _ = await held_file(transaction)
    slug, other = await world.another_tenant()
    theirs = await world.session(other)
    async with world.installed.role("app") as connection:
        assert await connection.fetchval("select files.downloaded($1, $2)", theirs, file) is False
        assert await connection.fetchval("select files.downloaded($1, $2)", os.urandom(32), file) is False
        assert await connection.fetchval("select files.downloaded($1, $2)", await world.session(), file) is True
    assert len(await world.trail(action="downloaded")) == 1
    assert (
        await world.observe(
            "select from audit.entry e join identity.tenant t on t.id = e.tenant_id where t.slug = $1 and action = 'downloaded'",
            slug,
        )
        == []
    )


async def test_a_synthetic_tenant_leaves_with_its_files(world: World) -> None:
    async with world.acting() as transaction:
        await held_file(transaction)
    tenant = await world.tenant_id()
    async with world.installed.superuser() as connection:
        for table in ("dossiers.document_version", "dossiers.document", "dossiers.dossier", "identity.tenant"):
            await connection.execute(f"alter table {table} disable trigger user")
        await connection.execute("delete from dossiers.document_version where tenant_id = $1", tenant)
        await connection.execute("delete from dossiers.document where tenant_id = $1", tenant)
        await connection.execute("delete from dossiers.dossier where tenant_id = $1", tenant)
        await connection.execute("update identity.tenant set synthetic = true where id = $1", tenant)
        for table in ("dossiers.document_version", "dossiers.document", "dossiers.dossier", "identity.tenant"):
            await connection.execute(f"alter table {table} enable trigger user")
    await world.as_owner("select tenancy.remove_synthetic($1, 'test')", world.slug)
    for table in ("files.file", "files.usage", "keys.tenant_key", "identity.tenant"):
        assert await world.observe(f"select from {table} where tenant_id = $1", tenant) == [], table


async def test_deleted_bytes_count_against_twice_the_quota_also_when_uploads_race(world: World) -> None:
    await world.as_owner("select files.set_quota($1, 1000, 'test')", await world.tenant_id())
    for _ in range(2):
        async with world.acting() as transaction:
            _, version = await held_file(transaction, 900)
            await run(
                transaction,
                "delete from dossiers.document_version where tenant_id = $1 and id = $2",
                transaction.principal.tenant_id,
                version,
            )
    async with world.acting(writing=False) as transaction:
        assert (await run(transaction, "select room from files.room()"))[0]["room"] == 200
    with refused("BS413"):  # let in earlier, when there was room
        async with world.acting() as transaction:
            await held_file(transaction, 201)


async def test_a_session_that_ended_records_no_download(world: World) -> None:
    async with world.acting() as transaction:
        file, _ = await held_file(transaction)
    owner, member = await world.session(), await world.account("member")
    theirs = await world.session(member)
    async with world.installed.superuser() as connection:
        await connection.execute("alter table identity.session disable trigger user")
        await connection.execute(
            "update identity.session set last_seen = now() - interval '1 day' where token_hash = sha256($1)", owner
        )
        await connection.execute("alter table identity.session enable trigger user")
        await connection.execute("alter table access.assignment disable trigger user")
        await connection.execute("delete from access.assignment where account_id = $1", member.id)
        await connection.execute("alter table access.assignment enable trigger user")
    async with world.installed.role("app") as connection:
        assert await connection.fetchval("select files.downloaded($1, $2)", owner, file) is False
        assert await connection.fetchval("select files.downloaded($1, $2)", theirs, file) is False
    assert await world.trail(action="downloaded") == []


async def test_the_worker_forgets_nothing_that_was_deleted_just_now(world: World) -> None:
    async with world.acting() as transaction:
        file, version = await held_file(transaction)
    async with world.acting() as transaction:
        await run(
            transaction,
            "delete from dossiers.document_version where tenant_id = $1 and id = $2",
            transaction.principal.tenant_id,
            version,
        )
    async with world.installed.role("worker") as connection:
        for retention in ("0", "-40 days"):
            forgotten = await connection.fetchval(
                f"select files.forget($1, array[$2::uuid], interval '{retention}')", await world.tenant_id(), file
            )
            assert forgotten == 0
    assert len(await world.observe("select from files.file where id = $1", file)) == 1
