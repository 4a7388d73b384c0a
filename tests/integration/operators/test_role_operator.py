"""Role operator with arbitrary SQL and no operator's session: nothing can be read, nothing changed."""

import asyncpg

from belsimple.database.driver import state_of
from tests.support.databases import EVERY_PROFILE
from tests.support.operators import OperatorApi
from tests.support.people import digest
from tests.support.world import refused

ITS_FUNCTIONS = """
    select p.oid::regprocedure::text as name, p.proname, p.pronargs, p.proargnames[1] as first,
           'select * from operators.' || p.proname || '(' || concat_ws(', ', 'sha256(''guess'')',
               (select string_agg(format('null::%s', format_type(t, null)), ', ' order by n)
                  from unnest(p.proargtypes[1:p.pronargs - 1]) with ordinality a(t, n))) || ')' as call
    from pg_proc p
    where p.pronamespace = 'operators'::regnamespace and has_function_privilege($1, p.oid, 'EXECUTE')
    order by 1
"""
QUIET = {"touch", "refused"}
"""They answer nothing to anybody, and do nothing without a session."""


@EVERY_PROFILE
async def test_every_function_asks_for_a_session_first(operators: OperatorApi) -> None:
    role = f"{operators.installed.prefix}_operator"
    functions = [one for one in await operators.observe(ITS_FUNCTIONS, role) if one["first"] == "p_session"]
    assert len(functions) >= 30
    await operators.session()  # somebody else is signed in
    before = await operators.observe("select count(*) from audit.system_entry")
    async with operators.installed.role("operator") as connection:
        for function in functions:
            state = ""
            try:
                await connection.fetch(function["call"])
            except asyncpg.PostgresError as error:
                state = state_of(error)
            assert state == ("" if function["proname"] in QUIET else "28000"), function["name"]
    assert await operators.observe("select count(*) from audit.system_entry") == before


@EVERY_PROFILE
async def test_it_has_no_privilege_on_any_table(operators: OperatorApi) -> None:
    held = await operators.observe(
        """
        select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname !~ '^(pg_|information_schema$)' and c.relkind in ('r', 'p', 'v', 'm', 'S')
          and has_table_privilege($1, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
        """,
        f"{operators.installed.prefix}_operator",
    )
    assert held == []


@EVERY_PROFILE
async def test_no_other_role_reaches_the_operators_side(operators: OperatorApi) -> None:
    reached = {
        role: {one["proname"] for one in await operators.observe(ITS_FUNCTIONS, f"{operators.installed.prefix}_{role}")}
        for role in ("app", "gate", "worker", "backup")
    }
    assert reached == {"app": set(), "gate": set(), "worker": {"answer_reset", "tidy"}, "backup": set()}


async def test_the_database_asks_for_right_and_freshness_by_itself(operators: OperatorApi) -> None:
    support, platform = await operators.session("support"), await operators.session()
    invite = "select operators.invite($1, 'intruder@operator.example', 'platform', 'en')"
    await operators.own(
        "update operators.session set authenticated_at = now() - interval '15 minutes' where token_hash = $1",
        digest(platform),
    )
    async with operators.installed.role("operator") as connection:
        with refused("42501"):
            await connection.fetch(invite, support)
        with refused("BS403"):
            await connection.fetch(invite, platform)
        assert await connection.fetchval("select count(*) from operators.accounts($1, null, null, 10)", platform) > 0
