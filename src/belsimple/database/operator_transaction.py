"""The operator's transaction: what the operator's staff may see and do, and no tenant's rows."""

from typing import Any
from uuid import UUID

import msgspec

from belsimple.database.catalogue import Finding, differences
from belsimple.database.queries import Query
from belsimple.database.statements import Statements, bind


class OperatorPrincipal(msgspec.Struct, frozen=True):
    """Who acts, as the database verified it. `fresh`: authenticated in the last 15 minutes."""

    account_id: UUID
    session_id: UUID
    permissions: frozenset[str]
    fresh: bool


class OperatorTransaction(Statements):
    """An open transaction of one operator. Each function it calls is given the session's token, and asks it again."""

    __slots__ = ("_token", "principal", "touch_due")

    def __init__(self, connection: Any, token: bytes, principal: OperatorPrincipal, *, touch_due: bool = False) -> None:
        super().__init__(connection)
        self._token = token
        self.principal = principal
        self.touch_due = touch_due

    async def findings(self) -> list[Finding]:
        """What the catalogue check finds, as this transaction sees the database."""
        return await differences(self._connection)

    def _bind(self, query: Query, parameters: dict[str, Any]) -> list[Any]:
        if "session" in parameters:
            raise TypeError(f"{query.name}: the session is bound by the transaction, not by its caller")
        parameters["session"] = self._token
        return bind(query, parameters, own="session")
