"""Roles, and what they permit. The database decides who may grant what; see migration 0009."""

from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Transaction
from belsimple.web.answers import Versioned
from belsimple.web.problems import NotFound

_q = load_queries("belsimple.access")


class Role(Versioned, frozen=True):
    """A role, what it permits, and how many members hold it."""

    id: UUID
    name: str
    builtin: bool
    permissions: list[str]
    members: int


class PermissionView(msgspec.Struct, frozen=True):
    """A permission and the module that declares it."""

    name: str
    module: str
    description: str


async def roles(transaction: Transaction) -> list[Role]:
    """Built-in roles first, then the tenant's own by name."""
    return await transaction.rows(_q.roles, Role, id=None)


async def role(transaction: Transaction, *, role_id: UUID) -> Role:
    """One role. Raises NotFound."""
    found = await transaction.row(_q.roles, Role, id=role_id)
    if found is None:
        raise NotFound
    return found


async def permissions(transaction: Transaction) -> list[PermissionView]:
    """Every permission a role can hold."""
    return await transaction.rows(_q.permissions, PermissionView)


async def create_role(transaction: Transaction, *, name: str, permissions: list[str]) -> Role:
    """Define a role. Raises BS403 for a permission that the caller lacks, BS422 for one that does not exist, 23505 for a name in use."""
    return await role(transaction, role_id=await transaction.value(_q.create_role, name=name, permissions=permissions))


async def change_role(
    transaction: Transaction, *, role_id: UUID, name: str | None, permissions: list[str] | None, expected: int
) -> Role:
    """Change a role of the tenant's own. Raises as create_role, BS404, BS409 for a built-in one, BS412."""
    await transaction.value(_q.change_role, id=role_id, name=name, permissions=permissions, expected=expected)
    return await role(transaction, role_id=role_id)


async def delete_role(transaction: Transaction, *, role_id: UUID, expected: int) -> None:
    """Delete a role of the tenant's own. Raises BS404, BS409 while members hold it, BS412."""
    await transaction.value(_q.delete_role, id=role_id, expected=expected)
