"""Password resets and changes of address by links in mails. The database decides; nothing here tells whether an address is known."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database, Transaction
from belsimple.identity.actions import new_verifier, shortest_password
from belsimple.identity.hashing import Hasher
from belsimple.identity.links import LinkOver
from belsimple.identity.passwords import accepted
from belsimple.identity.tokens import sha256
from belsimple.jobs.worker import PlatformJob
from belsimple.language import Language
from belsimple.web.inputs import Caller
from belsimple.web.problems import NotFound

_q = load_queries("belsimple.identity")
_t = load_queries("belsimple.identity", "api_tokens.sql")
_LONGEST: Final = 300


class EmailChange(msgspec.Struct, frozen=True):
    """A change of address that waits for one mailbox or both."""

    email: str
    old_confirmed: bool
    new_confirmed: bool
    expires_at: datetime


class Reset(msgspec.Struct, frozen=True):
    """Whose password a link sets, in that person's language."""

    tenant_slug: str
    email: str
    name: str
    language: Language


class Moving(msgspec.Struct, frozen=True):
    """The change that a link confirms."""

    tenant_slug: str
    old_email: str
    new_email: str
    language: Language


class Confirmed(msgspec.Struct, frozen=True):
    """One mailbox's yes. `done`: it was the second, and `email` is the address from now on."""

    done: bool
    tenant_slug: str
    email: str
    language: Language


async def request_reset(database: Database, *, tenant: str, email: str) -> None:
    """Ask for a reset. The same statement for every tenant and address: the worker finds out who is meant."""
    slug, email = tenant.strip().lower()[:_LONGEST], email.strip().lower()[:_LONGEST]
    await database.call(_q.request_reset, slug=slug, email=email)


async def reset_open(database: Database, *, token: bytes) -> Reset | None:
    """A reset that can be used. Asking consumes nothing."""
    found = await database.call(_q.reset_open, token_hash=sha256(token))
    return Reset(*found[0]) if found else None


async def confirm_reset(database: Database, hasher: Hasher, *, token: bytes, password: str, caller: Caller) -> Reset:
    """Set a new password; ends every session, other link and pending change.

    Raises LinkOver, and PasswordRefused for one that is short, common or made of the person's own name.
    """
    found = await reset_open(database, token=token)
    if found is None:
        raise LinkOver
    about = (found.tenant_slug, found.email.partition("@")[0], found.name)
    shortest = await shortest_password(database, found.tenant_slug)
    new = await new_verifier(database, hasher, accepted(password, pointer="/password", about=about, shortest=shortest))
    done = await database.call(
        _q.confirm_reset, token_hash=sha256(token), address=caller.address, **msgspec.structs.asdict(new)
    )
    if not done:  # somebody was faster with the same link, or the account was shut meanwhile
        raise LinkOver
    return found


async def request_email_change(transaction: Transaction, *, email: str) -> None:
    """Mail a link to the present address and one to the new; raises BS422 for the address that it is already."""
    await transaction.value(_q.request_email_change, email=email.lower())


async def own_email_change(transaction: Transaction) -> EmailChange:
    """The own change that waits. Raises NotFound."""
    found = await transaction.row(_q.own_email_change, EmailChange)
    if found is None:
        raise NotFound
    return found


async def cancel_email_change(transaction: Transaction) -> None:
    """Take the own change back. Raises NotFound."""
    if not await transaction.value(_q.cancel_email_change):
        raise NotFound


async def email_change_open(database: Database, *, token: bytes) -> Moving | None:
    """The change of a link that can be used. Asking consumes nothing."""
    found = await database.call(_q.email_change_open, token_hash=sha256(token))
    return Moving(*found[0]) if found else None


async def confirm_email_change(database: Database, *, token: bytes) -> Confirmed:
    """One mailbox says yes; the second yes changes the address and ends every session. Raises LinkOver."""
    found = await database.call(_q.confirm_email_change, token_hash=sha256(token))
    if not found:
        raise LinkOver
    return Confirmed(*found[0])


async def _answer_reset(database: Database, arguments: Mapping[str, Any]) -> None:
    await database.call(_q.answer_reset, id=UUID(arguments["id"]))


async def _sweep(database: Database, _: Mapping[str, Any]) -> None:
    await database.call(_q.sweep)
    await database.call(_q.sweep_pending)
    await database.call(_q.sweep_security)
    await database.call(_t.sweep_tokens)


JOBS: Final = (
    PlatformJob("belsimple.reset", _answer_reset),
    PlatformJob("belsimple.sweep_identity", _sweep, cron="*/10 * * * *"),
)
