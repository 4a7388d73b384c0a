"""The page behind an invitation's link, served by part gate. Following the link consumes nothing; sending the form does."""

from belsimple.console.render import page
from belsimple.database.transaction import Database
from belsimple.identity import actions
from belsimple.identity.hashing import Hasher
from belsimple.identity.passwords import LONGEST, SHORTEST
from belsimple.identity.sign_in_routes import INVITATIONS, Password, PersonName, Text, invitation_token
from belsimple.web.answers import HtmlPage
from belsimple.web.endpoint import endpoint
from belsimple.web.inputs import Form, Input
from belsimple.web.problems import NotFound, Unprocessable


class Link(Input, frozen=True):
    """The link's one parameter."""

    token: Text


class AcceptanceForm(Form, frozen=True):
    """What the form sends."""

    token: Text
    name: PersonName
    password: Password


@endpoint("GET", "/invitation", permission="public", part="gate", summary="The page of an invitation")
async def invitation(database: Database, query: Link) -> HtmlPage:
    return await _form(database, query.token)


@endpoint(
    "POST",
    "/invitation",
    permission="public",
    part="gate",
    limits=(INVITATIONS,),
    summary="Accept an invitation on its page",
)
async def accept(database: Database, hasher: Hasher, body: AcceptanceForm) -> HtmlPage:
    try:
        token = invitation_token(body.token)
        tenant, email = await actions.accept_invitation(
            database, hasher, token=token, name=body.name, password=body.password
        )
    except Unprocessable as refused:
        return await _form(database, body.token, name=body.name, error=refused.errors[0][1])
    except actions.InvitationOver:
        return page("invitation_over.html", status=404)
    return page("invitation_done.html", tenant=tenant, email=email)


async def _form(database: Database, text: str, *, name: str = "", error: str = "") -> HtmlPage:
    try:
        invited = await actions.invitation_open(database, token=invitation_token(text))
    except NotFound:
        invited = None
    if invited is None:
        return page("invitation_over.html", status=404)
    return page(
        "invitation.html",
        status=422 if error else 200,
        tenant=invited[0],
        email=invited[1],
        token=text,
        name=name,
        error=error,
        shortest=SHORTEST,
        longest=LONGEST,
    )


ENDPOINTS = (invitation, accept)
