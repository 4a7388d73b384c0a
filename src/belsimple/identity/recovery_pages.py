"""The pages behind the links of resets and address changes, served by part gate. Opening one consumes nothing; its form does."""

from belsimple.database.transaction import Database
from belsimple.identity import actions, recovery
from belsimple.identity.hashing import Hasher
from belsimple.identity.links import LinkOver, token_of
from belsimple.identity.pages import Link
from belsimple.identity.passwords import LONGEST
from belsimple.identity.recovery_routes import LINKS, RESETS, RESETS_OF_ACCOUNT
from belsimple.identity.sign_in_routes import Password, Text
from belsimple.web.answers import View, view
from belsimple.web.endpoint import page
from belsimple.web.inputs import Caller, Form, Input
from belsimple.web.problems import NotFound


class MaybeLink(Input, frozen=True):
    """The link's token; without one, the page asks who has forgotten the password."""

    token: Text | None = None


class RequestForm(Form, frozen=True):
    """What the form of somebody without a link sends."""

    tenant: Text
    email: Text


class ResetForm(Form, frozen=True):
    """What the form behind a reset's link sends."""

    token: Text
    password: Password


class ConfirmationForm(Form, frozen=True):
    """What the button behind a link of an address change sends."""

    token: Text


@page("GET", "/reset", permission="public", part="gate", summary="Forgotten passwords, and the page of a reset")
async def reset(database: Database, query: MaybeLink) -> View:
    if query.token is None:
        return view("reset_request.html")
    try:
        found = await recovery.reset_open(database, token=token_of(query.token))
    except NotFound:
        found = None
    if found is None:
        return _over()
    values = {
        "found": found,
        "token": query.token,
        "shortest": await actions.shortest_password(database, found.tenant_slug),
        "longest": LONGEST,
    }
    return View("reset.html", values, language=found.language)


@page(
    "POST",
    "/reset/request",
    permission="public",
    part="gate",
    limits=(RESETS, RESETS_OF_ACCOUNT),
    form="/reset",
    summary="Ask for a reset on its page",
)
async def request_reset(database: Database, body: RequestForm) -> View:
    await recovery.request_reset(database, tenant=body.tenant, email=body.email)
    return View("reset_requested.html", {}, status=202)


@page("POST", "/reset", permission="public", part="gate", limits=(LINKS,), summary="Set a new password on its page")
async def confirm_reset(database: Database, hasher: Hasher, body: ResetForm, caller: Caller) -> View:
    try:
        done = await recovery.confirm_reset(
            database, hasher, token=token_of(body.token), password=body.password, caller=caller
        )
    except (LinkOver, NotFound):
        return _over()
    return View("reset_done.html", {"done": done}, language=done.language)


@page("GET", "/email-change", permission="public", part="gate", summary="The page of an address change")
async def email_change(database: Database, query: Link) -> View:
    try:
        found = await recovery.email_change_open(database, token=token_of(query.token))
    except NotFound:
        found = None
    if found is None:
        return _over()
    return View("email_change.html", {"found": found, "token": query.token}, language=found.language)


@page(
    "POST",
    "/email-change",
    permission="public",
    part="gate",
    limits=(LINKS,),
    summary="Confirm an address change on its page",
)
async def confirm_email_change(database: Database, body: ConfirmationForm) -> View:
    try:
        confirmed = await recovery.confirm_email_change(database, token=token_of(body.token))
    except (LinkOver, NotFound):
        return _over()
    return View("email_change_done.html", {"confirmed": confirmed}, language=confirmed.language)


def _over() -> View:
    return View("link_over.html", {}, status=404)


ENDPOINTS = (reset, request_reset, confirm_reset, email_change, confirm_email_change)
