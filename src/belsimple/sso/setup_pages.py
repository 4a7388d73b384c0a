"""The page behind a setup link: whoever runs the identity provider fills the draft in, without an account. Served by part gate."""

from typing import Any

import msgspec

from belsimple.database.transaction import Database
from belsimple.identity.links import LinkOver, token_of
from belsimple.identity.pages import Link
from belsimple.identity.recovery_routes import LINKS
from belsimple.identity.sign_in_routes import Text
from belsimple.sso import providers as actions
from belsimple.sso.provider import SecretMethod
from belsimple.sso.provider_routes import Address, ClientId, ClientSecret
from belsimple.sso.providers import Setup
from belsimple.sso.relying_party import RelyingParty
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


@page("GET", "/sso/setup", permission="public", part="gate", limits=(LINKS,), summary="Set an identity provider up")
async def setup_form(database: Database, providers: RelyingParty, query: Link) -> View:
    try:
        found = await actions.setup(database, token=token_of(query.token))
    except NotFound:
        found = None
    if found is None:
        return View("link_over.html", {}, status=404)
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


def _form(found: Setup, party: RelyingParty, token: str) -> View:
    values = {
        "setup": found,
        "token": token,
        "return_address": party.return_address(found.provider_id),
        "logout_address": party.logout_address(found.provider_id),
        "start_address": party.start_address,
    }
    return View("provider_setup.html", values, language=found.language)


ENDPOINTS = (setup_form, fill_in)
