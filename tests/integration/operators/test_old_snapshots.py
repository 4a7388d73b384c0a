"""An operator's session that has ended since is dead in a transaction that began before, too."""

import asyncpg
import pytest

from belsimple.database.driver import state_of
from tests.support.databases import EVERY_PROFILE
from tests.support.operators import OperatorApi, signed_in


@EVERY_PROFILE
@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
async def test_an_old_snapshot_revives_no_session(operators: OperatorApi, isolation: str) -> None:
    operator = await operators.operator("security")
    session = await signed_in(operators.database, operator)
    async with operators.installed.role("operator") as connection:
        await connection.execute(f"begin isolation level {isolation}; select 1")
        await operators.own("update operators.account set status = 'deactivated' where id = $1", operator.id)
        state = "none"
        try:
            await connection.fetch("select * from operators.tenants($1, null, null, 10)", session)
        except asyncpg.PostgresError as error:
            state = state_of(error)
        await connection.execute("rollback")
    assert state == "25001"


async def test_nor_does_it_answer_that_one_is_alive(operators: OperatorApi) -> None:
    session = await operators.session()
    async with operators.installed.role("operator") as connection:
        await connection.execute("begin isolation level repeatable read; select 1")
        with pytest.raises(asyncpg.PostgresError) as caught:
            await connection.fetch("select * from operators.enter($1)", session)
        assert state_of(caught.value) == "25001"
        await connection.execute("rollback")
