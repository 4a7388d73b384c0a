"""The operator's page of support access."""

from typing import Final
from uuid import UUID

from belsimple.database.operator_transaction import OperatorTransaction
from belsimple.operators import support
from belsimple.web.answers import Redirect, SupportSession, View, view
from belsimple.web.endpoint import page

_LIST: Final = "/operator/support"


@page("GET", _LIST, permission="support:read", part="operator", summary="Tenants that let one in")
async def own_grants(transaction: OperatorTransaction) -> View:
    return view("operator_support.html", grants=await support.own_grants(transaction))


@page(
    "POST",
    f"{_LIST}/{{id}}/entry",
    permission="support:write",
    part="operator",
    fresh=True,
    form=_LIST,
    summary="Enter a tenant as support",
)
async def enter(transaction: OperatorTransaction, id: UUID) -> Redirect:
    return Redirect("/start", SupportSession(await support.enter(transaction, grant_id=id)))


ENDPOINTS = (own_grants, enter)
