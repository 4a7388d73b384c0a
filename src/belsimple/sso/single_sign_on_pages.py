"""The page of single sign-on: providers, domains, and whether there is another way. Served by part web."""

from uuid import UUID

from belsimple.database.transaction import Transaction
from belsimple.language import marked as _
from belsimple.sso import domains, providers
from belsimple.sso.domain_routes import LOOKS, DomainName
from belsimple.sso.provider_pages import VersionForm
from belsimple.web.answers import Redirect, View, view
from belsimple.web.endpoint import page
from belsimple.web.inputs import Form

PATH = "/settings/single-sign-on"


class DomainForm(Form, frozen=True):
    """What stands behind the @ of your people."""

    domain: DomainName


class OnlyForm(VersionForm, frozen=True, kw_only=True):
    """Whether a domain's people must come by a provider."""

    provider_only: bool = False


class PolicyForm(VersionForm, frozen=True, kw_only=True):
    """Whether everybody must, and who need not."""

    provider_only: bool = False
    break_glass_id: UUID | None = None


@page("GET", PATH, permission="settings:read", summary="Single sign-on")
async def single_sign_on(transaction: Transaction) -> View:
    owners = await domains.possible_owners(transaction)
    policy = await domains.policy(transaction)
    return view(
        "single_sign_on.html",
        providers=await providers.listed(transaction),
        domains=await domains.listed(transaction),
        record=domains.RECORD,
        policy=policy,
        owners={owner.id: f"{owner.name} ({owner.email})" for owner in owners},
    )


@page(
    "POST",
    "/settings/single-sign-on/policy",
    permission="settings:write",
    fresh=True,
    form=PATH,
    summary="Make providers the only way, or not any more, on a page",
    done=_("The rules of single sign-on are saved. Sessions that they do not allow have ended."),
)
async def change_policy(transaction: Transaction, body: PolicyForm) -> Redirect:
    await domains.change_policy(
        transaction, provider_only=body.provider_only, break_glass_id=body.break_glass_id, expected=body.version
    )
    return Redirect(PATH)


@page(
    "POST",
    "/settings/domains",
    permission="settings:write",
    fresh=True,
    form=PATH,
    summary="Add a domain on a page",
    done=_("The domain is in the list. Now write its TXT record, then let us look."),
)
async def add_domain(transaction: Transaction, body: DomainForm) -> Redirect:
    await domains.add(transaction, name=body.domain)
    return Redirect(PATH)


@page(
    "POST",
    "/settings/domains/{id}/look",
    permission="settings:write",
    limits=(LOOKS,),
    form=PATH,
    summary="Look for a domain's TXT record, on a page",
    done=_("We are looking. Load this page again in a moment."),
)
async def look(transaction: Transaction, id: UUID) -> Redirect:
    await domains.look(transaction, domain_id=id)
    return Redirect(PATH)


@page(
    "POST",
    "/settings/domains/{id}/only",
    permission="settings:write",
    fresh=True,
    form=PATH,
    summary="Make providers the only way for a domain's people, on a page",
    done=_("The domain is saved."),
)
async def change_domain(transaction: Transaction, id: UUID, body: OnlyForm) -> Redirect:
    await domains.change(transaction, domain_id=id, provider_only=body.provider_only, expected=body.version)
    return Redirect(PATH)


@page(
    "POST",
    "/settings/domains/{id}/removal",
    permission="settings:write",
    fresh=True,
    form=PATH,
    summary="Remove a domain on a page",
    done=_("The domain is removed."),
)
async def remove_domain(transaction: Transaction, id: UUID, body: VersionForm) -> Redirect:
    await domains.remove(transaction, domain_id=id, expected=body.version)
    return Redirect(PATH)


ENDPOINTS = (single_sign_on, change_policy, add_domain, look, change_domain, remove_domain)
