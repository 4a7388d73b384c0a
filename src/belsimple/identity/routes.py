"""The own account, sessions and members: served by part web."""

from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import available_timezones

import msgspec

from belsimple.database.transaction import Transaction
from belsimple.identity import account
from belsimple.identity.account import Me, Member, Session
from belsimple.identity.sign_in_routes import PersonName
from belsimple.web.answers import Page
from belsimple.web.cursor import cut_page, page_of_all, read_cursor
from belsimple.web.endpoint import SIGNED_IN, endpoint
from belsimple.web.inputs import Input, Paging
from belsimple.web.problems import Unprocessable

RoleName = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]


class MeChange(Input, frozen=True):
    """What a person may change of the own account."""

    name: PersonName | None = None
    language: Literal["en", "nl", "fr", "de"] | None = None
    zone: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class MemberChange(Input, frozen=True):
    """Status and roles of a member; roles by name or id, all of them."""

    status: Literal["active", "deactivated"] | None = None
    roles: Annotated[list[RoleName], msgspec.Meta(max_length=50)] | None = None


class AfterEmail(Input, frozen=True):
    """A cursor into the list of members."""

    email: str


@endpoint("GET", "/api/v1/me", permission=SIGNED_IN, summary="The signed-in account")
async def me(transaction: Transaction) -> Me:
    return await account.me(transaction)


@endpoint(
    "PATCH",
    "/api/v1/me",
    permission=SIGNED_IN,
    precondition="optional",
    summary="Change the own name, language or time zone",
)
async def change_me(transaction: Transaction, body: MeChange, expected: int | None) -> Me:
    if body.zone is not None and body.zone not in available_timezones():
        raise Unprocessable([("/zone", "Use a time zone's name, such as Europe/Brussels.")])
    return await account.change_me(
        transaction, name=body.name, language=body.language, zone=body.zone, expected=expected
    )


@endpoint("GET", "/api/v1/sessions", permission=SIGNED_IN, summary="The own living sessions")
async def list_sessions(transaction: Transaction, query: Paging) -> Page[Session]:
    return page_of_all(await account.sessions(transaction), query)


@endpoint("DELETE", "/api/v1/sessions/{id}", permission=SIGNED_IN, summary="End one of the own sessions")
async def end_session(transaction: Transaction, id: UUID) -> None:
    await account.end_session(transaction, session_id=id)


@endpoint("GET", "/api/v1/members", permission="members:read", summary="List members")
async def list_members(transaction: Transaction, query: Paging) -> Page[Member]:
    cursor = read_cursor(query.cursor, AfterEmail)
    found = await account.members(transaction, after=cursor and cursor.email, limit=query.limit + 1)
    return cut_page(found, query.limit, lambda last: AfterEmail(email=last.email))


@endpoint("GET", "/api/v1/members/{id}", permission="members:read", summary="One member")
async def get_member(transaction: Transaction, id: UUID) -> Member:
    return await account.member(transaction, member_id=id)


@endpoint(
    "PATCH",
    "/api/v1/members/{id}",
    permission="members:write",
    fresh=True,
    precondition="optional",
    summary="Deactivate or reactivate a member, or set the roles",
)
async def change_member(transaction: Transaction, id: UUID, body: MemberChange, expected: int | None) -> Member:
    return await account.change_member(
        transaction, member_id=id, status=body.status, roles=body.roles, expected=expected
    )


ENDPOINTS = (me, change_me, list_sessions, end_session, list_members, get_member, change_member)
