"""The pages behind the links in operators' mails. Following a link consumes nothing; sending the form does."""

from belsimple.database.transaction import Database
from belsimple.identity.addresses import Email
from belsimple.identity.hashing import Hasher
from belsimple.identity.links import LinkOver, token_of
from belsimple.identity.pages import Link
from belsimple.identity.passwords import LONGEST, SHORTEST
from belsimple.identity.recovery_pages import MaybeLink
from belsimple.identity.sign_in_routes import Password, PersonName, Text
from belsimple.operators import links
from belsimple.operators.links_routes import LINKS, RESETS
from belsimple.web.answers import View, view
from belsimple.web.endpoint import page
from belsimple.web.inputs import Form
from belsimple.web.problems import NotFound


class AcceptanceForm(Form, frozen=True):
    """What the invitation's form sends; an address only from the first operator."""

    token: Text
    name: PersonName
    password: Password
    email: Email | None = None


class RequestForm(Form, frozen=True):
    """What the form of an operator without a link sends."""

    email: Text


class ResetForm(Form, frozen=True):
    """What the reset's form sends."""

    token: Text
    password: Password


@page(
    "GET", "/operator/invitation", permission="public", part="operator", summary="The page of an operator's invitation"
)
async def invitation(database: Database, query: Link) -> View:
    try:
        invited = await links.invitation_open(database, token=token_of(query.token))
    except NotFound:
        invited = None
    if invited is None:
        return _over()
    values = {"invited": invited, "token": query.token, "shortest": SHORTEST, "longest": LONGEST}
    return View("operator_invitation.html", values)


@page(
    "POST",
    "/operator/invitation",
    permission="public",
    part="operator",
    limits=(LINKS,),
    summary="Accept an operator's invitation on its page",
)
async def accept(database: Database, hasher: Hasher, body: AcceptanceForm) -> View:
    try:
        token = token_of(body.token)
        email = await links.accept_invitation(
            database, hasher, token=token, email=body.email, name=body.name, password=body.password
        )
    except (LinkOver, NotFound):
        return _over()
    return View("operator_done.html", {"email": email})


@page(
    "GET",
    "/operator/reset",
    permission="public",
    part="operator",
    summary="Operators' forgotten passwords, and the page of a reset",
)
async def reset(database: Database, query: MaybeLink) -> View:
    if query.token is None:
        return view("operator_reset_request.html")
    try:
        email = await links.reset_open(database, token=token_of(query.token))
    except NotFound:
        email = None
    if email is None:
        return _over()
    values = {"email": email, "token": query.token, "shortest": SHORTEST, "longest": LONGEST}
    return View("operator_reset.html", values)


@page(
    "POST",
    "/operator/reset/request",
    permission="public",
    part="operator",
    limits=(LINKS, RESETS),
    form="/operator/reset",
    summary="Ask for an operator's reset on its page",
)
async def request_reset(database: Database, body: RequestForm) -> View:
    await links.request_reset(database, email=body.email)
    return View("operator_reset_requested.html", {}, status=202)


@page(
    "POST",
    "/operator/reset",
    permission="public",
    part="operator",
    limits=(LINKS,),
    summary="Choose a new password on the page of a reset",
)
async def confirm(database: Database, hasher: Hasher, body: ResetForm) -> View:
    try:
        email = await links.confirm_reset(database, hasher, token=token_of(body.token), password=body.password)
    except (LinkOver, NotFound):
        return _over()
    return View("operator_done.html", {"email": email})


def _over() -> View:
    return View("link_over.html", {}, status=404)


ENDPOINTS = (invitation, accept, reset, request_reset, confirm)
