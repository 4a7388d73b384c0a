"""The pages of the own API tokens."""

import datetime as dt
from collections.abc import Sequence
from typing import Final, Literal
from uuid import UUID

from belsimple.database.transaction import Transaction
from belsimple.identity import api_tokens as tokens
from belsimple.identity.api_token_routes import Scopes, TokenName
from belsimple.language import marked as _
from belsimple.modules import Module
from belsimple.web.answers import Redirect, View, view
from belsimple.web.endpoint import SIGNED_IN, page
from belsimple.web.inputs import Form

_LIVES: Final = {30: _("30 days"), 90: _("90 days"), 180: _("180 days"), 365: _("one year")}


class TokenForm(Form, frozen=True):
    """A name, what the token may do, and for how many days."""

    name: TokenName
    scopes: Scopes
    days: Literal["30", "90", "180", "365"]


@page("GET", "/account/tokens", permission=SIGNED_IN, summary="The own API tokens")
async def own_tokens(transaction: Transaction) -> View:
    return view("account_tokens.html", tokens=await tokens.tokens(transaction))


@page("GET", "/account/tokens/new", permission=SIGNED_IN, summary="A new API token")
async def new_token(transaction: Transaction, modules: Sequence[Module]) -> View:
    packages = {module.name: module.package for module in modules}
    return view(
        "account_token_new.html", scopes=await tokens.own_permissions(transaction), packages=packages, lives=_LIVES
    )


@page("POST", "/account/tokens/new", permission=SIGNED_IN, fresh=True, summary="Make an API token on a page")
async def create_token(transaction: Transaction, body: TokenForm) -> View:
    # The answer is the one place where the token stands: a redirect would need to keep it somewhere.
    until = dt.datetime.now(dt.UTC) + dt.timedelta(days=int(body.days))
    made = await tokens.create_token(transaction, name=body.name, scopes=body.scopes, expires_at=until)
    return view("account_token_made.html", made=made)


@page(
    "POST",
    "/account/tokens/{id}/end",
    permission=SIGNED_IN,
    form="/account/tokens",
    summary="End an own API token on a page",
    done=_("The token has ended. No program can use it any more."),
)
async def end_token(transaction: Transaction, id: UUID) -> Redirect:
    await tokens.end_token(transaction, token_id=id)
    return Redirect("/account/tokens")


ENDPOINTS = (own_tokens, new_token, create_token, end_token)
