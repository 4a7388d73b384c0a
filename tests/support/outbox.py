"""The outbox of one tenant's database: posting, sending, looking."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import msgspec
from procrastinate import App

from belsimple.database.transaction import Database
from belsimple.jobs.worker import build_app
from belsimple.mail.outbox import Outbox
from belsimple.mail.smtp import SmtpRelay

from .jobs import MODULE
from .people import digest, token_bytes
from .relay import Received, Relay
from .world import World

URL = "https://dossiers.example.be"


class Office:
    """Posts as the product's functions do, and works as the worker's mail queue does."""

    def __init__(self, world: World, relay: Relay, app: App) -> None:
        self.world = world
        self.relay = relay
        self.app = app

    @classmethod
    @asynccontextmanager
    async def opened(cls, world: World, database: Database, relay: Relay) -> AsyncIterator[Self]:
        """With the worker's own role."""
        transport = SmtpRelay(relay.server(), relay.authority)
        outbox = Outbox(transport, url=URL, sender="Example <no-reply@example.be>", tidy=lambda _: 0)
        app = build_app(world.installed.url("worker"), database, [MODULE], outbox.jobs())
        async with app.open_async():
            yield cls(world, relay, app)

    async def post(
        self,
        kind: str = "welcome",
        *,
        to: str = "jan@example.be",
        language: str = "en",
        operator: bool = False,
        facts: dict[str, Any] | None = None,
        link: str | None = None,
        subject: UUID | None = None,
    ) -> UUID:
        """A mail in the tenant's name, or the operator's."""
        tenant = None if operator else await self.world.tenant_id()
        account = None if operator else self.world.owner.id
        [row] = await self.world.as_owner(
            "select mail.post($1, $2, $3, $4, $5, $6::jsonb, $7, $8)",
            kind,
            tenant,
            account,
            to,
            language,
            msgspec.json.encode(facts or {}).decode(),
            link,
            subject,
        )
        return row[0]

    async def work(self, *, hurry: bool = False) -> None:
        """Send what waits; in a hurry, also what is to be tried later."""
        if hurry:
            await self.world.observe("update jobs.procrastinate_jobs set scheduled_at = null where queue_name = 'mail'")
        async with asyncio.timeout(60):
            await self.app.run_worker_async(
                wait=False,
                listen_notify=False,
                install_signal_handlers=False,
                queues=["mail"],
                delete_jobs="successful",
            )

    async def tidy(self) -> None:
        """What the clock does every five minutes."""
        await self.app.tasks["belsimple.mail_tidy"](timestamp=0)

    async def state(self, message: UUID) -> tuple[str, int, str | None]:
        """State, attempts and error of a mail."""
        [row] = await self.world.observe("select state, attempts, error from mail.message where id = $1", message)
        return tuple(row)

    async def jobs(self) -> list[Any]:
        """The mail queue's jobs: status, and in how many seconds they run."""
        return await self.world.observe(
            "select status::text, extract(epoch from scheduled_at - now())::float as wait from jobs.procrastinate_jobs where queue_name = 'mail' order by id"
        )

    async def subject_of(self, mail: Received) -> UUID:
        """What the link in a mail opens."""
        [row] = await self.world.observe(
            "select subject_id from mail.link where token_hash = $1", digest(token_of(mail))
        )
        return row[0]


def link_of(mail: Received) -> str:
    """The one link of a mail, the same in both parts."""
    [link] = set(re.findall(r"https://\S+[?]token=[\w-]+", mail.text + mail.html))
    return link


def token_of(mail: Received) -> bytes:
    """The token in it."""
    return token_bytes(parse_qs(urlsplit(link_of(mail)).query)["token"][0])
