"""What an injection leaves on a pooled connection harms nobody: the next request is served, the one after at the latest."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from belsimple.attack.ground import Ground
from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database, Transaction

_pool = load_queries("belsimple.database", "pool.sql")

LEFT_BEHIND = (
    "deallocate all",
    "discard plans",
    "prepare __asyncpg_stmt_1__ as select 'poison'::text",
    "prepare poison as select 1",
    "declare loot cursor with hold for select 1",
    "listen procrastinate_any_queue_v1",
    "set default_transaction_isolation = 'repeatable read'",
    "set session characteristics as transaction isolation level serializable",
    "set session characteristics as transaction read only",
    "set default_transaction_deferrable = on",
    "set client_encoding = 'latin1'",
    "set bytea_output = 'escape'",
    "set timezone = 'Asia/Tokyo'",
    "set standard_conforming_strings = off",
    "set statement_timeout = '1ms'",
    "set lock_timeout = '1ms'",
    "set row_security = off",
    "set search_path = dossiers",
    "set role none",
    "set plan_cache_mode = force_custom_plan",
    "set exit_on_error = on",
    "select set_config('context.stamp', current_setting('context.stamp'), false)",
    "select set_config('context.stamp', 'poison', false)",
    "abort",
    "commit",
    "savepoint left_open",
)


@pytest_asyncio.fixture
async def one_connection(ground: Ground) -> AsyncIterator[Database]:
    """Part web's database with a single connection: what one request leaves, the next one finds."""
    database = await Database.open(ground.urls["app"], part="web", size=1)
    yield database
    await database.close()


@pytest.mark.parametrize("statement", LEFT_BEHIND)
async def test_what_is_left_behind_harms_nobody(ground: Ground, one_connection: Database, statement: str) -> None:
    assert await _serve(one_connection, ground, "a") == ground.names["a_tenant"]
    async with one_connection.tenant(_token(ground, "a"), writing=True) as transaction:
        await _inject(transaction, statement)
    served = [await _serve(one_connection, ground, "b") for _ in range(3)]
    assert served[1:] == [ground.names["b_tenant"]] * 2
    assert served[0] in (ground.names["b_tenant"], "refused")


async def _serve(database: Database, ground: Ground, side: str) -> str:
    """One request: whose it was, and that it sees its own tenant's rows alone and can write."""
    try:
        async with database.tenant(_token(ground, side), writing=True) as transaction:
            rows = await transaction._connection.fetch("select distinct tenant_id from dossiers.dossier")
            await transaction.record("looked", "attack.request", None)
            assert [row["tenant_id"] for row in rows] == [transaction.principal.tenant_id]
            return str(transaction.principal.tenant_id)
    except (asyncpg.PostgresError, asyncpg.InterfaceError):
        return "refused"


async def _inject(transaction: Transaction, statement: str) -> None:
    await transaction._connection.execute(statement)


def _token(ground: Ground, side: str) -> bytes:
    return bytes.fromhex(ground.names[f"{side}_token"].removeprefix("\\x"))
