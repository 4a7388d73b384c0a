"""Domains: proven by a record that the worker has seen, looked at again, and lost only when the record stays away."""

from typing import Any
from uuid import UUID

from belsimple.database.transaction import Database
from belsimple.sso import domains, jobs
from tests.support.world import World


def dns(found: bool | None) -> tuple[Any, list[tuple[str, str]]]:
    """What a resolver says, and what it was asked."""
    asked: list[tuple[str, str]] = []

    async def look(name: str, challenge: str) -> bool | None:
        asked.append((name, challenge))
        return found

    return look, asked


async def worker(world: World) -> Database:
    return await Database.open(world.installed.url("worker"), part="worker", size=1)


async def shown(world: World, domain: UUID) -> domains.Domain:
    async with world.acting() as inside:
        return await domains.shown(inside, domain_id=domain)


async def test_a_domain_is_proven_by_its_record_and_by_nothing_else(world: World) -> None:
    async with world.acting() as inside:
        made = await domains.add(inside, name="brouwer.example")
        await domains.look(inside, domain_id=made.id)
    database = await worker(world)
    try:
        for found, proven in ((None, False), (False, False), (True, True)):
            look, asked = dns(found)
            await jobs.look_at(database, {"id": str(made.id)}, look=look)
            assert asked == [("brouwer.example", made.challenge)]
            assert ((await shown(world, made.id)).proven_at is not None) is proven
    finally:
        await database.close()


async def test_a_record_that_is_gone_for_seven_days_proves_nothing(world: World) -> None:
    async with world.acting() as inside:
        made = await domains.add(inside, name="brouwer.example")
    database = await worker(world)
    try:
        await jobs.look_at(database, {"id": str(made.id)}, look=dns(True)[0])
        look, asked = dns(False)
        await jobs.look_again(database, {}, look=look)
        assert ("brouwer.example", made.challenge) not in asked  # it was looked at today
        for days, proven in ((1, True), (8, False)):
            async with world.installed.superuser() as connection:
                await connection.execute("alter table identity.domain disable trigger user")
                change = "update identity.domain set checked_at = now() - interval '1 day', failed_since = failed_since - $2 * interval '1 day' where id = $1"
                await connection.execute(change, made.id, days)
                await connection.execute("alter table identity.domain enable trigger user")
            await jobs.look_again(database, {}, look=look)
            now = await shown(world, made.id)
            assert (now.proven_at is not None) is proven
            assert now.failed_since is not None
        assert ("brouwer.example", made.challenge) in asked
    finally:
        await database.close()
