"""Asking for a reset: the same for everybody, and found out by the worker alone."""

import pytest

from belsimple.identity import recovery
from tests.support.links import aged, as_worker, ask_for_reset, posted
from tests.support.world import World


async def test_a_request_that_nobody_answered_within_an_hour_is_forgotten(world: World) -> None:
    await recovery.request_reset(world.gate, tenant=world.slug, email=world.owner.email)
    [request] = await world.as_owner(
        "update identity.reset_request set created_at = now() - interval '61 minutes' where slug = $1 returning id",
        world.slug,
    )
    await as_worker(world, "select identity.answer_reset($1)", request["id"])
    assert await posted(world, "password_reset") == []
    assert await world.observe("select from identity.reset_request where id = $1", request["id"]) == []


async def test_nothing_is_posted_for_whom_nobody_knows(world: World) -> None:
    _, stranger = await world.another_tenant()
    before = await world.observe("select count(*) from mail.message")
    for tenant, email in (
        (world.slug, "nobody@example.org"),
        ("absent", world.owner.email),
        (world.slug, stranger.email),
    ):
        await ask_for_reset(world, tenant, email)
    assert await world.observe("select count(*) from mail.message") == before
    assert await world.observe("select from identity.reset_request where slug in ($1, 'absent')", world.slug) == []


async def test_asking_writes_the_same_for_everybody(own_world: World) -> None:
    tables = [
        row[0]
        for row in await own_world.observe(
            "select c.oid::regclass::text from pg_class c where c.relkind = 'r' and c.relnamespace::regnamespace::text !~ '^(pg_|information_schema)' order by 1"
        )
    ]

    async def written(tenant: str, email: str) -> dict[str, int]:
        counts = " union all ".join(f"select '{table}', count(*) from {table}" for table in tables)
        before = dict(map(tuple, await own_world.observe(counts)))
        await recovery.request_reset(own_world.gate, tenant=tenant, email=email)
        after = dict(map(tuple, await own_world.observe(counts)))
        return {table: after[table] - before[table] for table in tables if after[table] != before[table]}

    known = await written(own_world.slug, own_world.owner.email)
    assert known["identity.reset_request"] == 1
    assert known == await written(own_world.slug, "nobody@example.org")
    assert known == await written("absent", own_world.owner.email)
    assert known == await written("\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}" * 300, "@" * 300)
    [jobs] = await own_world.observe(
        "select count(distinct (task_name, queue_name, priority, status)) from jobs.procrastinate_jobs where task_name = 'belsimple.reset'"
    )
    assert jobs[0] == 1


async def test_no_other_part_can_use_or_answer_a_link(world: World) -> None:
    for role, calls in {
        "app": ("identity.request_reset('', '')", "identity.reset_open('')", "identity.answer_reset(null)"),
        "gate": ("identity.answer_reset(null)", "mail.add_link('password_reset', null, null, '')", "identity.sweep()"),
        "worker": ("identity.confirm_reset('', '', 1, 1, 1, '', null)", "identity.reset_open('')"),
        "operator": ("identity.request_reset('', '')", "identity.confirm_reset('', '', 1, 1, 1, '', null)"),
    }.items():
        async with world.installed.role(role) as connection:
            for call in calls:
                with pytest.raises(Exception, match="permission denied"):
                    await connection.execute(f"select {call}")


async def test_the_sweep_takes_what_is_over_and_asks_again_for_what_was_lost(own_world: World) -> None:
    world = own_world
    await ask_for_reset(world, world.slug, world.owner.email)
    reset = (await posted(world, "password_reset"))[0].subject
    assert reset is not None
    await aged(world, "identity.password_reset", reset, "expires_at = now() - interval '2 days'")
    await recovery.request_reset(world.gate, tenant=world.slug, email=world.owner.email)
    await world.observe("delete from jobs.procrastinate_jobs")
    await world.as_owner("update identity.reset_request set created_at = now() - interval '3 minutes'")
    await as_worker(world, "select identity.sweep()")
    await as_worker(world, "select identity.sweep()")
    assert await world.observe("select from identity.password_reset where id = $1", reset) == []
    [lost] = await world.observe("select count(*) from jobs.procrastinate_jobs where task_name = 'belsimple.reset'")
    assert lost[0] == 1
    assert [row["action"] for row in await world.trail(object_id=reset)][-1] == "delete"
