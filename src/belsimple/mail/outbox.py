"""The worker's side of the outbox: take a mail in hand, write it, hand it over, tell how it ended.

It is sent at least once. A worker that is killed in between leaves the mail waiting, and the next one sends it with a link
of its own; both links work, until the first of them is used.
"""

import datetime as dt
import os
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Protocol
from uuid import UUID

import asyncpg
import msgspec
import structlog

from belsimple.database.driver import state_of
from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database
from belsimple.jobs.worker import MAIL_QUEUE, PlatformJob, TenantSuspended, TryLater
from belsimple.language import LANGUAGES, translations
from belsimple.mail.message import AddressFault, Envelope, enclose
from belsimple.mail.smtp import NotSent
from belsimple.mail.writing import NO_LETTERS, LetterFault, ModuleLetter, Order, write

_q = load_queries("belsimple.mail")
_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("belsimple")
_IN_HAND_SECONDS = 15


class Transport(Protocol):
    """Where mails go: a relay, or a folder."""

    async def deliver(self, envelope: Envelope) -> None:
        """Take the mail over for good. Raises NotSent."""
        ...


class Outbox:
    """Sends the mails that the database holds. `url`: the public one, which every link begins with; `sender`: who writes."""

    def __init__(
        self,
        transport: Transport,
        *,
        url: str,
        sender: str,
        tidy: Callable[[dt.datetime], int],
        letters: Mapping[str, ModuleLetter] = NO_LETTERS,
    ) -> None:
        """`tidy` removes files that were kept long enough; `letters` are the installed modules'."""
        self._transport = transport
        self._url = url
        self._sender = sender
        self._tidy_files = tidy
        self._letters = letters
        for language in LANGUAGES:  # read now: a catalogue that is broken stops the start, not a mail
            translations(language)

    def jobs(self) -> tuple[PlatformJob, ...]:
        """What the worker runs for it."""
        return (
            PlatformJob("belsimple.mail", self.send, queue=MAIL_QUEUE),
            PlatformJob("belsimple.mail_tidy", self.tidy, cron="*/5 * * * *"),
        )

    async def send(self, database: Database, arguments: Mapping[str, Any]) -> None:
        """Send the mail `id`, if it still waits. Raises TryLater while another attempt has it or its tenant is suspended."""
        message_id = UUID(arguments["id"])
        token = os.urandom(32)  # made here and kept nowhere: the database gets its hash only
        order = await _take(database, message_id, token)
        if order is None:
            return
        try:
            await self._deliver(message_id, order)
        except NotSent as error:
            await _failed(database, message_id, error, order.kind)
        else:
            await database.call(_q.sent, id=message_id)

    async def tidy(self, database: Database, _: Mapping[str, Any]) -> None:
        """Remove what is over, and find mails that have lost their job."""
        await database.call(_q.tidy)
        self._tidy_files(dt.datetime.now(dt.UTC))

    async def _deliver(self, message_id: UUID, order: Order) -> None:
        try:
            letter = write(order, self._url, self._letters)
            envelope = enclose(letter, message_id=message_id, sender=self._sender, recipient=order.recipient)
        except LetterFault as error:
            raise NotSent("no letter", str(error), last=True) from error
        except AddressFault as error:
            raise NotSent("no address", "", last=True) from error
        except Exception as error:  # a fault of ours ends as a dead letter, not as a job that comes back for ever
            raise NotSent(type(error).__name__, str(error)) from error
        await self._transport.deliver(envelope)


async def _take(database: Database, message_id: UUID, token: bytes) -> Order | None:
    try:
        rows = await database.call(_q.open, id=message_id, token_hash=sha256(token).digest())
    except asyncpg.PostgresError as error:
        raise _meaning(error) from error
    if not rows:
        return None
    found = dict(rows[0])
    facts = msgspec.json.decode(found.pop("facts"))
    link = urlsafe_b64encode(token).rstrip(b"=").decode() if found.pop("link") else ""
    return Order(**found, facts=facts, token=link)


def _meaning(error: asyncpg.PostgresError) -> Exception:
    waits = {"BS409": TryLater("in hand", _IN_HAND_SECONDS), "BS503": TenantSuspended("mail")}
    return waits.get(state_of(error), error)


async def _failed(database: Database, message_id: UUID, error: NotSent, kind: str) -> None:
    [row] = await database.call(_q.failed, id=message_id, error=error.label, last=error.last)
    if row[0] == "dead":
        _log.error("mail-given-up", message=str(message_id), kind=kind, reason=error.label)
    else:
        _log.warning("mail-delayed", message=str(message_id), kind=kind, reason=error.label)
