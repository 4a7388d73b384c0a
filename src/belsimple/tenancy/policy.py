"""What a tenant demands of whoever signs in. The one exit holds every sign-in against it, and each request its networks."""

from typing import Any, Literal
from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Transaction
from belsimple.web.answers import Versioned
from belsimple.web.problems import NotFound

_q = load_queries("belsimple.tenancy", "policy.sql")

Way = Literal["password", "passkey", "provider"]


class Policy(Versioned, frozen=True):
    """`ways` to begin a sign-in; `factor_role_ids`: roles that need a second factor; `networks`: from where, empty for anywhere.

    `shortest_password` in characters, for passwords chosen from now on; `most_sessions` of one account, None for any number.
    """

    ways: list[Way]
    factor_role_ids: list[UUID]
    shortest_password: int
    networks: list[str]
    most_sessions: int | None


async def shown(transaction: Transaction) -> Policy:
    """The tenant's policy."""
    found = await transaction.row(_q.policy, Policy)
    if found is None:
        raise NotFound
    return found


async def change(transaction: Transaction, policy: Policy, *, expected: int, address: str) -> Policy:
    """Make this the policy; sessions that it would not have let in end, save the caller's own.

    Raises BS412 when `expected` is not its version, and BS422 for what would shut the caller out, who calls from `address`.
    """
    values: dict[str, Any] = msgspec.structs.asdict(policy)
    del values["version"]
    await transaction.value(_q.change_policy, **values, expected=expected, address=address or None)
    return await shown(transaction)
