"""Tenants on the operator's pages: names, states and sizes, never a row of theirs."""

from typing import Annotated, Final
from uuid import UUID

import msgspec

from belsimple.database.operator_transaction import OperatorTransaction
from belsimple.identity.addresses import Email
from belsimple.language import Language
from belsimple.language import marked as _
from belsimple.operators import tenants
from belsimple.operators.tenants_routes import LARGEST_QUOTA, AfterSlug, Reason, Slug, TenantName
from belsimple.web.answers import Redirect, View, view
from belsimple.web.cursor import cut_page, read_cursor
from belsimple.web.endpoint import page
from belsimple.web.inputs import Form, Paging

_TENANT: Final = "/operator/tenants/{id}"
_MEGABYTE: Final = 1_000_000


class TenantForm(Form, frozen=True):
    """What a new tenant needs."""

    slug: Slug
    name: TenantName
    owner: Email
    language: Language


class SuspensionForm(Form, frozen=True):
    """Why; for operators only."""

    reason: Reason


class QuotaForm(Form, frozen=True):
    """Megabytes of documents (of a million bytes)."""

    megabytes: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_QUOTA // _MEGABYTE)]


@page("GET", "/operator/tenants", permission="tenants:read", part="operator", summary="Every tenant")
async def tenant_list(transaction: OperatorTransaction, query: Paging) -> View:
    cursor = read_cursor(query.cursor, AfterSlug)
    found = await tenants.tenants(transaction, after=cursor and cursor.slug, limit=query.limit + 1)
    shown = cut_page(found, query.limit, lambda last: AfterSlug(slug=last.slug))
    return view("operator_tenants.html", tenants=shown.items, next=shown.next, later=cursor is not None)


@page("GET", "/operator/tenants/new", permission="tenants:write", part="operator", summary="The form of a new tenant")
async def tenant_form() -> View:
    return view("operator_tenant_new.html")


@page(
    "POST",
    "/operator/tenants/new",
    permission="tenants:write",
    part="operator",
    fresh=True,
    done=_("The tenant is made. Its first owner is mailed an invitation."),
    summary="Make a tenant on its page",
)
async def create_tenant(transaction: OperatorTransaction, body: TenantForm) -> Redirect:
    made = await tenants.create_tenant(
        transaction, slug=body.slug, name=body.name.strip(), owner_email=body.owner, language=body.language
    )
    return _to(made.id)


@page("GET", _TENANT, permission="tenants:read", part="operator", summary="One tenant")
async def tenant(transaction: OperatorTransaction, id: UUID) -> View:
    found = await tenants.tenant(transaction, tenant_id=id)
    return view("operator_tenant.html", tenant=found, megabytes=found.document_quota // _MEGABYTE)


@page(
    "POST",
    f"{_TENANT}/quota",
    permission="tenants:write",
    part="operator",
    fresh=True,
    form=_TENANT,
    done=_("The quota is set."),
    summary="Set a tenant's quota on its page",
)
async def set_quota(transaction: OperatorTransaction, id: UUID, body: QuotaForm) -> Redirect:
    await tenants.set_quota(transaction, tenant_id=id, size=body.megabytes * _MEGABYTE)
    return _to(id)


@page(
    "GET", f"{_TENANT}/suspension", permission="suspensions:write", part="operator", summary="The form of a suspension"
)
async def suspension_form(transaction: OperatorTransaction, id: UUID) -> View:
    return view("operator_suspension.html", tenant=await tenants.tenant(transaction, tenant_id=id))


@page(
    "POST",
    f"{_TENANT}/suspension",
    permission="suspensions:write",
    part="operator",
    fresh=True,
    done=_("The tenant is suspended. Nobody of it gets in; nothing is lost."),
    undo=f"{_TENANT}/resumption",
    summary="Suspend a tenant on its page",
)
async def suspend(transaction: OperatorTransaction, id: UUID, body: SuspensionForm) -> Redirect:
    await tenants.suspend(transaction, tenant_id=id, reason=body.reason)
    return _to(id)


@page(
    "POST",
    f"{_TENANT}/resumption",
    permission="suspensions:write",
    part="operator",
    fresh=True,
    form=_TENANT,
    done=_("The tenant is active again."),
    summary="Let a suspended tenant in again on its page",
)
async def resume(transaction: OperatorTransaction, id: UUID) -> Redirect:
    await tenants.resume(transaction, tenant_id=id)
    return _to(id)


def _to(tenant_id: UUID) -> Redirect:
    return Redirect(_TENANT.replace("{id}", str(tenant_id)))


ENDPOINTS = (tenant_list, tenant_form, create_tenant, tenant, set_quota, suspension_form, suspend, resume)
