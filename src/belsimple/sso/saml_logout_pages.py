"""Where a SAML provider sends browsers about signing out. Served by part gate.

What it sends proves itself by its signature; no cookie is looked at, for the session that ends need not be this browser's.
"""

from typing import Annotated
from uuid import UUID

import msgspec

from belsimple.database.transaction import Database
from belsimple.sso import saml_logout
from belsimple.sso.logout_routes import LOGOUTS
from belsimple.sso.saml.logout import LogoutMessage
from belsimple.sso.saml_party import SamlParty
from belsimple.sso.sign_in_pages import onward
from belsimple.web.answers import Redirect, View
from belsimple.web.endpoint import endpoint
from belsimple.web.inputs import Form

_Message = Annotated[str, msgspec.Meta(max_length=200_000)]


class SamlLogoutForm(Form, frozen=True, kw_only=True):
    """As a provider's form sends it; one of both."""

    SAMLRequest: _Message | None = None
    SAMLResponse: _Message | None = None
    RelayState: Annotated[str, msgspec.Meta(max_length=200)] | None = None


@endpoint(
    "GET",
    "/sso/{id}/single-logout",
    permission="public",
    part="gate",
    limits=(LOGOUTS,),
    cross_site=True,
    summary="A SAML provider ends the sessions that it opened, by an address",
)
async def by_address(database: Database, saml: SamlParty, id: UUID, query_string: bytes) -> View | Redirect:
    # A GET that changes state, as HTTP-Redirect wants it: it is signed, and good once. The signature is over the query as it was sent.
    return await _take(database, saml, id, LogoutMessage("redirect", query=query_string))


@endpoint(
    "POST",
    "/sso/{id}/single-logout",
    permission="public",
    part="gate",
    limits=(LOGOUTS,),
    cross_site=True,
    summary="A SAML provider ends the sessions that it opened, by a form",
)
async def by_form(database: Database, saml: SamlParty, id: UUID, body: SamlLogoutForm) -> View | Redirect:
    form = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not None}
    return await _take(database, saml, id, LogoutMessage("post", form=form))


async def _take(database: Database, saml: SamlParty, id: UUID, message: LogoutMessage) -> View | Redirect:
    provider, back = await saml_logout.take(database, saml, provider_id=id, message=message)
    return Redirect("/") if back is None else onward("provider_back.html", back, provider.name)


ENDPOINTS = (by_address, by_form)
