"""Support access on the operator's interface: where one was let in, and the way in."""

from typing import Literal
from uuid import UUID

from belsimple.database.operator_transaction import OperatorTransaction
from belsimple.operators import support
from belsimple.operators.support import OwnGrant
from belsimple.web.answers import Answer, Page, SupportSession
from belsimple.web.cursor import page_of_all
from belsimple.web.endpoint import endpoint
from belsimple.web.inputs import Paging


@endpoint(
    "GET",
    "/operator/api/v1/support-grants",
    permission="support:read",
    part="operator",
    summary="Tenants that let one in",
)
async def list_own_grants(transaction: OperatorTransaction, query: Paging) -> Page[OwnGrant]:
    return page_of_all(await support.own_grants(transaction), query)


@endpoint(
    "POST",
    "/operator/api/v1/support-grants/{id}/session",
    permission="support:write",
    part="operator",
    fresh=True,
    secret=True,
    summary="Enter a tenant: the cookie is that of its side",
)
async def enter_support(transaction: OperatorTransaction, id: UUID) -> Answer[Literal[204], None]:
    return Answer(204, cookie=SupportSession(await support.enter(transaction, grant_id=id)))


ENDPOINTS = (list_own_grants, enter_support)
