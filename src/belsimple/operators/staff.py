"""Operators and their invitations, as other operators manage them."""

from datetime import datetime
from uuid import UUID

import msgspec

from belsimple.database.operator_transaction import OperatorTransaction
from belsimple.database.queries import load_queries
from belsimple.operators.roles import Role
from belsimple.web.answers import Versioned
from belsimple.web.problems import NotFound

_q = load_queries("belsimple.operators", "staff.sql")


class Colleague(Versioned, frozen=True):
    """An operator, as others see it."""

    id: UUID
    email: str
    name: str
    language: str
    role: Role
    status: str
    created_at: datetime


class Invitation(msgspec.Struct, frozen=True):
    """An invitation that can still be accepted."""

    id: UUID
    email: str
    role: Role
    language: str
    created_at: datetime
    expires_at: datetime


async def operators(transaction: OperatorTransaction, *, after: str | None, limit: int) -> list[Colleague]:
    """Operators in the order of their addresses, from behind `after`."""
    return await transaction.rows(_q.operators, Colleague, id=None, after_email=after, limit=limit)


async def operator(transaction: OperatorTransaction, *, operator_id: UUID) -> Colleague:
    """One operator. Raises NotFound."""
    found = await transaction.row(_q.operators, Colleague, id=operator_id, after_email=None, limit=1)
    if found is None:
        raise NotFound
    return found


async def change_operator(
    transaction: OperatorTransaction,
    *,
    operator_id: UUID,
    role: Role | None,
    status: str | None,
    expected: int | None,
) -> Colleague:
    """Change the role, deactivate or reactivate. Raises BS404, BS412, and BS409 for the last platform operator."""
    changed = await transaction.row(
        _q.change_operator, Colleague, id=operator_id, role=role, status=status, expected=expected
    )
    if changed is None:
        raise NotFound
    return changed


async def invitations(transaction: OperatorTransaction) -> list[Invitation]:
    """Every open invitation."""
    return await transaction.rows(_q.invitations, Invitation)


async def invite(transaction: OperatorTransaction, *, email: str, role: Role, language: str) -> Invitation:
    """Invite somebody by mail. Raises BS409 for an operator's own address."""
    made = await transaction.value(_q.invite, email=email, role=role, language=language)
    return next(one for one in await invitations(transaction) if one.id == made)


async def withdraw_invitation(transaction: OperatorTransaction, *, invitation_id: UUID) -> None:
    """Take an invitation back. Raises NotFound."""
    if not await transaction.value(_q.withdraw_invitation, id=invitation_id):
        raise NotFound
