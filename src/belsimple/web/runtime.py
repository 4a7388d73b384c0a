"""What the endpoints of one process share: the database, the cookie, the guards and the work done after answers."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

from belsimple.database.queries import load_queries
from belsimple.files.renderer import Renderer
from belsimple.web.attempts import Attempts
from belsimple.web.cookies import Cookies
from belsimple.web.endpoint import Part
from belsimple.web.flood import FloodGuard
from belsimple.web.inputs import Caller
from belsimple.web.journal import Journal
from belsimple.web.refusals import Refusals
from belsimple.web.settings import WebSettings
from belsimple.web.streams import Streams
from belsimple.web.turns import RATE, Turns

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from belsimple.database.operator_transaction import OperatorTransaction
    from belsimple.database.transaction import Database, Transaction

q = load_queries("belsimple.web")
MAX_TOUCHES = 100
"""Last uses waiting to be written; past it they are left to the next request of their session."""


class Runtime:
    """Made when the process has opened its database. Part operator knows operators' sessions, every other part tenants'."""

    def __init__(
        self,
        part: Part,
        database: "Database",
        settings: WebSettings,
        services: Mapping[str, object],
        report: Callable[[Exception], None],
    ) -> None:
        self.database = database
        self.settings = settings
        self.services = services
        self.operators = part == "operator"
        self.cookies = Cookies(database.instance, operators=self.operators)
        self.cookie = self.cookies.session
        self.accounts = FloodGuard(settings.account_rate)
        self.tenants = FloodGuard(settings.tenant_rate)
        self.streams = Streams()
        self.renderer = Renderer()
        self.refusals = Refusals(self._record_refusal, report)
        self.directories = FloodGuard(RATE)
        self.turns = Turns()
        self.journal = Journal(self._note_provisioning, report)
        self.report = report
        self._touching: dict[bytes, asyncio.Task[None]] = {}
        self._flushing: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin recording refusals, and what directories asked, in the background."""
        self._flushing = [asyncio.create_task(self.refusals.run()), asyncio.create_task(self.journal.run())]

    async def stop(self) -> None:
        """Write what is still to be written and close the database."""
        for task in self._flushing:
            task.cancel()
        await asyncio.gather(*self._flushing, return_exceptions=True)
        await asyncio.gather(*self._touching.values(), return_exceptions=True)
        await self.refusals.flush()
        await self.journal.flush()
        await self.database.close()

    def enter(
        self, token: bytes, *, writing: bool, address: str
    ) -> "AbstractAsyncContextManager[Transaction | OperatorTransaction]":
        """A transaction of the session that `token` opens, for who calls from `address`."""
        if self.operators:
            return self.database.operator(token, writing=writing)
        return self.database.tenant(token, writing=writing, address=address)

    def touch(self, token: bytes) -> None:
        """Write a session's last use, apart from the request that was it."""
        if token not in self._touching and len(self._touching) < MAX_TOUCHES:
            self._touching[token] = asyncio.create_task(self._touch(token))

    async def _touch(self, token: bytes) -> None:
        try:
            await (self.database.touch_operator(token) if self.operators else self.database.touch(token))
        except Exception as error:  # noqa: BLE001 - nobody waits for this; the next request tries again
            self.report(error)
        finally:
            del self._touching[token]

    def attempts(self, caller: Caller, body: msgspec.Struct | None) -> Attempts:
        """Where one request is counted under its limits."""
        return Attempts(self.database, self.settings.limits_key, caller, body)

    async def _record_refusal(self, token: bytes, route: str, status: int, times: int) -> None:
        query = q.record_operator_refusal if self.operators else q.record_refusal
        await self.database.call(query, token=token, route=route, status=status, times=times)

    async def _note_provisioning(self, token: bytes, entries: str) -> None:
        await self.database.call(q.note_provisioning, token=token, entries=entries)
