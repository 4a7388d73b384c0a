"""What a tenant demands of whoever signs in, over the API: served by part web."""

from typing import Annotated, Final
from uuid import UUID

import msgspec

from belsimple.database.transaction import Transaction
from belsimple.tenancy import policy
from belsimple.tenancy.policy import Policy, Way
from belsimple.web.endpoint import endpoint
from belsimple.web.inputs import Caller, Input

SHORTEST: Final = (15, 64)
MOST_SESSIONS: Final = (1, 50)
Ways = Annotated[list[Way], msgspec.Meta(min_length=1, max_length=3)]
FactorRoles = Annotated[list[UUID], msgspec.Meta(max_length=100)]
Length = Annotated[int, msgspec.Meta(ge=SHORTEST[0], le=SHORTEST[1])]
Network = Annotated[str, msgspec.Meta(min_length=1, max_length=60, pattern=r"^[0-9A-Fa-f.:/]+$")]
Networks = Annotated[list[Network], msgspec.Meta(max_length=100)]
SessionCount = Annotated[int, msgspec.Meta(ge=MOST_SESSIONS[0], le=MOST_SESSIONS[1])]


class PolicyChange(Input, frozen=True):
    """What changes; a field left out stays. `most_sessions` null: any number."""

    ways: Ways | None = None
    factor_role_ids: FactorRoles | None = None
    shortest_password: Length | None = None
    networks: Networks | None = None
    most_sessions: SessionCount | msgspec.UnsetType | None = msgspec.UNSET


@endpoint("GET", "/api/v1/tenant/policy", permission="settings:read", summary="What the tenant demands at sign-in")
async def get_policy(transaction: Transaction) -> Policy:
    return await policy.shown(transaction)


@endpoint(
    "PATCH",
    "/api/v1/tenant/policy",
    permission="settings:write",
    fresh=True,
    precondition="required",
    summary="Change what the tenant demands at sign-in",
)
async def change_policy(transaction: Transaction, body: PolicyChange, caller: Caller, expected: int) -> Policy:
    known = await policy.shown(transaction)
    given = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not None}
    given.pop("most_sessions", None)
    if body.most_sessions is not msgspec.UNSET:
        given["most_sessions"] = body.most_sessions
    wanted = msgspec.structs.replace(known, **given)
    return await policy.change(transaction, wanted, expected=expected, address=caller.address)


ENDPOINTS = (get_policy, change_policy)
