"""Support access over the API, for a tenant's owners."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from belsimple.database.transaction import Transaction
from belsimple.identity import support
from belsimple.identity.addresses import Email
from belsimple.identity.support import SupportGrant
from belsimple.web.answers import Answer, Page
from belsimple.web.cursor import page_of_all
from belsimple.web.endpoint import endpoint
from belsimple.web.inputs import Input, Paging

SupportReason = Annotated[
    str, msgspec.Meta(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$")
]


class NewGrant(Input, frozen=True):
    """The operator's address, why, for how many hours, and whether they may change things."""

    operator: Email
    reason: SupportReason
    hours: Annotated[int, msgspec.Meta(ge=1, le=24)]
    writing: bool = False


@endpoint("GET", "/api/v1/support-grants", permission="ownership:read", support=False, summary="Support access")
async def list_grants(transaction: Transaction, query: Paging) -> Page[SupportGrant]:
    return page_of_all(await support.grants(transaction), query)


@endpoint("POST", "/api/v1/support-grants", permission="ownership:write", fresh=True, summary="Let an operator in")
async def grant_support(transaction: Transaction, body: NewGrant) -> Answer[Literal[201], SupportGrant]:
    made = await support.grant(
        transaction, operator=body.operator, reason=body.reason, hours=body.hours, writing=body.writing
    )
    return Answer(201, made)


@endpoint(
    "DELETE",
    "/api/v1/support-grants/{id}",
    permission="ownership:write",
    support=False,
    tokens=False,
    summary="End support access",
)
async def end_support(transaction: Transaction, id: UUID) -> None:
    await support.end(transaction, grant_id=id)


ENDPOINTS = (list_grants, grant_support, end_support)
