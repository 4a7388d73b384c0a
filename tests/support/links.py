"""Mails that wait in the outbox, and their links as the worker makes them."""

import os
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from belsimple.identity import recovery

from .people import digest
from .world import World


@dataclass(frozen=True)
class Posted:
    """A mail that waits."""

    id: UUID
    kind: str
    recipient: str
    language: str
    facts: dict[str, Any]
    subject: UUID | None


async def posted(world: World, *kinds: str, to: str | None = None) -> list[Posted]:
    """The tenant's mails of these kinds (all, when none is named), oldest first."""
    rows = await world.observe(
        "select m.id, m.kind, m.recipient, m.language, m.facts::text, m.subject_id from mail.message m where m.tenant_id = $1 order by m.created_at, m.id",
        await world.tenant_id(),
    )
    mails = [Posted(row[0], row[1], row[2], row[3], msgspec.json.decode(row[4]), row[5]) for row in rows]
    return [mail for mail in mails if (not kinds or mail.kind in kinds) and to in (None, mail.recipient)]


async def kinds(world: World, to: str) -> list[str]:
    """What somebody was told, in order."""
    return [mail.kind for mail in await posted(world, to=to)]


async def opened(world: World, mail: Posted) -> bytes:
    """The token of the mail's link, made as the worker makes it."""
    token = os.urandom(32)
    await as_worker(world, "select * from mail.open($1, $2)", mail.id, digest(token))
    return token


async def as_worker(world: World, sql: str, *arguments: Any) -> list[Any]:
    """A statement of the worker's role."""
    async with world.installed.role("worker") as connection:
        return await connection.fetch(sql, *arguments)


async def as_gate(world: World, sql: str, *arguments: Any) -> list[Any]:
    """A statement of gate's role, on a connection of its own: several at once are a race."""
    async with world.installed.role("gate") as connection:
        return await connection.fetch(sql, *arguments)


async def aged(world: World, table: str, subject: UUID, change: str) -> None:
    """Change one row of a tenant's as its owner, such as its expiry."""
    async with world.installed.owner() as connection, connection.transaction():
        await connection.execute(f"select context.stamp('{await world.tenant_id()}', null, null, '', 'command')")
        await connection.execute(f"update {table} set {change} where id = $1", subject)


async def ask_for_reset(world: World, tenant: str, email: str) -> None:
    """Ask, and let the worker answer."""
    known = {row["id"] for row in await world.observe("select id from identity.reset_request")}
    await recovery.request_reset(world.gate, tenant=tenant, email=email)
    made = [row["id"] for row in await world.observe("select id from identity.reset_request") if row["id"] not in known]
    for request in made:
        await as_worker(world, "select identity.answer_reset($1)", request)
