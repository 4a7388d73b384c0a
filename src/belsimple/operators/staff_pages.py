"""Operators and their invitations on pages."""

from typing import Final
from uuid import UUID

from belsimple.database.operator_transaction import OperatorTransaction
from belsimple.identity.addresses import Email
from belsimple.language import Language
from belsimple.language import marked as _
from belsimple.operators import staff
from belsimple.operators.roles import ROLES, Role
from belsimple.operators.staff_routes import AfterEmail
from belsimple.web.answers import Redirect, View, view
from belsimple.web.cursor import cut_page, read_cursor
from belsimple.web.endpoint import page
from belsimple.web.inputs import Form, Paging

_LIST: Final = "/operator/staff"
_ONE: Final = "/operator/staff/{id}"


class RoleForm(Form, frozen=True):
    """Another role, and the version that it replaces."""

    role: Role
    version: int


class InvitationForm(Form, frozen=True):
    """Whom to invite, and as what; the mail is in this language."""

    email: Email
    role: Role
    language: Language


@page("GET", _LIST, permission="operators:read", part="operator", summary="Operators and open invitations")
async def operator_list(transaction: OperatorTransaction, query: Paging) -> View:
    cursor = read_cursor(query.cursor, AfterEmail)
    found = await staff.operators(transaction, after=cursor and cursor.email, limit=query.limit + 1)
    shown = cut_page(found, query.limit, lambda last: AfterEmail(email=last.email))
    invitations = await staff.invitations(transaction)
    return view(
        "operator_staff.html",
        operators=shown.items,
        next=shown.next,
        later=cursor is not None,
        invitations=invitations,
    )


@page(
    "GET", f"{_LIST}/new", permission="operators:write", part="operator", summary="The form of an operator's invitation"
)
async def invitation_form() -> View:
    return view("operator_staff_new.html", roles=ROLES)


@page(
    "POST",
    f"{_LIST}/new",
    permission="operators:write",
    part="operator",
    fresh=True,
    done=_("The invitation is on its way by mail. It holds for seven days."),
    summary="Invite an operator on its page",
)
async def invite(transaction: OperatorTransaction, body: InvitationForm) -> Redirect:
    await staff.invite(transaction, email=body.email.lower(), role=body.role, language=body.language)
    return Redirect(_LIST)


@page(
    "POST",
    "/operator/invitations/{id}/withdrawal",
    permission="operators:write",
    part="operator",
    fresh=True,
    form=_LIST,
    done=_("The invitation is taken back. Its link opens nothing any more."),
    summary="Take an operator's invitation back on a page",
)
async def withdraw_invitation(transaction: OperatorTransaction, id: UUID) -> Redirect:
    await staff.withdraw_invitation(transaction, invitation_id=id)
    return Redirect(_LIST)


@page("GET", _ONE, permission="operators:read", part="operator", summary="One operator, on a page")
async def operator(transaction: OperatorTransaction, id: UUID) -> View:
    found = await staff.operator(transaction, operator_id=id)
    return view("operator_colleague.html", operator=found, roles=ROLES, oneself=id == transaction.principal.account_id)


@page(
    "POST",
    _ONE,
    permission="operators:write",
    part="operator",
    fresh=True,
    done=_("The role is changed. It counts from now on."),
    summary="Give an operator another role on its page",
)
async def change_role(transaction: OperatorTransaction, id: UUID, body: RoleForm) -> Redirect:
    await staff.change_operator(transaction, operator_id=id, role=body.role, status=None, expected=body.version)
    return _to(id)


@page(
    "POST",
    f"{_ONE}/deactivation",
    permission="operators:write",
    part="operator",
    fresh=True,
    form=_ONE,
    done=_("The operator is deactivated. Every session has ended."),
    undo=f"{_ONE}/reactivation",
    summary="Deactivate an operator on its page",
)
async def deactivate(transaction: OperatorTransaction, id: UUID) -> Redirect:
    await staff.change_operator(transaction, operator_id=id, role=None, status="deactivated", expected=None)
    return _to(id)


@page(
    "POST",
    f"{_ONE}/reactivation",
    permission="operators:write",
    part="operator",
    fresh=True,
    form=_ONE,
    done=_("The operator may sign in again."),
    undo=f"{_ONE}/deactivation",
    summary="Let a deactivated operator in again on its page",
)
async def reactivate(transaction: OperatorTransaction, id: UUID) -> Redirect:
    await staff.change_operator(transaction, operator_id=id, role=None, status="active", expected=None)
    return _to(id)


def _to(operator_id: UUID) -> Redirect:
    return Redirect(_ONE.replace("{id}", str(operator_id)))


ENDPOINTS = (
    operator_list,
    invitation_form,
    invite,
    withdraw_invitation,
    operator,
    change_role,
    deactivate,
    reactivate,
)
