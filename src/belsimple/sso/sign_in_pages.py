"""The pages of a sign-in by a provider: the button, the way there, the return, and the way out. Served by part gate."""

from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from belsimple.database.transaction import Database
from belsimple.identity.admission_pages import Onward, proceed
from belsimple.identity.factors import Factors
from belsimple.identity.sign_in_routes import Text
from belsimple.language import marked as _
from belsimple.sso import logout, sign_in
from belsimple.sso.failures import REASONS, ProviderFailure
from belsimple.sso.relying_party import RelyingParty, Return
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
async def go(database: Database, providers: RelyingParty, caller: Caller) -> View | Redirect:
    going = await sign_in.pending(database, providers, caller)
    if going is None:
        return _over(caller)
    try:
        address = await sign_in.departure(database, providers, caller, going)
    except ProviderFailure as failure:
        return _failed(failure, going, again="/sso/go")
    values = {"address": address, "host": urlsplit(address).hostname, "name": going.provider.name}
    return View("provider_departure.html", values, language=going.language)


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
        return _over(caller)
    back = Return(query.code, query.error, query.iss)
    try:
        identity = await sign_in.arrival(database, providers, caller, back_at, back, state=query.state)
        if back_at.wants != "provider":
            await sign_in.conclude(database, caller, back_at, identity)
            return Redirect(wanted_or_start(back_at.target), EndPending())
        admitted = await sign_in.admit(database, caller, back_at, identity)
    except ProviderFailure as failure:
        return _failed(failure, back_at, again="/sso/go" if failure.reason == "state" else None)
    return await proceed(database, factors, caller, admitted, Onward(next=back_at.target))


@page("GET", "/sso/{id}/farewell", permission="public", part="gate", limits=(RETURNS,), summary="Signing out there too")
async def farewell(database: Database, providers: RelyingParty, id: UUID) -> View | Redirect:
    known = await logout.active(database, providers, provider_id=id)
    address = None if known is None else await providers.farewell(known)
    if known is None or address is None:
        return Redirect("/")
    return View("provider_farewell.html", {"address": address, "host": urlsplit(address).hostname, "name": known.name})


def _failed(failure: ProviderFailure, where: Pending, *, again: str | None) -> View:
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


def _over(caller: Caller) -> View:
    # Somebody signed in who comes by an old address is not signed out by it.
    values = {"tenant": "", "next": None, "held": "", "over": True}
    return View("sign_in.html", values, status=401, cookie=EndPending() if caller.pending is not None else None)


ENDPOINTS = (set_off, go, come_back, farewell)
