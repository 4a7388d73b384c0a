"""The pages of the invitations that a tenant's people made. Served by part web; the page behind an invitation's link is in pages.py."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from belsimple.database.transaction import Transaction
from belsimple.identity import account
from belsimple.identity import invitations as actions
from belsimple.identity.addresses import Email
from belsimple.identity.invitation_routes import INVITING, AfterInvitation
from belsimple.identity.routes import RoleName
from belsimple.language import marked as _
from belsimple.web.answers import Redirect, View, view
from belsimple.web.cursor import cut_page, read_cursor
from belsimple.web.endpoint import page
from belsimple.web.inputs import Form, Paging


class InvitationForm(Form, frozen=True):
    """Whom to invite; roles by their ids. Without a language the mail is in the tenant's."""

    email: Email
    roles: Annotated[list[RoleName], msgspec.Meta(max_length=50)] = msgspec.field(default_factory=list[str])
    language: Literal["en", "nl", "fr", "de"] | None = None


@page("GET", "/settings/invitations", permission="members:write", summary="The open invitations")
async def invitations(transaction: Transaction, query: Paging) -> View:
    place = read_cursor(query.cursor, AfterInvitation)
    found = await actions.open_invitations(transaction, after=place and place.id, limit=query.limit + 1)
    cut = cut_page(found, query.limit, lambda last: AfterInvitation(id=last.id))
    return view("invitations.html", invitations=cut.items, cursor=query.cursor, next=cut.next)


@page("GET", "/settings/invitations/new", permission="members:write", summary="The form of an invitation")
async def invitation_form(transaction: Transaction) -> View:
    return view("invitation_form.html", roles=await account.role_choices(transaction))


@page(
    "POST",
    "/settings/invitations",
    permission="members:write",
    fresh=True,
    limits=(INVITING,),
    summary="Invite somebody on a page",
    form="/settings/invitations/new",
    done=_("The invitation is on its way."),
)
async def invite(transaction: Transaction, body: InvitationForm) -> Redirect:
    await actions.invite(transaction, email=body.email, roles=body.roles, language=body.language)
    return Redirect("/settings/invitations")


@page(
    "GET",
    "/settings/invitations/{id}/withdrawal",
    permission="members:write",
    summary="Whether to withdraw an invitation",
)
async def withdrawal(transaction: Transaction, id: UUID) -> View:
    shown = await actions.open_invitation(transaction, invitation_id=id)
    return view("invitation_withdrawal.html", invitation=shown)


@page(
    "POST",
    "/settings/invitations/{id}/withdrawal",
    permission="members:write",
    fresh=True,
    summary="Withdraw an invitation on a page",
    done=_("The invitation is withdrawn."),
)
async def withdraw(transaction: Transaction, id: UUID) -> Redirect:
    await actions.withdraw(transaction, invitation_id=id)
    return Redirect("/settings/invitations")


ENDPOINTS = (invitations, invitation_form, invite, withdrawal, withdraw)
