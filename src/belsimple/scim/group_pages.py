"""The page of a directory's group: the role that it means, and who would gain and lose by another. Served by part web."""

from typing import Final
from uuid import UUID

from belsimple.access import actions as access
from belsimple.access.actions import Role
from belsimple.database.transaction import Transaction
from belsimple.language import marked as _
from belsimple.scim import connections as actions
from belsimple.scim.connections import GroupRoleChange
from belsimple.sso.provider_pages import VersionForm
from belsimple.web.answers import Redirect, View, view
from belsimple.web.endpoint import page

_ONE: Final = "/settings/provisioning/{id}/groups/{group}"


class MappingForm(VersionForm, frozen=True, kw_only=True):
    """The role that the group means; none for an empty choice."""

    role_id: UUID | None = None


@page("GET", _ONE, permission="settings:write", summary="A group of a directory")
async def group(transaction: Transaction, id: UUID, group: UUID) -> View:
    return await _page(transaction, id, group)


@page("POST", _ONE + "/trial", permission="settings:write", form=_ONE, summary="Who would gain and lose by a mapping")
async def try_mapping(transaction: Transaction, id: UUID, group: UUID, body: MappingForm) -> View:
    changes = await actions.try_mapping(transaction, connection_id=id, group_id=group, role_id=body.role_id)
    return await _page(transaction, id, group, body, changes)


@page(
    "POST",
    _ONE,
    permission="settings:write",
    fresh=True,
    summary="Which role a group means, on a page",
    done=_("The group is saved. Its members hold the role from now on."),
)
async def map_group(transaction: Transaction, id: UUID, group: UUID, body: MappingForm) -> Redirect:
    await actions.map_group(transaction, connection_id=id, group_id=group, role_id=body.role_id, expected=body.version)
    return Redirect(f"/settings/provisioning/{id}/groups/{group}")


async def _page(
    transaction: Transaction,
    connection_id: UUID,
    group_id: UUID,
    tried: MappingForm | None = None,
    changes: list[GroupRoleChange] | None = None,
) -> View:
    roles = await access.roles(transaction) if "roles:read" in transaction.principal.permissions else list[Role]()
    return view(
        "directory_group.html",
        connection=await actions.shown(transaction, connection_id=connection_id),
        group=await actions.group(transaction, connection_id=connection_id, group_id=group_id),
        roles={role.id: role.name for role in roles},
        tried=tried,
        changes=changes,
    )


ENDPOINTS: Final = (group, try_mapping, map_group)
