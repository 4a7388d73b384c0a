"""The pages of roles: what each permits, side by side, and the forms of the tenant's own. Served by part web."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from belsimple.access import actions
from belsimple.access.groups import grouped
from belsimple.access.routes import Name, Permissions
from belsimple.database.transaction import Transaction
from belsimple.language import marked as _
from belsimple.modules import Module
from belsimple.web.answers import Redirect, View, view
from belsimple.web.endpoint import page
from belsimple.web.inputs import Form, Input
from belsimple.web.problems import Conflict

_TAKEN: Final = _("There is a role of this name already.")


class Beginning(Input, frozen=True):
    """The role whose permissions a new one begins with."""

    copy: UUID | None = None


class NewRoleForm(Form, frozen=True, kw_only=True):
    """A role of the tenant's own, and the boxes that are ticked."""

    name: Name
    permissions: Permissions = msgspec.field(default_factory=list[str])


class RoleForm(NewRoleForm, frozen=True, kw_only=True):
    """The same for a role that exists."""

    version: int


class DeletionForm(Form, frozen=True):
    """Which version was looked at."""

    version: int


@page("GET", "/settings/roles", permission="roles:read", summary="The roles and what they permit")
async def roles(transaction: Transaction, modules: Sequence[Module]) -> View:
    groups = grouped(await actions.permissions(transaction), modules)
    return view("roles.html", roles=await actions.roles(transaction), groups=groups)


@page("GET", "/settings/roles/new", permission="roles:write", summary="The form of a new role")
async def new_role(transaction: Transaction, modules: Sequence[Module], query: Beginning) -> View:
    groups = grouped(await actions.permissions(transaction), modules)
    every = await actions.roles(transaction)
    copied = next((role for role in every if role.id == query.copy), None)
    return view("role_new.html", roles=every, groups=groups, copied=copied)


@page(
    "POST",
    "/settings/roles",
    permission="roles:write",
    fresh=True,
    summary="Define a role on a page",
    form="/settings/roles/new",
    done=_("The role is there. Give it to people on their pages."),
)
async def create_role(transaction: Transaction, body: NewRoleForm) -> Redirect:
    try:
        made = await actions.create_role(transaction, name=body.name, permissions=body.permissions)
    except asyncpg.UniqueViolationError:
        raise _taken() from None
    return Redirect(f"/settings/roles/{made.id}")


@page("GET", "/settings/roles/{id}", permission="roles:read", summary="A role")
async def role(transaction: Transaction, modules: Sequence[Module], id: UUID) -> View:
    shown = await actions.role(transaction, role_id=id)
    groups = grouped(await actions.permissions(transaction), modules)
    held = transaction.principal.permissions
    changeable = not shown.builtin and "roles:write" in held and held.issuperset(shown.permissions)
    return view("role.html", role=shown, groups=groups, changeable=changeable)


@page(
    "POST",
    "/settings/roles/{id}",
    permission="roles:write",
    fresh=True,
    summary="Change a role on a page",
    done=_("The role is saved."),
)
async def change_role(transaction: Transaction, id: UUID, body: RoleForm) -> Redirect:
    try:
        await actions.change_role(
            transaction, role_id=id, name=body.name, permissions=body.permissions, expected=body.version
        )
    except asyncpg.UniqueViolationError:
        raise _taken() from None
    return Redirect(f"/settings/roles/{id}")


@page("GET", "/settings/roles/{id}/deletion", permission="roles:write", summary="Whether to delete a role")
async def deletion(transaction: Transaction, id: UUID) -> View:
    return view("role_deletion.html", role=await actions.role(transaction, role_id=id))


@page(
    "POST",
    "/settings/roles/{id}/deletion",
    permission="roles:write",
    fresh=True,
    summary="Delete a role on a page",
    done=_("The role is deleted."),
)
async def delete_role(transaction: Transaction, id: UUID, body: DeletionForm) -> Redirect:
    await actions.delete_role(transaction, role_id=id, expected=body.version)
    return Redirect("/settings/roles")


def _taken() -> Conflict:
    return Conflict(_TAKEN, errors=[("/name", _TAKEN)])


ENDPOINTS = (roles, new_role, create_role, role, change_role, deletion, delete_role)
