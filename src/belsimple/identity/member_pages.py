"""The pages of a tenant's people, for those who look after them. Served by part web."""

from typing import Annotated
from uuid import UUID

import msgspec

from belsimple.database.transaction import Transaction
from belsimple.identity import account
from belsimple.identity.routes import AfterEmail, RoleName
from belsimple.language import marked as _
from belsimple.web.answers import Redirect, View, view
from belsimple.web.cursor import cut_page, read_cursor
from belsimple.web.endpoint import page
from belsimple.web.inputs import Form, Paging


class PeopleQuery(Paging, frozen=True):
    """Whom to show: by a part of the name or address, and by role."""

    search: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    role: UUID | None = None


class RolesForm(Form, frozen=True, kw_only=True):
    """The boxes that are ticked, by the roles' ids."""

    roles: Annotated[list[RoleName], msgspec.Meta(max_length=50)] = msgspec.field(default_factory=list[str])
    version: int


@page("GET", "/settings/members", permission="members:read", summary="The people of the tenant")
async def members(transaction: Transaction, query: PeopleQuery) -> View:
    place = read_cursor(query.cursor, AfterEmail)
    found = await account.people(
        transaction, search=query.search, role=query.role, after=place and place.email, limit=query.limit + 1
    )
    cut = cut_page(found, query.limit, lambda last: AfterEmail(email=last.email))
    roles = await account.role_choices(transaction)
    return view(
        "members.html",
        members=cut.items,
        roles=roles,
        search=query.search,
        role=query.role,
        cursor=query.cursor,
        next=cut.next,
    )


@page("GET", "/settings/members/{id}", permission="members:read", summary="A person of the tenant")
async def member(transaction: Transaction, id: UUID) -> View:
    shown = await account.member(transaction, member_id=id)
    roles = await account.role_choices(transaction)
    factors = await account.member_factors(transaction, member_id=id)
    directory = await account.member_directory(transaction, member_id=id)
    own_id = transaction.principal.account_id
    return view("member.html", member=shown, roles=roles, factors=factors, directory=directory, own_id=own_id)


@page(
    "GET", "/settings/members/{id}/factors", permission="members:write", summary="Ask whether second factors are to go"
)
async def factors_question(transaction: Transaction, id: UUID) -> View:
    return view("member_factors.html", member=await account.member(transaction, member_id=id))


@page(
    "POST",
    "/settings/members/{id}/factors",
    permission="members:write",
    fresh=True,
    summary="Take all second factors from a person who lost them",
    done=_("The second factors are gone, and the person was told."),
)
async def clear_factors(transaction: Transaction, id: UUID) -> Redirect:
    await account.clear_member_factors(transaction, member_id=id)
    return Redirect(f"/settings/members/{id}")


@page(
    "POST",
    "/settings/members/{id}",
    permission="members:write",
    fresh=True,
    summary="Set the roles of a person",
    done=_("The roles are saved."),
)
async def set_roles(transaction: Transaction, id: UUID, body: RolesForm) -> Redirect:
    await account.change_member(transaction, member_id=id, status=None, roles=body.roles, expected=body.version)
    return Redirect(f"/settings/members/{id}")


@page(
    "POST",
    "/settings/members/{id}/deactivation",
    permission="members:write",
    fresh=True,
    summary="Deactivate a person",
    form="/settings/members/{id}",
    done=_("The account is deactivated and signed out everywhere."),
    undo="/settings/members/{id}/reactivation",
)
async def deactivate(transaction: Transaction, id: UUID) -> Redirect:
    await account.change_member(transaction, member_id=id, status="deactivated", roles=None, expected=None)
    return Redirect(f"/settings/members/{id}")


@page(
    "POST",
    "/settings/members/{id}/reactivation",
    permission="members:write",
    fresh=True,
    summary="Reactivate a person",
    form="/settings/members/{id}",
    done=_("The account is active again."),
    undo="/settings/members/{id}/deactivation",
)
async def reactivate(transaction: Transaction, id: UUID) -> Redirect:
    await account.change_member(transaction, member_id=id, status="active", roles=None, expected=None)
    return Redirect(f"/settings/members/{id}")


ENDPOINTS = (members, member, factors_question, clear_factors, set_roles, deactivate, reactivate)
