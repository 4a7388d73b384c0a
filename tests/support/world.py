"""What a test works in: one installed database, connections of its parts, and a tenant with people."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any, Self
from uuid import UUID

import asyncpg
import pytest

from belsimple.database.driver import state_of
from belsimple.database.transaction import Database, Transaction
from belsimple.identity import account
from belsimple.tenancy import actions as tenancy

from .databases import Installed
from .people import Account, new_account, new_tenant, signed_in


class World:
    """`app` and `gate` are those parts' databases; `slug` is a tenant of this test's own, `owner` its first account."""

    def __init__(self, installed: Installed, app: Database, gate: Database) -> None:
        self.installed = installed
        self.app = app
        self.gate = gate
        self.slug = ""
        self.owner: Account

    @classmethod
    @asynccontextmanager
    async def opened(cls, installed: Installed, parts: tuple[Database, Database] | None = None) -> AsyncIterator[Self]:
        """Make the tenant; with these connections of web and gate, or new ones."""
        async with AsyncExitStack() as stack:
            app, gate = parts or await stack.enter_async_context(opened_parts(installed))
            world = cls(installed, app, gate)
            world.slug, world.owner = await new_tenant(installed, gate)
            yield world

    async def account(self, role: str, *, slug: str | None = None, email: str | None = None) -> Account:
        """A further account, in this tenant or another."""
        return await new_account(self.installed, self.gate, slug or self.slug, role, email)

    async def another_tenant(self) -> tuple[str, Account]:
        """A second tenant's slug and owner."""
        return await new_tenant(self.installed, self.gate)

    async def session(self, account: Account | None = None) -> bytes:
        """A new session's token."""
        return await signed_in(self.gate, account or self.owner)

    async def deactivate(self, member: Account) -> None:
        """The owner deactivates a member."""
        async with self.acting() as transaction:
            await account.change_member(
                transaction, member_id=member.id, status="deactivated", roles=None, expected=None
            )

    async def reactivate(self, member: Account) -> None:
        """The owner lets a member in again."""
        async with self.acting() as transaction:
            await account.change_member(transaction, member_id=member.id, status="active", roles=None, expected=None)

    async def suspend(self) -> None:
        """The operator suspends this tenant."""
        await tenancy.set_status(self.installed.admin_url, slug=self.slug, status="suspended")

    async def resume(self) -> None:
        """The operator resumes it."""
        await tenancy.set_status(self.installed.admin_url, slug=self.slug, status="active")

    @asynccontextmanager
    async def acting(
        self, who: Account | None = None, *, writing: bool = True, token: bytes | None = None
    ) -> AsyncIterator[Transaction]:
        """A transaction of part web as `who`, the owner if nobody is named."""
        async with self.app.tenant(token or await self.session(who), writing=writing) as transaction:
            yield transaction

    async def observe(self, sql: str, *arguments: Any) -> list[Any]:
        """What the database holds, seen from above."""
        async with self.installed.superuser() as connection:
            return await connection.fetch(sql, *arguments)

    async def as_owner(self, sql: str, *arguments: Any) -> list[Any]:
        """A statement of the installation's owner."""
        async with self.installed.owner() as connection:
            return await connection.fetch(sql, *arguments)

    async def tenant_id(self) -> UUID:
        """This tenant's id."""
        return (await self.observe("select id from identity.tenant where slug = $1", self.slug))[0]["id"]

    async def somebody_waits(self) -> None:
        """Until some backend waits for a lock."""
        async with self.installed.superuser() as connection, asyncio.timeout(10):
            while not await connection.fetchval("select exists (select from pg_locks where not granted)"):
                await asyncio.sleep(0.01)

    async def trail(self, **wanted: Any) -> list[Any]:
        """Entries of this tenant, oldest first, with these column values."""
        rows = await self.observe(
            "select e.*, e.xid::text as transaction_id from audit.entry e join identity.tenant t on t.id = e.tenant_id where t.slug = $1 order by e.at, e.id",
            self.slug,
        )
        return [row for row in rows if all(row[key] == value for key, value in wanted.items())]


@asynccontextmanager
async def opened_parts(installed: Installed) -> AsyncIterator[tuple[Database, Database]]:
    """Connections of the parts web and gate."""
    async with AsyncExitStack() as stack:
        app = await Database.open(installed.url("app"), part="web", size=2)
        stack.push_async_callback(app.close)
        gate = await Database.open(installed.url("gate"), part="gate", size=2)
        stack.push_async_callback(gate.close)
        yield app, gate


@contextmanager
def refused(status: str) -> Iterator[None]:
    """Expect the database to refuse with this SQLSTATE."""
    with pytest.raises(asyncpg.PostgresError) as caught:
        yield
    assert state_of(caught.value) == status, caught.value


def random_bytes() -> bytes:
    """32 of them: a token or a proof."""
    return os.urandom(32)
