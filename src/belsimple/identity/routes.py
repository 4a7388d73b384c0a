"""The own account, sessions and members: served by part web."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from belsimple.database.transaction import Transaction
from belsimple.identity import account, recovery
from belsimple.identity.account import Me, Member, Session
from belsimple.identity.addresses import Email
from belsimple.identity.recovery import EmailChange
from belsimple.identity.sign_in_routes import PersonName
from belsimple.language import Language
from belsimple.web.answers import Answer, Page
from belsimple.web.cursor import cut_page, page_of_all, read_cursor
from belsimple.web.endpoint import SIGNED_IN, endpoint
from belsimple.web.inputs import Input, Paging
from belsimple.web.limits import Limit, by_session

# Each is a mail to somebody who may not have asked for one.
EMAIL_CHANGES = Limit(name="email-change", times=10, seconds=3600, burst=5, subject=by_session)
ZoneName = Annotated[str, msgspec.Meta(max_length=64)]
RoleName = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]


class MeChange(Input, frozen=True):
    """What a person may change of the own account."""

    name: PersonName | None = None
    language: Language | None = None
    zone: ZoneName | None = None


class MemberChange(Input, frozen=True):
    """Status and roles of a member; roles by name or id, all of them."""

    status: Literal["active", "deactivated"] | None = None
    roles: Annotated[list[RoleName], msgspec.Meta(max_length=50)] | None = None


class NewEmail(Input, frozen=True):
    """The address to sign in with from now on."""

    email: Email


class AfterEmail(Input, frozen=True):
    """A cursor into the list of members."""

    email: str


@endpoint("GET", "/api/v1/me", permission=SIGNED_IN, tokens=True, summary="The signed-in account")
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
    return await account.change_me(
        transaction, name=body.name, language=body.language, zone=body.zone, expected=expected
    )


@endpoint("GET", "/api/v1/account/email-change", permission=SIGNED_IN, summary="The own change of address that waits")
async def get_email_change(transaction: Transaction) -> EmailChange:
    return await recovery.own_email_change(transaction)


@endpoint(
    "POST",
    "/api/v1/account/email-change",
    permission=SIGNED_IN,
    fresh=True,
    limits=(EMAIL_CHANGES,),
    summary="Change the own address; a mail to each of the two asks to confirm it",
)
async def request_email_change(transaction: Transaction, body: NewEmail) -> Answer[Literal[202], None]:
    await recovery.request_email_change(transaction, email=body.email)
    return Answer(202)


@endpoint("DELETE", "/api/v1/account/email-change", permission=SIGNED_IN, summary="Take the own change of address back")
async def cancel_email_change(transaction: Transaction) -> None:
    await recovery.cancel_email_change(transaction)


@endpoint("GET", "/api/v1/sessions", permission=SIGNED_IN, summary="The own living sessions")
async def list_sessions(transaction: Transaction, query: Paging) -> Page[Session]:
    return page_of_all(await account.sessions(transaction), query)


@endpoint("DELETE", "/api/v1/sessions", permission=SIGNED_IN, summary="End the own sessions, all but the one that asks")
async def end_other_sessions(transaction: Transaction) -> None:
    await account.end_other_sessions(transaction)


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


@endpoint(
    "DELETE",
    "/api/v1/members/{id}/factors",
    permission="members:write",
    fresh=True,
    summary="Take all second factors from a member who lost them",
)
async def clear_factors(transaction: Transaction, id: UUID) -> None:
    await account.clear_member_factors(transaction, member_id=id)


ENDPOINTS = (
    me,
    change_me,
    get_email_change,
    request_email_change,
    cancel_email_change,
    list_sessions,
    end_other_sessions,
    end_session,
    list_members,
    get_member,
    change_member,
    clear_factors,
)
