"""Answers kept for an Idempotency-Key: given again to the same request of the same account, and to nobody else."""

import asyncio
from typing import Any

import pytest

from belsimple.database.queries import load_queries
from tests.support.people import Account, digest
from tests.support.world import World, refused

web = load_queries("belsimple.web")
dossiers = load_queries("belsimple_dossiers")
NEW = {"title": "A file", "reference": None, "status": "open", "notes": ""}
ROUTE = "POST /api/v1/dossiers"


async def once(
    world: World,
    key: str = "k",
    body: bytes = b"body",
    *,
    who: Account | None = None,
    token: bytes | None = None,
    route: str = ROUTE,
) -> tuple[Any, ...] | None:
    """Do the work of a request unless it was done before; the answer kept, or None when it is done now."""
    async with world.acting(who, token=token) as transaction:
        kept = await transaction._connection.fetch(web.claim_answer.sql, route, key, digest(body))
        if kept:
            return tuple(kept[0])
        await transaction.execute(dossiers.insert_dossier, account=None, **NEW)
        await asyncio.sleep(0.02)
        await transaction.value(
            web.store_answer, route=route, key=key, status=201, body=b"made", location="/there", etag='"1"'
        )
        return None


async def made(world: World) -> int:
    return (
        await world.observe(
            "select count(*) as made from dossiers.dossier where tenant_id = $1", await world.tenant_id()
        )
    )[0]["made"]


async def test_the_answer_is_given_again(world: World) -> None:
    assert await once(world) is None
    assert await once(world) == (201, b"made", "/there", '"1"')
    assert await made(world) == 1


async def test_the_work_is_done_once_though_many_ask_at_once(world: World) -> None:
    token = await world.session()
    answers = await asyncio.gather(*(once(world, token=token) for _ in range(8)))
    assert answers.count(None) == 1
    assert await made(world) == 1


async def test_another_body_under_the_same_key_is_refused(world: World) -> None:
    await once(world)
    with refused("BS422"):
        await once(world, body=b"another")


async def test_a_request_that_failed_can_be_tried_again(world: World) -> None:
    with pytest.raises(RuntimeError):
        async with world.acting() as transaction:
            assert await transaction._connection.fetch(web.claim_answer.sql, ROUTE, "k", digest(b"body")) == []
            raise RuntimeError
    assert await once(world) is None


async def test_a_key_is_an_accounts_own_on_one_route(world: World) -> None:
    member = await world.account("member")
    _, stranger = await world.another_tenant()
    await once(world)
    assert await once(world, who=member, body=b"theirs") is None
    assert await once(world, who=stranger) is None
    assert await once(world) is not None
    assert await once(world, who=member, body=b"theirs") is not None  # each its own
    assert await once(world, route="POST /api/v1/roles") is None
    assert await once(world, key="other") is None


async def test_it_is_kept_for_a_day(world: World) -> None:
    await once(world)
    tenant = await world.tenant_id()
    await world.as_owner(
        "update idempotency.answer set created_at = now() - interval '23 hours 59 minutes' where tenant_id = $1", tenant
    )
    assert await once(world) is not None
    await world.as_owner(
        "update idempotency.answer set created_at = now() - interval '24 hours 1 second' where tenant_id = $1", tenant
    )
    assert await once(world, body=b"another") is None
    assert await once(world, body=b"another") is not None


async def test_it_needs_a_session_that_may_write(world: World) -> None:
    with refused("42501"):
        async with world.acting(writing=False) as transaction:
            await transaction._connection.fetch(web.claim_answer.sql, ROUTE, "k", digest(b"body"))
    with refused("42501"):
        async with world.installed.role("app") as connection:
            await connection.fetch("select * from idempotency.claim('r', 'k', sha256('x'))")
