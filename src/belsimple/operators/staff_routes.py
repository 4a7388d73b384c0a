"""Operators and their invitations over the API."""

from typing import Literal
from uuid import UUID

from belsimple.database.operator_transaction import OperatorTransaction
from belsimple.identity.addresses import Email
from belsimple.operators import staff
from belsimple.operators.roles import Role
from belsimple.operators.staff import Colleague, Invitation
from belsimple.web.answers import Created, Page
from belsimple.web.cursor import cut_page, page_of_all, read_cursor
from belsimple.web.endpoint import endpoint
from belsimple.web.inputs import Input, Paging


class OperatorChange(Input, frozen=True):
    """What changes; a field left out stays."""

    role: Role | None = None
    status: Literal["active", "deactivated"] | None = None


class NewInvitation(Input, frozen=True):
    """Whom to invite, and as what; the mail is in this language."""

    email: Email
    role: Role
    language: Literal["en", "nl", "fr", "de"] = "en"


class AfterEmail(Input, frozen=True):
    """A cursor into the list of operators."""

    email: str


@endpoint("GET", "/operator/api/v1/operators", permission="operators:read", part="operator", summary="List operators")
async def list_operators(transaction: OperatorTransaction, query: Paging) -> Page[Colleague]:
    cursor = read_cursor(query.cursor, AfterEmail)
    found = await staff.operators(transaction, after=cursor and cursor.email, limit=query.limit + 1)
    return cut_page(found, query.limit, lambda last: AfterEmail(email=last.email))


@endpoint(
    "GET", "/operator/api/v1/operators/{id}", permission="operators:read", part="operator", summary="One operator"
)
async def get_operator(transaction: OperatorTransaction, id: UUID) -> Colleague:
    return await staff.operator(transaction, operator_id=id)


@endpoint(
    "PATCH",
    "/operator/api/v1/operators/{id}",
    permission="operators:write",
    part="operator",
    fresh=True,
    precondition="optional",
    summary="Give an operator another role, deactivate or reactivate",
)
async def change_operator(
    transaction: OperatorTransaction, id: UUID, body: OperatorChange, expected: int | None
) -> Colleague:
    return await staff.change_operator(
        transaction, operator_id=id, role=body.role, status=body.status, expected=expected
    )


@endpoint(
    "GET",
    "/operator/api/v1/invitations",
    permission="operators:read",
    part="operator",
    summary="List open invitations",
)
async def list_invitations(transaction: OperatorTransaction, query: Paging) -> Page[Invitation]:
    return page_of_all(await staff.invitations(transaction), query)


@endpoint(
    "POST",
    "/operator/api/v1/invitations",
    permission="operators:write",
    part="operator",
    fresh=True,
    summary="Invite an operator by mail",
)
async def invite(transaction: OperatorTransaction, body: NewInvitation) -> Created[Invitation]:
    made = await staff.invite(transaction, email=body.email.lower(), role=body.role, language=body.language)
    return Created(made, "/operator/api/v1/invitations")


@endpoint(
    "DELETE",
    "/operator/api/v1/invitations/{id}",
    permission="operators:write",
    part="operator",
    fresh=True,
    summary="Take an invitation back",
)
async def withdraw_invitation(transaction: OperatorTransaction, id: UUID) -> None:
    await staff.withdraw_invitation(transaction, invitation_id=id)


ENDPOINTS = (list_operators, get_operator, change_operator, list_invitations, invite, withdraw_invitation)
