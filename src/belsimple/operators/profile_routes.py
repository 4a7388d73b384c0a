"""The operator's profile over the API."""

from typing import Annotated

import msgspec

from belsimple.database.operator_transaction import OperatorTransaction
from belsimple.identity.addresses import Email
from belsimple.identity.sign_in_routes import PersonName
from belsimple.operators import profile as actions
from belsimple.operators.profile import Profile
from belsimple.web.endpoint import endpoint
from belsimple.web.inputs import Input

Number = Annotated[str, msgspec.Meta(max_length=20)]


class ProfileChange(Input, frozen=True):
    """What changes; a field left out stays. The officer is the data protection officer."""

    legal_name: PersonName | None = None
    enterprise_number: Number | None = None
    address: (
        Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]+$")] | None
    ) = None
    email: Email | None = None
    officer_name: PersonName | None = None
    officer_email: Email | None = None
    security_name: PersonName | None = None
    security_email: Email | None = None


@endpoint(
    "GET", "/operator/api/v1/profile", permission="profile:read", part="operator", summary="The company's profile"
)
async def get_profile(transaction: OperatorTransaction) -> Profile:
    return await actions.profile(transaction)


@endpoint(
    "PATCH",
    "/operator/api/v1/profile",
    permission="profile:write",
    part="operator",
    fresh=True,
    precondition="required",
    summary="Change the company's profile",
)
async def change_profile(transaction: OperatorTransaction, body: ProfileChange, expected: int) -> Profile:
    return await actions.change_profile(transaction, msgspec.structs.asdict(body), expected=expected)


ENDPOINTS = (get_profile, change_profile)
