"""The operator's side of support access: where one was let in, and the way in."""

import hashlib
import os
from datetime import datetime
from uuid import UUID

import msgspec

from belsimple.database.operator_transaction import OperatorTransaction
from belsimple.database.queries import load_queries
from belsimple.web.cookies import SUPPORT_BYTES

_q = load_queries("belsimple.operators", "support.sql")


class OwnGrant(msgspec.Struct, frozen=True):
    """A tenant that let the operator in: by whom, why, until when, and whether things may be changed."""

    id: UUID
    tenant: str
    slug: str
    granted_by: str
    reason: str
    writing: bool
    created_at: datetime
    expires_at: datetime


async def own_grants(transaction: OperatorTransaction) -> list[OwnGrant]:
    """Those that are open, the first to end first."""
    return await transaction.rows(_q.grants, OwnGrant)


async def enter(transaction: OperatorTransaction, *, grant_id: UUID) -> bytes:
    """Open a session inside the tenant; its token. Raises BS404 for a grant that is over or somebody else's."""
    token = os.urandom(SUPPORT_BYTES)
    await transaction.value(_q.enter, id=grant_id, token_hash=hashlib.sha256(token).digest())
    return token
