"""Tenants, as the operator sees and steers them: names, states and sizes, never a row of theirs."""

from datetime import datetime
from uuid import UUID

import msgspec

from belsimple.database.operator_transaction import OperatorTransaction
from belsimple.database.queries import load_queries
from belsimple.web.problems import NotFound

_q = load_queries("belsimple.operators", "tenants.sql")


class Tenant(msgspec.Struct, frozen=True):
    """A tenant. `synthetic`: made by a probe. Bytes are those of documents before encryption."""

    id: UUID
    slug: str
    name: str
    status: str
    synthetic: bool
    accounts: int
    created_at: datetime
    suspension_reason: str | None
    suspended_since: datetime | None
    document_bytes: int
    document_quota: int


async def tenants(transaction: OperatorTransaction, *, after: str | None, limit: int) -> list[Tenant]:
    """Tenants in the order of their short names, from behind `after`."""
    return await transaction.rows(_q.tenants, Tenant, id=None, after_slug=after, limit=limit)


async def tenant(transaction: OperatorTransaction, *, tenant_id: UUID) -> Tenant:
    """One tenant. Raises NotFound."""
    found = await transaction.row(_q.tenants, Tenant, id=tenant_id, after_slug=None, limit=1)
    if found is None:
        raise NotFound
    return found


async def create_tenant(
    transaction: OperatorTransaction, *, slug: str, name: str, owner_email: str, language: str
) -> Tenant:
    """Make a tenant; its first owner is mailed an invitation. Raises BS409 for a short name that is taken."""
    made = await transaction.value(
        _q.create_tenant, slug=slug, name=name, owner_email=owner_email.lower(), language=language
    )
    return await tenant(transaction, tenant_id=made)


async def suspend(transaction: OperatorTransaction, *, tenant_id: UUID, reason: str) -> Tenant:
    """Refuse everything of a tenant's at once; jobs and mails wait, nothing is lost. Raises BS404, BS409 while it is removed."""
    await transaction.value(_q.suspend, id=tenant_id, reason=reason)
    return await tenant(transaction, tenant_id=tenant_id)


async def resume(transaction: OperatorTransaction, *, tenant_id: UUID) -> None:
    """Let a suspended tenant in again. Raises BS404, for a tenant that is not suspended too."""
    await transaction.value(_q.resume, id=tenant_id)


async def set_quota(transaction: OperatorTransaction, *, tenant_id: UUID, size: int) -> Tenant:
    """How many bytes of documents the tenant may keep; less than it has refuses further ones. Raises BS404."""
    await transaction.value(_q.set_quota, id=tenant_id, bytes=size)
    return await tenant(transaction, tenant_id=tenant_id)
