"""Domains and single sign-on as the only way, over the API."""

from typing import Annotated
from uuid import UUID

import msgspec

from belsimple.database.transaction import Transaction
from belsimple.language import marked as _
from belsimple.sso import domains
from belsimple.sso.domains import Domain, ProviderPolicy
from belsimple.web.answers import Created
from belsimple.web.endpoint import endpoint
from belsimple.web.form_errors import SAID
from belsimple.web.inputs import Input
from belsimple.web.limits import Limit, by_session

LOOKS = Limit(name="domain-look", times=10, seconds=60, burst=10, subject=by_session)
DomainName = Annotated[
    str,
    msgspec.Meta(
        max_length=190,
        pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?([.][a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$",
        extra={SAID: _("Write a domain in small letters, such as example.com.")},
    ),
]


class NewDomain(Input, frozen=True):
    """What stands behind the @ of your people."""

    name: DomainName


class DomainChange(Input, frozen=True):
    """Whether its people must come by a provider."""

    provider_only: bool


class ProviderPolicyChange(Input, frozen=True):
    """Both at once: nobody is shut out before somebody has a way back."""

    provider_only: bool
    break_glass_id: UUID | None


class Domains(msgspec.Struct, frozen=True):
    """All of a tenant's."""

    items: list[Domain]


@endpoint("GET", "/api/v1/domains", permission="settings:read", summary="Domains")
async def list_domains(transaction: Transaction) -> Domains:
    return Domains(await domains.listed(transaction))


@endpoint("POST", "/api/v1/domains", permission="settings:write", fresh=True, summary="Add a domain")
async def add_domain(transaction: Transaction, body: NewDomain) -> Created[Domain]:
    made = await domains.add(transaction, name=body.name)
    return Created(made, f"/api/v1/domains/{made.id}")


@endpoint("GET", "/api/v1/domains/{id}", permission="settings:read", summary="A domain")
async def get_domain(transaction: Transaction, id: UUID) -> Domain:
    return await domains.shown(transaction, domain_id=id)


@endpoint(
    "PATCH",
    "/api/v1/domains/{id}",
    permission="settings:write",
    fresh=True,
    precondition="required",
    summary="Make providers the only way for a domain's people",
)
async def change_domain(transaction: Transaction, id: UUID, body: DomainChange, expected: int) -> Domain:
    return await domains.change(transaction, domain_id=id, provider_only=body.provider_only, expected=expected)


@endpoint(
    "DELETE",
    "/api/v1/domains/{id}",
    permission="settings:write",
    fresh=True,
    precondition="required",
    summary="Remove a domain",
)
async def remove_domain(transaction: Transaction, id: UUID, expected: int) -> None:
    await domains.remove(transaction, domain_id=id, expected=expected)


@endpoint(
    "POST",
    "/api/v1/domains/{id}/look",
    permission="settings:write",
    limits=(LOOKS,),
    idempotent=False,
    summary="Look for a domain's TXT record",
)
async def look(transaction: Transaction, id: UUID) -> None:
    await domains.look(transaction, domain_id=id)


@endpoint(
    "GET", "/api/v1/tenant/provider-policy", permission="settings:read", summary="Whether providers are the only way"
)
async def get_provider_policy(transaction: Transaction) -> ProviderPolicy:
    return await domains.policy(transaction)


@endpoint(
    "PUT",
    "/api/v1/tenant/provider-policy",
    permission="settings:write",
    fresh=True,
    precondition="required",
    summary="Make providers the only way, or not any more",
)
async def change_provider_policy(transaction: Transaction, body: ProviderPolicyChange, expected: int) -> ProviderPolicy:
    return await domains.change_policy(
        transaction, provider_only=body.provider_only, break_glass_id=body.break_glass_id, expected=expected
    )


ENDPOINTS = (
    list_domains,
    add_domain,
    get_domain,
    change_domain,
    remove_domain,
    look,
    get_provider_policy,
    change_provider_policy,
)
