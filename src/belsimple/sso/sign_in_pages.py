"""The pages of a sign-in by a provider: the button, the way there, the return, and the way out. Served by part gate."""

from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from belsimple.database.transaction import Database
from belsimple.identity.admission_pages import Onward, proceed
from belsimple.identity.factors import Factors
from belsimple.identity.sign_in_routes import Text
from belsimple.language import Language
from belsimple.language import marked as _
from belsimple.sso import logout, saml_logout, saml_sign_in, sign_in
from belsimple.sso.failures import REASONS, ProviderFailure
from belsimple.sso.relying_party import Identity, RelyingParty, Return
from belsimple.sso.saml.provider import SamlProvider
from belsimple.sso.saml.requests import Departure
from belsimple.sso.saml_party import SamlParty
from belsimple.sso.sign_in import Pending
from belsimple.web.answers import EndPending, NewPending, Redirect, View
from belsimple.web.endpoint import page
from belsimple.web.held import wanted_or_start
from belsimple.web.inputs import Caller, Input
from belsimple.web.limits import Limit, by_address
from belsimple.web.problems import Unprocessable

# Nothing is guessed here, and a company of many people has one address: at nine they all come.
RETURNS = Limit(name="provider-return", times=600, seconds=60, burst=300, subject=by_address)
SET_OFFS = Limit(name="provider-set-off", times=600, seconds=60, burst=300, subject=by_address)
Handle = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
"""What names, once, something that waits here for its browser."""
_Long = Annotated[str, msgspec.Meta(max_length=8000)]
_NO_PROVIDER = _("This organisation has no sign-in of its own, or its name is written differently.")


class ProviderForm(Onward, frozen=True, kw_only=True):
    """Whose sign-in, and by which of its providers. The form holds a password's fields too; what is in them is not looked at."""

    tenant: Text
    provider: UUID | None = None
    email: Text | None = None
    password: _Long | None = None


class ReturnQuery(Input, frozen=True):
    """What a provider may send back; parameters that we do not know are passed over."""

    code: _Long | None = None
    state: _Long | None = None
    iss: _Long | None = None
    error: _Long | None = None


class FarewellQuery(Input, frozen=True):
    """Whose session ended, for a provider that is told so."""

    handle: Handle | None = None


@page(
    "POST",
    "/sign-in/provider",
    permission="public",
    part="gate",
    limits=(SET_OFFS,),
    secret=True,
    form="/sign-in",
    summary="Set off to sign in by the organisation's own identity provider",
)
async def set_off(database: Database, body: ProviderForm, caller: Caller) -> View | Redirect:
    slug = body.tenant.strip().lower()
    choices = await sign_in.choices(database, slug=slug)
    wanted = body.provider or (choices[0].id if len(choices) == 1 else None)
    if wanted is None and choices:
        return View("provider_choices.html", {"choices": choices, "tenant": slug, "next": body.next})
    token = wanted and await sign_in.begin(database, caller, slug=slug, provider_id=wanted, target=body.next)
    if token is None:
        raise Unprocessable([("/tenant", _NO_PROVIDER)])
    return Redirect("/sso/go", NewPending(token))


@page("GET", "/sso/go", permission="public", part="gate", limits=(RETURNS,), summary="On the way to the provider")
async def go(database: Database, providers: RelyingParty, saml: SamlParty, caller: Caller) -> View | Redirect:
    going = await sign_in.pending(database, providers, caller)
    if going is None:
        return over(caller)
    if isinstance(going.provider, SamlProvider):
        request = await saml_sign_in.departure(database, saml, going.provider, token=going.token, wants=going.wants)
        return onward("provider_departure.html", request, going.provider.name, going.language)
    try:
        address = await sign_in.departure(database, providers, caller, going, going.provider)
    except ProviderFailure as failure:
        return failed(failure, going, again="/sso/go")
    return onward("provider_departure.html", Departure(address), going.provider.name, going.language)


def onward(template: str, departure: Departure, name: str, language: Language | None = None) -> View:
    """A page from which a browser goes on to a provider, by a link or by a form."""
    where = urlsplit(departure.address)
    values = {"address": departure.address, "fields": departure.fields, "host": where.hostname, "name": name}
    leads_to = f"{where.scheme}://{where.netloc}" if departure.fields else None
    return View(template, values, language=language, leads_to=leads_to)


@page(
    "GET",
    "/sso/{id}/return",
    permission="public",
    part="gate",
    limits=(RETURNS,),
    summary="Where a provider sends the browser back",
)
async def come_back(
    database: Database, providers: RelyingParty, factors: Factors, id: UUID, query: ReturnQuery, caller: Caller
) -> View | Redirect:
    # The one GET that changes state: a provider has no other way of sending a browser back.
    back_at = await sign_in.pending(database, providers, caller)
    if back_at is None or back_at.provider.id != id:
        return over(caller, another=back_at is not None)
    back = Return(query.code, query.error, query.iss)
    try:
        identity = await sign_in.arrival(database, providers, caller, back_at, back, state=query.state)
    except ProviderFailure as failure:
        return failed(failure, back_at, again="/sso/go" if failure.reason == "state" else None)
    return await arrive(database, factors, caller, back_at, identity)


async def arrive(
    database: Database, factors: Factors, caller: Caller, back_at: Pending, identity: Identity
) -> View | Redirect:
    """To the exit with whom the provider named; or done, for somebody who is signed in already."""
    try:
        if back_at.wants != "provider":
            await sign_in.conclude(database, caller, back_at, identity)
            return Redirect(wanted_or_start(back_at.target), EndPending())
        admitted = await sign_in.admit(database, caller, back_at, identity)
    except ProviderFailure as failure:
        return failed(failure, back_at, again=None)
    return await proceed(database, factors, caller, admitted, Onward(next=back_at.target))


@page("GET", "/sso/{id}/farewell", permission="public", part="gate", limits=(RETURNS,), summary="Signing out there too")
async def farewell(
    database: Database, providers: RelyingParty, saml: SamlParty, id: UUID, query: FarewellQuery
) -> View | Redirect:
    left = await logout.active(database, providers, provider_id=id)
    if isinstance(left, SamlProvider):
        request = await saml_logout.farewell(database, saml, left, handle=query.handle)
    else:
        address = None if left is None else await providers.farewell(left)
        request = None if address is None else Departure(address)
    return Redirect("/") if left is None or request is None else onward("provider_farewell.html", request, left.name)


def failed(failure: ProviderFailure, where: Pending, *, again: str | None) -> View:
    """The page that says why. `again`: where to try once more with the same cookie."""
    values = {
        "reason": REASONS[failure.reason],
        "again": again,
        "tenant": where.slug,
        "provider": where.provider,
        "next": where.target,
        "wants": where.wants,
    }
    cookie = None if again else EndPending()
    return View("provider_failed.html", values, status=502 if again else 403, language=where.language, cookie=cookie)


def over(caller: Caller, *, another: bool = False) -> View:
    """What came back belongs to nothing that is under way in this browser. `another`: something else is, and goes on."""
    # Somebody signed in who comes by an old address is not signed out by it.
    values = {"tenant": "", "next": None, "held": "", "over": True}
    ended = EndPending() if caller.pending is not None and not another else None
    return View("sign_in.html", values, status=401, cookie=ended)


ENDPOINTS = (set_off, go, come_back, farewell)
