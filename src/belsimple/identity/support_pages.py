"""The pages of support access: an owner's list and form, and the operator's way out."""

from typing import Literal
from uuid import UUID

from belsimple.database.transaction import Transaction
from belsimple.identity import support
from belsimple.identity.addresses import Email
from belsimple.identity.support_routes import SupportReason
from belsimple.language import marked as _
from belsimple.web.answers import EndSession, Redirect, View, view
from belsimple.web.endpoint import SIGNED_IN, page
from belsimple.web.inputs import Form

_LIST = "/settings/support"


class GrantForm(Form, frozen=True):
    """Whom to let in, why, for how many hours, and how far."""

    operator: Email
    reason: SupportReason
    hours: Literal["1", "4", "8", "24"]
    writing: bool = False


@page("GET", _LIST, permission="ownership:read", summary="Support access on a page")
async def support_access(transaction: Transaction) -> View:
    return view("support.html", grants=await support.grants(transaction))


@page("GET", f"{_LIST}/new", permission="ownership:write", summary="The form that lets an operator in")
async def new_grant() -> View:
    return view("support_new.html")


@page(
    "POST",
    f"{_LIST}/new",
    permission="ownership:write",
    fresh=True,
    done=_("The operator may come in now. Every owner is told by mail."),
    summary="Let an operator in on a page",
)
async def grant_support(transaction: Transaction, body: GrantForm) -> Redirect:
    await support.grant(
        transaction, operator=body.operator, reason=body.reason, hours=int(body.hours), writing=body.writing
    )
    return Redirect(_LIST)


@page(
    "POST",
    f"{_LIST}/{{id}}/end",
    permission="ownership:write",
    form=_LIST,
    done=_("Support access is over. Whoever was in is out."),
    summary="End support access on a page",
)
async def end_support(transaction: Transaction, id: UUID) -> Redirect:
    await support.end(transaction, grant_id=id)
    return Redirect(_LIST)


@page("POST", "/support/departure", permission=SIGNED_IN, support=True, form="/start", summary="Leave, as support")
async def leave_support(transaction: Transaction) -> Redirect:
    await support.leave(transaction)
    return Redirect("/operator/support", EndSession())


ENDPOINTS = (support_access, new_grant, grant_support, end_support, leave_support)
