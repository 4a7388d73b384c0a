"""Inviting people into a tenant. The database decides who may grant which role, and posts the mail with the row."""

from datetime import datetime
from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Transaction
from belsimple.web.problems import NotFound

_q = load_queries("belsimple.identity")


class Invitation(msgspec.Struct, frozen=True):
    """An invitation that can still be accepted. `invited_by`: a member's id, or None when the operator invited."""

    id: UUID
    email: str
    roles: list[str]
    language: str
    invited_by: UUID | None
    created_at: datetime
    expires_at: datetime


class OpenInvitation(msgspec.Struct, frozen=True):
    """An invitation as people see it; `inviter`: the name of the member who invited, None when the operator did."""

    id: UUID
    email: str
    roles: list[str]
    language: str
    created_at: datetime
    expires_at: datetime
    inviter: str | None


async def invitations(transaction: Transaction, *, after: UUID | None, limit: int) -> list[Invitation]:
    """Open invitations in the order they were made, from behind `after`."""
    return await transaction.rows(_q.invitations, Invitation, id=None, after=after, limit=limit)


async def open_invitations(transaction: Transaction, *, after: UUID | None, limit: int) -> list[OpenInvitation]:
    """The same with the names of who invited."""
    return await transaction.rows(_q.open_invitations, OpenInvitation, id=None, after=after, limit=limit)


async def open_invitation(transaction: Transaction, *, invitation_id: UUID) -> OpenInvitation:
    """One of them. Raises NotFound."""
    found = await transaction.row(_q.open_invitations, OpenInvitation, id=invitation_id, after=None, limit=1)
    if found is None:
        raise NotFound
    return found


async def invite(transaction: Transaction, *, email: str, roles: list[str], language: str | None) -> Invitation:
    """Invite an address for a week, in the tenant's language unless another is given; replaces its earlier invitation.

    Raises BS409 for a member's address and past 500 open ones, BS422 for a role that does not exist, BS403 for a
    permission that the caller lacks.
    """
    made: UUID = await transaction.value(_q.invite, email=email.lower(), roles=roles, language=language)
    return await _one(transaction, made)


async def withdraw(transaction: Transaction, *, invitation_id: UUID) -> None:
    """Take an open invitation back: its links are over. Raises BS404, BS403 for a permission that the caller lacks."""
    await transaction.value(_q.withdraw_invitation, id=invitation_id)


async def _one(transaction: Transaction, invitation_id: UUID) -> Invitation:
    found = await transaction.row(_q.invitations, Invitation, id=invitation_id, after=None, limit=1)
    if found is None:
        raise NotFound
    return found
