"""Tenants over the operator's API."""

from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec

from belsimple.database.operator_transaction import OperatorTransaction
from belsimple.identity.addresses import Email
from belsimple.language import marked as _
from belsimple.operators import tenants
from belsimple.operators.tenants import Tenant
from belsimple.web.answers import Created, Page
from belsimple.web.cursor import cut_page, read_cursor
from belsimple.web.endpoint import endpoint
from belsimple.web.form_errors import SAID
from belsimple.web.inputs import Input, Paging

LARGEST_QUOTA: Final = 1 << 50  # 1 PiB
_SLUG_SAID: Final = _("Write 3 to 40 small letters, digits and hyphens; a letter comes first, and no hyphen last.")
Slug = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{1,38}[a-z0-9]$", extra={SAID: _SLUG_SAID})]
TenantName = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]+$")]


class NewTenant(Input, frozen=True):
    """The short name it signs in with, its full name, the address of its first owner, and the language of its mails."""

    slug: Slug
    name: TenantName
    owner: Email
    language: Literal["en", "nl", "fr", "de"] = "en"


class NewSuspension(Input, frozen=True):
    """Why; shown to operators only."""

    reason: Reason


class Quota(Input, frozen=True):
    """Bytes of documents."""

    bytes: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_QUOTA)]


class AfterSlug(Input, frozen=True):
    """A cursor into the list of tenants."""

    slug: str


@endpoint("GET", "/operator/api/v1/tenants", permission="tenants:read", part="operator", summary="List tenants")
async def list_tenants(transaction: OperatorTransaction, query: Paging) -> Page[Tenant]:
    cursor = read_cursor(query.cursor, AfterSlug)
    found = await tenants.tenants(transaction, after=cursor and cursor.slug, limit=query.limit + 1)
    return cut_page(found, query.limit, lambda last: AfterSlug(slug=last.slug))


@endpoint("GET", "/operator/api/v1/tenants/{id}", permission="tenants:read", part="operator", summary="One tenant")
async def get_tenant(transaction: OperatorTransaction, id: UUID) -> Tenant:
    return await tenants.tenant(transaction, tenant_id=id)


@endpoint(
    "POST",
    "/operator/api/v1/tenants",
    permission="tenants:write",
    part="operator",
    fresh=True,
    summary="Make a tenant and invite its first owner by mail",
)
async def create_tenant(transaction: OperatorTransaction, body: NewTenant) -> Created[Tenant]:
    made = await tenants.create_tenant(
        transaction, slug=body.slug, name=body.name, owner_email=body.owner, language=body.language
    )
    return Created(made, f"/operator/api/v1/tenants/{made.id}")


@endpoint(
    "PUT",
    "/operator/api/v1/tenants/{id}/suspension",
    permission="suspensions:write",
    part="operator",
    fresh=True,
    summary="Refuse everything of a tenant's at once; nothing is lost",
)
async def suspend(transaction: OperatorTransaction, id: UUID, body: NewSuspension) -> Tenant:
    return await tenants.suspend(transaction, tenant_id=id, reason=body.reason)


@endpoint(
    "DELETE",
    "/operator/api/v1/tenants/{id}/suspension",
    permission="suspensions:write",
    part="operator",
    fresh=True,
    summary="Let a suspended tenant in again",
)
async def resume(transaction: OperatorTransaction, id: UUID) -> None:
    await tenants.resume(transaction, tenant_id=id)


@endpoint(
    "PUT",
    "/operator/api/v1/tenants/{id}/quota",
    permission="tenants:write",
    part="operator",
    fresh=True,
    summary="Set how many bytes of documents a tenant may keep",
)
async def set_quota(transaction: OperatorTransaction, id: UUID, body: Quota) -> Tenant:
    return await tenants.set_quota(transaction, tenant_id=id, size=body.bytes)


ENDPOINTS = (list_tenants, get_tenant, create_tenant, suspend, resume, set_quota)
