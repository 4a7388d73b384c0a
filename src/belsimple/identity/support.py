"""Support access: an owner lets one operator in, for hours and with a reason, and ends it when they want (docs/decisions/0036)."""

from datetime import datetime
from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Transaction
from belsimple.web.problems import NotFound

_q = load_queries("belsimple.identity", "support.sql")


class SupportGrant(msgspec.Struct, frozen=True):
    """Who was let in by whom and why. ``writing``: may change modules' work; ``used``: the operator is inside at this moment."""

    id: UUID
    operator_name: str
    operator_email: str
    granted_by_name: str
    reason: str
    writing: bool
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    open: bool
    used: bool


async def grants(transaction: Transaction) -> list[SupportGrant]:
    """The newest first."""
    return await transaction.rows(_q.grants, SupportGrant, id=None)


async def grant(
    transaction: Transaction, *, operator: str, reason: str, hours: int, writing: bool = False
) -> SupportGrant:
    """Let an operator in; a grant to the same one before ends. Raises BS422 for an address that is no operator's."""
    made: UUID = await transaction.value(
        _q.grant, operator=operator, reason=reason.strip(), hours=hours, writing=writing
    )
    kept = await transaction.row(_q.grants, SupportGrant, id=made)
    assert kept is not None  # it was made in this transaction
    return kept


async def end(transaction: Transaction, *, grant_id: UUID) -> None:
    """End a grant, and with it whatever it let in. Raises NotFound, for one that is over too."""
    if not await transaction.value(_q.end, id=grant_id):
        raise NotFound


async def leave(transaction: Transaction) -> None:
    """End the own support session; nothing for anybody else."""
    await transaction.value(_q.leave)
