"""The tenant transaction: what it binds, when it commits, and what it does with a connection in doubt."""

import asyncio
from typing import Any

import asyncpg
import msgspec
import pytest

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database, KeepChanges, Transaction
from belsimple.errors import OperatorError
from belsimple.identity import account
from tests.support.databases import EVERY_PROFILE, ONE_PROFILE
from tests.support.world import World, random_bytes

dossiers = load_queries("belsimple_dossiers")
trail = load_queries("belsimple.audit")
pool = load_queries("belsimple.database", "pool.sql")
NEW = {"title": "A file", "reference": None, "status": "open", "notes": ""}


class Title(msgspec.Struct):
    title: str


async def add(transaction: Transaction, title: str = "A file") -> None:
    await transaction.execute(dossiers.insert_dossier, account=None, **{**NEW, "title": title})


async def titles(world: World) -> list[str]:
    return [
        row["title"]
        for row in await world.observe(
            "select title from dossiers.dossier d join identity.tenant t on t.id = d.tenant_id where t.slug = $1",
            world.slug,
        )
    ]


async def inject(transaction: Transaction, sql: str) -> Any:
    """What an attacker would get to run inside a request: arbitrary statements on its connection."""
    return await transaction._connection.execute(sql)


def pid(transaction: Transaction) -> int:
    return transaction._connection.get_server_pid()


async def test_it_commits_at_the_end(world: World) -> None:
    async with world.acting() as transaction:
        await add(transaction, "Kept")
    assert await titles(world) == ["Kept"]


async def test_an_exception_undoes_it(world: World) -> None:
    with pytest.raises(RuntimeError):
        async with world.acting() as transaction:
            await add(transaction)
            raise RuntimeError
    assert await titles(world) == []


async def test_a_refusal_whose_record_must_stay_commits(world: World) -> None:
    class Refused(KeepChanges):
        pass

    with pytest.raises(Refused):
        async with world.acting() as transaction:
            await add(transaction, "Recorded")
            raise Refused
    assert await titles(world) == ["Recorded"]


async def test_a_failure_that_was_swallowed_is_noticed_at_commit(world: World) -> None:
    with pytest.raises(asyncpg.InFailedSQLTransactionError):
        async with world.acting() as transaction:
            await add(transaction)
            with pytest.raises(asyncpg.PostgresError):
                await transaction.execute(dossiers.insert_dossier, account=None, **{**NEW, "status": "nonsense"})
    assert await titles(world) == []
    async with world.acting() as transaction:
        await add(transaction, "After")
    assert await titles(world) == ["After"]


@ONE_PROFILE
async def test_only_the_layer_binds_the_tenant(world: World) -> None:
    async with world.acting() as transaction:
        with pytest.raises(TypeError, match="the tenant is bound by the transaction"):
            await transaction.value(dossiers.delete_dossier, id=random_uuid(), tenant=random_uuid())
        with pytest.raises(TypeError, match="needs the parameter 'id'"):
            await transaction.value(dossiers.delete_dossier)
        with pytest.raises(TypeError, match="does not use"):
            await transaction.value(dossiers.delete_dossier, id=random_uuid(), more=1)
        with pytest.raises(TypeError, match="does not use"):
            await transaction.value(pool.instance, more=1)
        with pytest.raises(TypeError, match="the query the columns"):
            await transaction.row(pool.instance, Title)


def random_uuid() -> str:
    return "00000000-0000-7000-8000-000000000000"


async def test_a_read_cannot_write(world: World) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with world.acting(writing=False) as transaction:
            await add(transaction)


async def test_a_read_that_lifts_read_only_still_cannot_write(world: World) -> None:
    # A savepoint undoes READ ONLY where it was set inside it; the mode in the stamp does not move.
    for attack in (
        "set transaction read write",
        "savepoint s; set transaction read write",
        "set default_transaction_read_only = off; set transaction_read_only = off",
    ):
        with pytest.raises(asyncpg.PostgresError):
            async with world.acting(writing=False) as transaction:
                await inject(transaction, attack)
                await add(transaction)
    assert await titles(world) == []


async def test_it_opens_nothing_for_an_unknown_token(world: World) -> None:
    for token in (random_bytes(), b"", b"\0" * 32):
        with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
            async with world.app.tenant(token, writing=False):
                pytest.fail("entered")
    async with world.acting() as transaction:  # the connection is not lost by that
        await account.me(transaction)


async def test_it_cannot_enter_twice(world: World) -> None:
    _, stranger = await world.another_tenant()
    token = await world.session(stranger)
    with pytest.raises(asyncpg.PostgresError, match="already entered"):
        async with world.acting() as transaction:
            await transaction.value(pool.enter, token=token, address=None)


@EVERY_PROFILE
@pytest.mark.parametrize(
    "left_behind",
    [
        "prepare __asyncpg_stmt_1__ as select 1",
        "declare mine cursor with hold for select 1; fetch mine",
        "deallocate all; prepare stolen as select 1",
    ],
    ids=["a prepared statement", "a held cursor", "another's statement"],
)
async def test_a_backend_that_carries_something_is_never_used_again(world: World, left_behind: str) -> None:
    single = await Database.open(world.installed.url("app"), part="web", size=1)
    try:
        token = await world.session()
        async with single.tenant(token, writing=True) as transaction:
            poisoned = pid(transaction)
            await inject(transaction, left_behind)
        # The next request is not to blame: it gets another connection and notices nothing.
        async with single.tenant(token, writing=False) as transaction:
            assert pid(transaction) != poisoned
    finally:
        await single.close()


