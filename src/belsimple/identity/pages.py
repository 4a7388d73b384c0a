"""The page behind an invitation's link, served by part gate. Following the link consumes nothing; sending the form does."""

from belsimple.database.transaction import Database
from belsimple.identity import actions
from belsimple.identity.hashing import Hasher
from belsimple.identity.links import token_of
from belsimple.identity.passwords import LONGEST
from belsimple.identity.sign_in_routes import INVITATIONS, Password, PersonName, Text
from belsimple.web.answers import View
from belsimple.web.endpoint import page
from belsimple.web.inputs import Form, Input
from belsimple.web.problems import NotFound


class Link(Input, frozen=True):
    """The link's one parameter."""

    token: Text


class AcceptanceForm(Form, frozen=True):
    """What the form sends."""

    token: Text
    name: PersonName
    password: Password


@page("GET", "/invitation", permission="public", part="gate", summary="The page of an invitation")
async def invitation(database: Database, query: Link) -> View:
    try:
        invited = await actions.invitation_open(database, token=token_of(query.token))
    except NotFound:
        invited = None
    if invited is None:
        return _over()
    values = {
        "invited": invited,
        "token": query.token,
        "shortest": await actions.shortest_password(database, invited.tenant_slug),
        "longest": LONGEST,
    }
    return View("invitation.html", values, language=invited.language)


@page(
    "POST",
    "/invitation",
    permission="public",
    part="gate",
    limits=(INVITATIONS,),
    summary="Accept an invitation on its page",
)
async def accept(database: Database, hasher: Hasher, body: AcceptanceForm) -> View:
    try:
        token = token_of(body.token)
        made = await actions.accept_invitation(database, hasher, token=token, name=body.name, password=body.password)
    except (actions.InvitationOver, NotFound):
        return _over()
    return View("invitation_done.html", {"made": made}, language=made.language)


def _over() -> View:
    return View("invitation_over.html", {}, status=404)


ENDPOINTS = (invitation, accept)
