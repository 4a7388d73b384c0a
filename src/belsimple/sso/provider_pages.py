"""The pages of one identity provider: what it is, trying it, why sign-ins failed. Served by part gate, which can seal its secret."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec

from belsimple.database.transaction import Transaction
from belsimple.language import marked as _
from belsimple.sso import providers as actions
from belsimple.sso import saml_providers, sign_in
from belsimple.sso.failures import REASONS
from belsimple.sso.provider import ALGORITHMS, Algorithm, SecretMethod
from belsimple.sso.provider_routes import Address, ClientId, ClientSecret, Name, Scopes
from belsimple.sso.relying_party import RelyingParty
from belsimple.sso.saml_party import SamlParty
from belsimple.web.answers import NewPending, Redirect, View, view
from belsimple.web.endpoint import page
from belsimple.web.inputs import Caller, Form
from belsimple.web.limits import Limit, by_session
from belsimple.web.problems import NotFound

TRIALS: Final = Limit(name="provider-trial", times=30, seconds=60, burst=20, subject=by_session)


class NameForm(Form, frozen=True):
    """What people read on the sign-in page."""

    name: Name


class VersionForm(Form, frozen=True):
    """Which version was looked at."""

    version: int


class StatusForm(VersionForm, frozen=True, kw_only=True):
    """In use or not."""

    status: Literal["active", "disabled"]


class ConfigurationForm(Form, frozen=True, kw_only=True):
    """All that a provider is trusted for. An empty secret leaves the one there is."""

    name: Name
    issuer: Address
    client_id: ClientId
    client_secret: ClientSecret | None = None
    client_authentication: SecretMethod = "basic"
    algorithms: Annotated[list[Algorithm], msgspec.Meta(min_length=1)]
    scopes: Scopes = "openid email profile"
    discovered: bool = False
    authorization_address: Address | None = None
    token_address: Address | None = None
    keys_address: Address | None = None
    userinfo_address: Address | None = None
    logout_address: Address | None = None
    version: int


@page(
    "POST",
    "/settings/providers",
    permission="settings:write",
    fresh=True,
    form="/settings/single-sign-on",
    summary="Add an identity provider on a page",
)
async def add(transaction: Transaction, body: NameForm) -> Redirect:
    made = await actions.add(transaction, name=body.name)
    return Redirect(f"/settings/providers/{made.id}/configuration")


@page("GET", "/settings/providers/{id}", permission="settings:read", part="gate", summary="An identity provider")
async def provider(transaction: Transaction, providers: RelyingParty, saml: SamlParty, id: UUID) -> View:
    shown = await actions.shown(transaction, provider_id=id)
    attempts = []
    if "settings:write" in transaction.principal.permissions:
        attempts = await actions.attempts(transaction, provider_id=id)
    if shown.protocol == "saml":
        more = await saml_providers.shown(transaction, saml, provider_id=id)
        return view("saml_provider.html", provider=shown, saml=more, attempts=attempts, reasons=REASONS)
    return view(
        "provider.html",
        provider=shown,
        attempts=attempts,
        reasons=REASONS,
        return_address=providers.return_address(id),
        logout_address=providers.logout_address(id),
        start_address=providers.start_address,
    )


@page(
    "GET",
    "/settings/providers/{id}/configuration",
    permission="settings:write",
    part="gate",
    summary="The form of an identity provider",
)
async def configuration(transaction: Transaction, providers: RelyingParty, id: UUID) -> View:
    shown = await actions.shown(transaction, provider_id=id)
    if shown.protocol != "oidc":
        raise NotFound
    return view(
        "provider_configuration.html",
        provider=shown,
        algorithms=ALGORITHMS,
        return_address=providers.return_address(id),
        logout_address=providers.logout_address(id),
        start_address=providers.start_address,
    )


@page(
    "POST",
    "/settings/providers/{id}/configuration",
    permission="settings:write",
    part="gate",
    fresh=True,
    secret=True,
    summary="Change an identity provider on a page",
    done=_("The provider is saved. Test the sign-in if it says so."),
)
async def configure(transaction: Transaction, providers: RelyingParty, id: UUID, body: ConfigurationForm) -> Redirect:
    fields: dict[str, Any] = msgspec.structs.asdict(body)
    secret, expected = fields.pop("client_secret"), fields.pop("version")
    await actions.change(transaction, providers, provider_id=id, fields=fields, secret=secret, expected=expected)
    return Redirect(f"/settings/providers/{id}")


@page(
    "POST",
    "/settings/providers/{id}/trial",
    permission="settings:write",
    part="gate",
    fresh=True,
    limits=(TRIALS,),
    form="/settings/providers/{id}",
    summary="Test the sign-in by an identity provider",
)
async def try_it(transaction: Transaction, id: UUID, caller: Caller) -> Redirect:
    target = f"/settings/providers/{id}"
    token = await sign_in.begin_own(transaction, caller, provider_id=id, wants="trial", target=target)
    return Redirect("/sso/go", NewPending(token))


@page(
    "POST",
    "/settings/providers/{id}/status",
    permission="settings:write",
    part="gate",
    fresh=True,
    form="/settings/providers/{id}",
    summary="Switch an identity provider on or off on a page",
    done=_("The provider is saved."),
)
async def set_status(transaction: Transaction, id: UUID, body: StatusForm) -> Redirect:
    await actions.set_status(transaction, provider_id=id, status=body.status, expected=body.version)
    return Redirect(f"/settings/providers/{id}")


@page(
    "POST",
    "/settings/providers/{id}/setup",
    permission="settings:write",
    part="gate",
    fresh=True,
    secret=True,
    form="/settings/providers/{id}",
    summary="A link for whoever runs the identity provider, on a page",
)
async def begin_setup(transaction: Transaction, providers: RelyingParty, id: UUID, body: VersionForm) -> View:
    token = await actions.begin_setup(transaction, provider_id=id, expected=body.version)
    return view("provider_setup_link.html", id=id, link=f"{providers.start_address}sso/setup?token={token}")


@page(
    "GET", "/settings/providers/{id}/removal", permission="settings:write", part="gate", summary="Whether to remove one"
)
async def removal(transaction: Transaction, id: UUID) -> View:
    return view("provider_removal.html", provider=await actions.shown(transaction, provider_id=id))


@page(
    "POST",
    "/settings/providers/{id}/removal",
    permission="settings:write",
    part="gate",
    fresh=True,
    summary="Remove an identity provider on a page",
    done=_("The provider is removed. Sessions that it opened have ended."),
)
async def remove(transaction: Transaction, id: UUID, body: VersionForm) -> Redirect:
    await actions.remove(transaction, provider_id=id, expected=body.version)
    return Redirect("/settings/single-sign-on")


ENDPOINTS = (
    add,
    provider,
    configuration,
    configure,
    try_it,
    set_status,
    begin_setup,
    removal,
    remove,
)
