"""The operator's commands on mails. They act as the database's owner, and see no more of a mail than helps to find a fault."""

import datetime as dt
from typing import Final
from uuid import UUID

import msgspec

from belsimple.database.admin import owner_command
from belsimple.database.queries import load_queries

_q = load_queries("belsimple.mail", "command.sql")
_REMEDY: Final = "See `belsimple mail list`."


class MailView(msgspec.Struct, frozen=True):
    """A mail in the outbox. `tenant` None: to somebody of the operator's; `recipient` shows one letter of the mailbox."""

    id: UUID
    tenant: str | None
    kind: str
    recipient: str
    language: str
    state: str
    attempts: int
    error: str | None
    created_at: dt.datetime
    next_at: dt.datetime | None
    finished_at: dt.datetime | None


async def list_mails(admin_url: str, *, state: str | None, limit: int) -> list[MailView]:
    """The newest `limit` mails, of one state or of all."""
    async with owner_command(admin_url, _REMEDY) as connection:
        return [MailView(*row) for row in await connection.fetch(_q.messages.sql, state, limit)]


async def retry_mail(admin_url: str, *, message_id: UUID, actor: str) -> None:
    """Send a mail that was given up anew. Raises OperatorError when it was not, or its link is over."""
    async with owner_command(admin_url, _REMEDY) as connection:
        await connection.execute(_q.retry.sql, message_id, actor)
