"""Groups of a connection and their members. What a group means here, an administrator decides: see connections.py."""

from typing import Any, Final
from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Transaction
from belsimple.scim.documents import Document, read_resource
from belsimple.scim.faults import InvalidValue
from belsimple.scim.listing import one
from belsimple.scim.patching import patched
from belsimple.scim.schemas import GROUP
from belsimple.scim.users import Held
from belsimple.web.provisioning import ScimAnswer, ScimRequest

_q = load_queries("belsimple.scim")
_NAME_LENGTH: Final = 300


async def create(transaction: Transaction, request: ScimRequest) -> ScimAnswer:
    """A new group. Raises BS409 uniqueness, BS400 for a member that is no user of the connection, and Fault."""
    document = read_resource(request.document, GROUP)
    made: UUID = await transaction.value(_q.add_group, **_facts(document), members=sorted(_members(document)))
    shown = await one(transaction, GROUP, made, request)
    return ScimAnswer(201, shown.body, shown.version, f"{request.base}/Groups/{made}")


async def replace(transaction: Transaction, id: UUID, request: ScimRequest) -> ScimAnswer:  # noqa: A002 - SCIM's own word
    """All of a group, members too. Raises as `create`, BS404, BS412, and BS409 for the last owner."""
    present = await _held(transaction, id, request.expected)
    return await _written(transaction, id, present, read_resource(request.document, GROUP), request)


async def patch(transaction: Transaction, id: UUID, request: ScimRequest) -> ScimAnswer:  # noqa: A002 - SCIM's own word
    """Operations on a group. Raises as `replace`."""
    present = await _held(transaction, id, request.expected)
    return await _written(transaction, id, present, patched(present, request.document, GROUP), request)


async def delete(transaction: Transaction, id: UUID, request: ScimRequest) -> ScimAnswer:  # noqa: A002 - SCIM's own word
    """The group goes, and the role that its members held by it. Raises BS404, BS412, and BS409 for the last owner."""
    await transaction.value(_q.delete_group, id=id, expected=request.expected)
    return ScimAnswer(204)


async def _held(transaction: Transaction, id: UUID, expected: int | None) -> Document:  # noqa: A002 - SCIM's own word
    held = await transaction.row(_q.held_group, Held, id=id, expected=expected)
    assert held is not None  # else the function raises
    return {name: value for name, value in msgspec.json.decode(held.document).items() if name not in ("id", "meta")}


async def _written(
    transaction: Transaction,
    id: UUID,  # noqa: A002 - SCIM's own word
    present: Document,
    wanted: Document,
    request: ScimRequest,
) -> ScimAnswer:
    before, after = _members(present), _members(wanted)
    if _facts(present) != _facts(wanted) or before != after:
        changes = {"add": sorted(after - before), "remove": sorted(before - after)}
        await transaction.value(_q.change_group, id=id, **_facts(wanted), **changes)
    return await one(transaction, GROUP, id, request)


def _facts(document: Document) -> dict[str, Any]:
    name, external_id = document.get("displayName"), document.get("externalId")
    if not name or len(name) > _NAME_LENGTH or len(external_id or "") > _NAME_LENGTH:
        raise InvalidValue(f"A group has a displayName; it and externalId have {_NAME_LENGTH} characters at most.")
    return {"external_id": external_id, "display_name": name}


def _members(document: Document) -> set[UUID]:
    try:
        return {UUID(one["value"]) for one in document.get("members", [])}
    except (KeyError, ValueError):
        raise InvalidValue("A member's value is the id of a user.") from None
