"""The page behind a setup link: whoever runs the identity provider fills the draft in, without an account. Served by part gate."""

from typing import Any

import msgspec

from belsimple.database.transaction import Database
from belsimple.identity.links import LinkOver, token_of
from belsimple.identity.pages import Link
from belsimple.identity.recovery_routes import LINKS
from belsimple.identity.sign_in_routes import Text
from belsimple.sso import providers as actions
from belsimple.sso import saml_providers
from belsimple.sso.provider import SecretMethod
from belsimple.sso.provider_routes import Address, ClientId, ClientSecret
from belsimple.sso.providers import Setup
from belsimple.sso.relying_party import RelyingParty
from belsimple.sso.saml_party import SamlParty
from belsimple.sso.saml_provider_routes import Document
from belsimple.web.answers import View
from belsimple.web.endpoint import page
from belsimple.web.inputs import Form
from belsimple.web.problems import NotFound


class SetupForm(Form, frozen=True, kw_only=True):
    """What the provider says of us as its client, and the link's token."""

    token: Text
    issuer: Address
    client_id: ClientId
    client_secret: ClientSecret | None = None
    client_authentication: SecretMethod = "basic"


class SamlSetupForm(Form, frozen=True, kw_only=True):
    """A SAML provider's metadata or their address, and the link's token."""

    token: Text
    document: Document | None = None
    address: Address | None = None


@page("GET", "/sso/setup", permission="public", part="gate", limits=(LINKS,), summary="Set an identity provider up")
async def setup_form(database: Database, providers: RelyingParty, saml: SamlParty, query: Link) -> View:
    try:
        found = await actions.setup(database, token=token_of(query.token))
    except NotFound:
        found = None
    if found is None:
        return View("link_over.html", {}, status=404)
    if found.protocol == "saml":
        ours = saml_providers.our_addresses(saml, found.provider_id)
        return View("saml_setup.html", {"setup": found, "token": query.token, "ours": ours}, language=found.language)
    return _form(found, providers, query.token)


@page(
    "POST",
    "/sso/setup",
    permission="public",
    part="gate",
    limits=(LINKS,),
    secret=True,
    summary="Fill an identity provider's draft in by a link",
)
async def fill_in(database: Database, providers: RelyingParty, body: SetupForm) -> View:
    fields: dict[str, Any] = msgspec.structs.asdict(body)
    token, secret = fields.pop("token"), fields.pop("client_secret")
    try:
        made = await actions.use_setup(database, providers, token=token_of(token), fields=fields, secret=secret)
    except (LinkOver, NotFound):
        return View("link_over.html", {}, status=404)
    return View("provider_setup_done.html", {"setup": made}, language=made.language)


@page(
    "POST",
    "/sso/setup/saml",
    permission="public",
    part="gate",
    limits=(LINKS,),
    secret=True,
    form="/sso/setup",
    summary="Fill a SAML provider's draft in by a link",
)
async def fill_in_saml(database: Database, saml: SamlParty, body: SamlSetupForm) -> View:
    token = token_of(body.token)
    try:
        made = await saml_providers.use_setup(database, saml, token=token, document=body.document, address=body.address)
    except (LinkOver, NotFound):
        return View("link_over.html", {}, status=404)
    return View("provider_setup_done.html", {"setup": made}, language=made.language)


def _form(found: Setup, party: RelyingParty, token: str) -> View:
    values = {
        "setup": found,
        "token": token,
        "return_address": party.return_address(found.provider_id),
        "logout_address": party.logout_address(found.provider_id),
        "start_address": party.start_address,
    }
    return View("provider_setup.html", values, language=found.language)


ENDPOINTS = (setup_form, fill_in, fill_in_saml)
