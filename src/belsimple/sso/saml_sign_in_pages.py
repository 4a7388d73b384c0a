"""What a SAML provider reads and sends: our metadata, its answers, and the browser that fetches one. Served by part gate."""

from typing import Annotated
from uuid import UUID

import msgspec

from belsimple.database.transaction import Database
from belsimple.identity.factors import Factors
from belsimple.sso import saml_sign_in, sign_in
from belsimple.sso.failures import ProviderFailure
from belsimple.sso.relying_party import RelyingParty
from belsimple.sso.saml.metadata import own_metadata
from belsimple.sso.saml_party import SamlParty
from belsimple.sso.sign_in_pages import RETURNS, Handle, arrive, failed, over
from belsimple.web.answers import Asset, Redirect, View
from belsimple.web.endpoint import endpoint, page
from belsimple.web.inputs import Caller, Form, Input

MOST_RESPONSE = 700_000
"""Characters of base64."""


class ResponseForm(Form, frozen=True, kw_only=True):
    """As the provider's form sends it (SAML bindings, 3.5.4). RelayState is not looked at: an address in it leads nowhere."""

    SAMLResponse: Annotated[str, msgspec.Meta(max_length=MOST_RESPONSE)] = ""
    RelayState: str | None = None


class HandleQuery(Input, frozen=True):
    """Which arrival."""

    handle: Handle


class HandleForm(Form, frozen=True, kw_only=True):
    """Which arrival."""

    handle: Handle


@endpoint(
    "GET",
    "/sso/{id}/metadata",
    permission="public",
    part="gate",
    limits=(RETURNS,),
    summary="What a SAML provider must know of us",
)
async def metadata(database: Database, saml: SamlParty, id: UUID) -> Asset:
    here = await saml_sign_in.known(database, saml, provider_id=id)
    return Asset("application/samlmetadata+xml", own_metadata(here.own, signs_requests=here.signs_requests))


@endpoint(
    "POST",
    "/sso/{id}/response",
    permission="public",
    part="gate",
    limits=(RETURNS,),
    cross_site=True,
    summary="A SAML provider's form brings its answer",
)
async def receive(database: Database, saml: SamlParty, id: UUID, body: ResponseForm) -> Redirect:
    handle = await saml_sign_in.receive(database, saml, provider_id=id, encoded=body.SAMLResponse)
    return Redirect(f"/sso/{id}/arrival?handle={handle}")


@page(
    "GET", "/sso/{id}/arrival", permission="public", part="gate", limits=(RETURNS,), summary="Back from a SAML provider"
)
async def arrival(
    database: Database, providers: RelyingParty, factors: Factors, id: UUID, query: HandleQuery, caller: Caller
) -> View | Redirect:
    # With the return of an OpenID provider the one GET that changes state: it ends what the provider's form began.
    handle = bytes.fromhex(query.handle)
    back_at = await sign_in.pending(database, providers, caller)
    if back_at is None or back_at.provider.id != id:
        return await _ask(database, caller, id, query.handle, another=back_at is not None)
    try:
        kept = await saml_sign_in.fetch(database, provider_id=id, handle=handle, token=back_at.token)
        identity = saml_sign_in.identity_of(kept, wants=back_at.wants, begun=back_at.begun)
    except ProviderFailure as failure:
        if failure.reason == "state" and await saml_sign_in.unasked(database, provider_id=id, handle=handle):
            return await _ask(database, caller, id, query.handle, another=True)
        # Anybody can send a form that is refused, or bring another's handle: the sign-in that this browser began is not ended by it.
        await sign_in.note(database, caller, back_at, failure, over=False)
        return failed(failure, back_at, again="/sso/go")
    return await arrive(database, factors, caller, back_at, identity)


async def _ask(database: Database, caller: Caller, id: UUID, handle: str, *, another: bool) -> View:
    """Nobody here set off: a link or a form of another site must not put anybody into somebody else's account, so its person is asked."""
    found = await saml_sign_in.unasked(database, provider_id=id, handle=bytes.fromhex(handle))
    if found is None:
        return over(caller, another=another)
    claims = found.kept.claims
    named = next((one for key in ("name", "email", "name_id") if isinstance(one := claims.get(key), str)), "")
    values = {
        "provider": id,
        "handle": handle,
        "person": named,
        "tenant": found.tenant_name,
        "name": found.provider_name,
    }
    return View("provider_unasked.html", values, language=found.language)


@page(
    "POST",
    "/sso/{id}/arrival",
    permission="public",
    part="gate",
    limits=(RETURNS,),
    form="/sign-in",
    summary="Sign in as the provider says",
)
async def accept(
    database: Database, providers: RelyingParty, factors: Factors, id: UUID, body: HandleForm, caller: Caller
) -> View | Redirect:
    found = await saml_sign_in.accept(database, caller, provider_id=id, handle=bytes.fromhex(body.handle))
    if found is None:
        return over(caller)
    token, kept = found
    caller = msgspec.structs.replace(caller, pending=token)
    back_at = await sign_in.pending(database, providers, caller)
    if back_at is None:
        return over(caller)
    identity = saml_sign_in.identity_of(kept, wants=back_at.wants, begun=back_at.begun)
    return await arrive(database, factors, caller, back_at, identity)


ENDPOINTS = (metadata, receive, arrival, accept)
