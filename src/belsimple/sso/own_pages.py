"""The own account's links with identity providers, and confirming who one is by one. Served by part gate."""

from datetime import datetime
from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Transaction
from belsimple.identity.sign_in_routes import PER_SESSION
from belsimple.language import marked as _
from belsimple.sso import sign_in
from belsimple.web.answers import NewPending, Redirect, View, view
from belsimple.web.endpoint import SIGNED_IN, page
from belsimple.web.held import START, Next, wanted_or_start
from belsimple.web.inputs import Caller, Form
from belsimple.web.problems import Conflict, NotFound

_q = load_queries("belsimple.sso")
_PATH = "/account/providers"


class OwnProvider(msgspec.Struct, frozen=True):
    """A provider of the own organisation, and whether one is linked to somebody there."""

    id: UUID
    name: str
    linked: bool
    linked_at: datetime | None
    used_at: datetime | None


class ConfirmationForm(Form, frozen=True):
    """Where to go on. What else the form holds is a password's, and not looked at."""

    next: Next = START


async def own_providers(transaction: Transaction) -> list[OwnProvider]:
    """Those in use, and those that one is linked to."""
    return await transaction.rows(_q.own_providers, OwnProvider)


@page("GET", _PATH, permission=SIGNED_IN, part="gate", summary="The own links with identity providers")
async def overview(transaction: Transaction) -> View:
    return view("own_providers.html", providers=await own_providers(transaction))


@page(
    "POST",
    "/account/providers/{id}/link",
    permission=SIGNED_IN,
    part="gate",
    fresh=True,
    limits=(PER_SESSION,),
    form=_PATH,
    summary="Link the own account with an identity provider",
)
async def link(transaction: Transaction, id: UUID, caller: Caller) -> Redirect:
    token = await sign_in.begin_own(transaction, caller, provider_id=id, wants="linking", target=_PATH)
    return Redirect("/sso/go", NewPending(token))


@page(
    "POST",
    "/account/providers/{id}/removal",
    permission=SIGNED_IN,
    part="gate",
    fresh=True,
    form=_PATH,
    summary="Take the link with an identity provider away",
    done=_("The link is gone."),
)
async def unlink(transaction: Transaction, id: UUID) -> Redirect:
    if not await transaction.value(_q.unlink_provider, provider_id=id):
        raise NotFound
    return Redirect(_PATH)


@page(
    "POST",
    "/reauthentication/provider",
    permission=SIGNED_IN,
    part="gate",
    limits=(PER_SESSION,),
    form="/reauthentication",
    summary="Confirm who you are by your identity provider",
)
async def confirm(transaction: Transaction, body: ConfirmationForm, caller: Caller) -> Redirect:
    linked = [one for one in await own_providers(transaction) if one.linked]
    if not linked:
        raise Conflict(_("Your account is not linked to an identity provider."), name="not-linked")
    token = await sign_in.begin_own(
        transaction, caller, provider_id=linked[0].id, wants="confirmation", target=wanted_or_start(body.next)
    )
    return Redirect("/sso/go", NewPending(token))


ENDPOINTS = (overview, link, unlink, confirm)