async def test_a_statement_outside_a_tenant_meets_no_such_backend_either(world: World) -> None:
    single = await Database.open(world.installed.url("app"), part="web", size=1)
    try:
        async with single.tenant(await world.session(), writing=True) as transaction:
            poisoned = pid(transaction)
            await inject(transaction, "prepare mine as select 1")
        assert (await single.call(pool.instance))[0][0] == single.instance
        async with single.tenant(await world.session(), writing=False) as transaction:
            assert pid(transaction) != poisoned
    finally:
        await single.close()


async def test_statements_that_are_gone_cost_one_request_and_no_more(world: World) -> None:
    single = await Database.open(world.installed.url("app"), part="web", size=1)
    try:
        token = await world.session()
        async with single.tenant(token, writing=True) as transaction:
            await inject(transaction, "deallocate all")
        with pytest.raises(asyncpg.InvalidSQLStatementNameError):
            async with single.tenant(token, writing=False):
                pytest.fail("entered")
        async with single.tenant(token, writing=False) as transaction:
            assert transaction.principal.tenant_id
    finally:
        await single.close()


async def test_an_isolation_level_does_not_survive_either(world: World) -> None:
    single = await Database.open(world.installed.url("app"), part="web", size=1)
    try:
        token = await world.session()
        async with single.tenant(token, writing=True) as transaction:
            await inject(transaction, "set default_transaction_isolation = 'repeatable read'")
        async with single.tenant(token, writing=False) as transaction:
            assert transaction.principal.tenant_id
    finally:
        await single.close()


@pytest.mark.parametrize(
    "setting",
    [
        "search_path = public",
        "row_security = off",
        "statement_timeout = 0",
        "timezone = 'Asia/Tokyo'",
        "default_transaction_read_only = on",
    ],
)
async def test_settings_do_not_survive_into_the_next_request(world: World, setting: str) -> None:
    single = await Database.open(world.installed.url("app"), part="web", size=1)
    name = setting.partition(" ")[0]
    try:
        token = await world.session()
        async with single.tenant(token, writing=True) as transaction:
            before = await transaction._connection.fetchval("select current_setting($1)", name)
            await inject(transaction, f"set {setting}")
        async with single.tenant(token, writing=True) as transaction:
            assert await transaction._connection.fetchval("select current_setting($1)", name) == before
            await add(transaction)
    finally:
        await single.close()


async def test_a_role_that_changes_its_own_settings_changes_nothing(own_world: World) -> None:
    world = own_world
    async with world.installed.role("app") as connection:
        await connection.execute(f"alter role {world.installed.prefix}_app set row_security = off")
        await connection.execute(f"alter role {world.installed.prefix}_app set search_path = public")
    try:
        single = await Database.open(world.installed.url("app"), part="web", size=1)
        async with single.tenant(await world.session(), writing=False) as transaction:
            assert (
                await transaction._connection.fetchval(
                    "select current_setting('row_security') || current_setting('search_path')"
                )
                == "onpg_catalog"
            )
        await single.close()
    finally:
        async with world.installed.superuser() as connection:
            await connection.execute(f"alter role {world.installed.prefix}_app reset all")


async def test_a_cancelled_request_ends_its_backend_and_its_work(world: World) -> None:
    token = await world.session()
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def request() -> None:
        async with world.app.tenant(token, writing=True) as transaction:
            await add(transaction)
            started.set_result(pid(transaction))
            await inject(transaction, "select count(*) from generate_series(1, 1000000000)")

    task = asyncio.create_task(request())
    backend = await started
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with world.installed.superuser() as connection:
        async with asyncio.timeout(6):  # long before the statement's own timeout
            while await connection.fetchval("select exists (select from pg_stat_activity where pid = $1)", backend):
                await asyncio.sleep(0.02)
    assert await titles(world) == []


@ONE_PROFILE
async def test_requests_cancelled_at_any_moment_leave_a_pool_that_works(world: World) -> None:
    token = await world.session()

    async def request() -> str:
        async with world.app.tenant(token, writing=True) as transaction:
            return (await account.me(transaction)).email

    expected = await request()
    for moments in range(60):
        task = asyncio.create_task(request())
        for _ in range(moments % 30):
            await asyncio.sleep(0)
        if moments >= 30:
            await asyncio.sleep(0.0002 * (moments - 30))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await asyncio.gather(request(), request()) == [expected, expected], "a connection was lost"


@ONE_PROFILE
async def test_it_gives_up_waiting_for_a_connection(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("belsimple.database.pool.WAIT_SECONDS", 0.1)
    token = await world.session()
    async with world.app.tenant(token, writing=False), world.app.tenant(token, writing=False):
        with pytest.raises(TimeoutError):
            await world.app.call(pool.instance)
    assert await world.app.call(pool.instance)


@ONE_PROFILE
async def test_a_connection_lost_in_between_is_replaced(world: World) -> None:
    token = await world.session()
    async with world.app.tenant(token, writing=False) as transaction:
        backend = pid(transaction)
    await world.observe("select pg_terminate_backend($1)", backend)
    await asyncio.sleep(0.1)
    for _ in range(4):
        async with world.app.tenant(token, writing=False) as transaction:
            assert pid(transaction) != backend


async def test_a_wrong_password_is_one_clear_line(world: World) -> None:
    url = world.installed.url("app").replace(":", ":x", 2).replace("postgresql:x//", "postgresql://")
    with pytest.raises(OperatorError, match="refuses the credential") as refused:
        await Database.open(url, part="web", size=1)
    assert "\n" not in str(refused.value)
