"""Inviting people, for those who manage members: served by part web."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from belsimple.database.transaction import Transaction
from belsimple.identity import invitations
from belsimple.identity.addresses import Email
from belsimple.identity.invitations import Invitation
from belsimple.identity.routes import RoleName
from belsimple.web.answers import Created, Page
from belsimple.web.cursor import cut_page, read_cursor
from belsimple.web.endpoint import endpoint
from belsimple.web.inputs import Input, Paging
from belsimple.web.limits import Limit, by_session

# Each is a mail to somebody who did not ask for one.
INVITING = Limit(name="inviting", times=120, seconds=3600, burst=60, subject=by_session)


class NewInvitation(Input, frozen=True):
    """Whom to invite; roles by name or id. Without a language the mail is in the tenant's."""

    email: Email
    roles: Annotated[list[RoleName], msgspec.Meta(max_length=50)]
    language: Literal["en", "nl", "fr", "de"] | None = None


class AfterInvitation(Input, frozen=True):
    """A cursor into the list of invitations."""

    id: UUID


@endpoint("GET", "/api/v1/invitations", permission="members:write", summary="List open invitations")
async def list_invitations(transaction: Transaction, query: Paging) -> Page[Invitation]:
    cursor = read_cursor(query.cursor, AfterInvitation)
    found = await invitations.invitations(transaction, after=cursor and cursor.id, limit=query.limit + 1)
    return cut_page(found, query.limit, lambda last: AfterInvitation(id=last.id))


@endpoint(
    "POST",
    "/api/v1/invitations",
    permission="members:write",
    fresh=True,
    limits=(INVITING,),
    summary="Invite somebody by mail",
)
async def invite(transaction: Transaction, body: NewInvitation) -> Created[Invitation]:
    made = await invitations.invite(transaction, email=body.email, roles=body.roles, language=body.language)
    return Created(made, f"/api/v1/invitations/{made.id}")


@endpoint(
    "DELETE", "/api/v1/invitations/{id}", permission="members:write", fresh=True, summary="Withdraw an invitation"
)
async def withdraw(transaction: Transaction, id: UUID) -> None:
    await invitations.withdraw(transaction, invitation_id=id)


ENDPOINTS = (list_invitations, invite, withdraw)
