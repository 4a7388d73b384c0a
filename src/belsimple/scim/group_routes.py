"""Groups of a directory over the API: what each means, and who would gain and lose by it."""

from typing import Final
from uuid import UUID

import msgspec

from belsimple.database.transaction import Transaction
from belsimple.scim import connections as actions
from belsimple.scim.connections import DirectoryGroup, GroupRoleChange
from belsimple.web.endpoint import endpoint
from belsimple.web.inputs import Input

_ALL: Final = "/api/v1/scim-connections/{id}/groups"


class GroupRole(Input, frozen=True):
    """The role that the group's members hold by it; null for none."""

    role_id: UUID | None


class DirectoryGroups(msgspec.Struct, frozen=True):
    """The directory's groups, by name."""

    items: list[DirectoryGroup]


class GroupRoleChanges(msgspec.Struct, frozen=True):
    """Who would gain and lose what."""

    items: list[GroupRoleChange]


@endpoint("GET", _ALL, permission="settings:read", summary="A directory's groups")
async def list_directory_groups(transaction: Transaction, id: UUID) -> DirectoryGroups:
    await actions.shown(transaction, connection_id=id)
    return DirectoryGroups(await actions.groups(transaction, connection_id=id))


@endpoint("GET", _ALL + "/{group}", permission="settings:read", summary="A group of a directory")
async def get_directory_group(transaction: Transaction, id: UUID, group: UUID) -> DirectoryGroup:
    return await actions.group(transaction, connection_id=id, group_id=group)


@endpoint(
    "PUT",
    _ALL + "/{group}/role",
    permission="settings:write",
    fresh=True,
    precondition="required",
    summary="Which role a group's members hold by it",
)
async def map_directory_group(
    transaction: Transaction, id: UUID, group: UUID, body: GroupRole, expected: int
) -> DirectoryGroup:
    return await actions.map_group(
        transaction, connection_id=id, group_id=group, role_id=body.role_id, expected=expected
    )


@endpoint(
    "POST",
    _ALL + "/{group}/role/trial",
    permission="settings:write",
    idempotent=False,
    summary="Who would gain and lose what by a group's role",
)
async def try_directory_group(transaction: Transaction, id: UUID, group: UUID, body: GroupRole) -> GroupRoleChanges:
    changes = await actions.try_mapping(transaction, connection_id=id, group_id=group, role_id=body.role_id)
    return GroupRoleChanges(changes)


ENDPOINTS: Final = (list_directory_groups, get_directory_group, map_directory_group, try_directory_group)
