"""The last active operator with the role platform cannot go, by whichever way and however fast."""

import asyncio

import asyncpg
import pytest

from tests.support.databases import ONE_PROFILE
from tests.support.operators import OperatorApi, signed_in
from tests.support.world import refused


@pytest.mark.parametrize("change", [{"role": "security"}, {"status": "deactivated"}])
async def test_the_last_one_cannot_go(own_operators: OperatorApi, change: dict[str, str]) -> None:
    last = await own_operators.operator()
    await own_operators.operator("security")
    session = await signed_in(own_operators.database, last)
    answer = await own_operators(session, "PATCH", f"/operators/{last.id}", change)
    assert (answer.status, answer.problem) == (409, "last-operator")
    assert (await own_operators(session, "GET", "/me")).json["role"] == "platform"
    await own_operators.operator()
    gone = await own_operators(session, "PATCH", f"/operators/{last.id}", change)  # now one may, and oneself
    assert (gone.status, {key: gone.json[key] for key in change}) == (200, change)


@ONE_PROFILE
async def test_one_that_is_deactivated_does_not_count(own_operators: OperatorApi) -> None:
    last, other = await own_operators.operator(), await own_operators.operator()
    session = await signed_in(own_operators.database, last)
    assert (await own_operators(session, "PATCH", f"/operators/{other.id}", {"status": "deactivated"})).status == 200
    assert (await own_operators(session, "PATCH", f"/operators/{last.id}", {"role": "support"})).status == 409


async def test_two_who_remove_one_another_at_once_cannot_both(own_operators: OperatorApi) -> None:
    one, two = await own_operators.operator(), await own_operators.operator()
    sessions = [await signed_in(own_operators.database, who) for who in (one, two)]
    answers = await asyncio.gather(
        own_operators(sessions[0], "PATCH", f"/operators/{two.id}", {"status": "deactivated"}),
        own_operators(sessions[1], "PATCH", f"/operators/{one.id}", {"status": "deactivated"}),
    )
    done, other = sorted(answer.status for answer in answers)
    assert (done, other in {401, 409}) == (200, True)
    left = await own_operators.observe("select 1 from operators.account where role = 'platform' and status = 'active'")
    assert len(left) == 1


async def test_the_second_of_two_changes_waits_for_the_first(own_operators: OperatorApi) -> None:
    one, two = await own_operators.operator(), await own_operators.operator()
    change = "update operators.account set status = 'deactivated' where id = $1"
    async with own_operators.installed.owner() as first, own_operators.installed.owner() as second:
        begun = first.transaction()
        await begun.start()
        await first.execute("select operators.act_as('test')")
        await first.execute(change, one.id)

        async def other() -> None:
            async with second.transaction():
                await second.execute("select operators.act_as('test')")
                await second.execute(change, two.id)

        waiting = asyncio.create_task(other())
        await asyncio.sleep(0.3)
        assert not waiting.done()
        await begun.commit()
        with refused("BS409"):
            await waiting


@ONE_PROFILE
async def test_not_even_the_owner_removes_it(own_operators: OperatorApi) -> None:
    last = await own_operators.operator()
    with pytest.raises(asyncpg.PostgresError, match="At least one active operator"):
        await own_operators.own("delete from operators.account where id = $1", last.id)


@ONE_PROFILE
async def test_a_change_names_the_version_it_changes(operators: OperatorApi) -> None:
    boss, operator = await operators.session(), await operators.operator("support")
    found = await operators(boss, "GET", f"/operators/{operator.id}")
    assert found.headers["etag"] == '"1"'
    stale = {"if-match": '"7"'}
    answer = await operators(boss, "PATCH", f"/operators/{operator.id}", {"role": "security"}, headers=stale)
    assert answer.status == 412
    right = {"if-match": '"1"'}
    answer = await operators(boss, "PATCH", f"/operators/{operator.id}", {"role": "security"}, headers=right)
    assert (answer.status, answer.json["role"], answer.headers["etag"]) == (200, "security", '"2"')
    told = (await operators.mails(operator.email))[-1]
    assert told == ("operator_changed", {"change": "role", "role": "security"})


@ONE_PROFILE
async def test_operators_are_listed_page_by_page(operators: OperatorApi) -> None:
    boss = await operators.session()
    await operators.operator("support")
    seen, cursor = [], ""
    while True:
        page = (await operators(boss, "GET", f"/operators?limit=2{cursor}")).json
        seen += [one["email"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == sorted(seen)
    assert len(seen) == len(set(seen)) == len(await operators.observe("select 1 from operators.account"))
