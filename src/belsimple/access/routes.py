"""Roles and permissions over the API."""

from typing import Annotated
from uuid import UUID

import msgspec

from belsimple.access import actions
from belsimple.access.actions import PermissionView, Role
from belsimple.database.transaction import Transaction
from belsimple.web.answers import Created, Page
from belsimple.web.cursor import page_of_all
from belsimple.web.endpoint import endpoint
from belsimple.web.inputs import Input, Paging

Name = Annotated[
    str,
    msgspec.Meta(min_length=1, max_length=60, pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"),
]
Permissions = Annotated[list[Annotated[str, msgspec.Meta(max_length=80)]], msgspec.Meta(max_length=200)]


class NewRole(Input, frozen=True):
    """A role of the tenant's own."""

    name: Name
    permissions: Permissions


class RoleChange(Input, frozen=True):
    """What changes; a field left out stays."""

    name: Name | None = None
    permissions: Permissions | None = None


@endpoint("GET", "/api/v1/roles", permission="roles:read", summary="List roles")
async def list_roles(transaction: Transaction, query: Paging) -> Page[Role]:
    return page_of_all(await actions.roles(transaction), query)


@endpoint("GET", "/api/v1/roles/{id}", permission="roles:read", summary="One role")
async def get_role(transaction: Transaction, id: UUID) -> Role:
    return await actions.role(transaction, role_id=id)


@endpoint("POST", "/api/v1/roles", permission="roles:write", fresh=True, summary="Define a role")
async def create_role(transaction: Transaction, body: NewRole) -> Created[Role]:
    made = await actions.create_role(transaction, name=body.name, permissions=body.permissions)
    return Created(made, f"/api/v1/roles/{made.id}")


@endpoint(
    "PATCH",
    "/api/v1/roles/{id}",
    permission="roles:write",
    fresh=True,
    precondition="required",
    summary="Change a role",
)
async def change_role(transaction: Transaction, id: UUID, body: RoleChange, expected: int) -> Role:
    return await actions.change_role(
        transaction, role_id=id, name=body.name, permissions=body.permissions, expected=expected
    )


@endpoint(
    "DELETE",
    "/api/v1/roles/{id}",
    permission="roles:write",
    fresh=True,
    precondition="required",
    summary="Delete a role",
)
async def delete_role(transaction: Transaction, id: UUID, expected: int) -> None:
    await actions.delete_role(transaction, role_id=id, expected=expected)


@endpoint("GET", "/api/v1/permissions", permission="roles:read", summary="Every permission a role can hold")
async def list_permissions(transaction: Transaction, query: Paging) -> Page[PermissionView]:
    return page_of_all(await actions.permissions(transaction), query)


ENDPOINTS = (list_roles, get_role, create_role, change_role, delete_role, list_permissions)
