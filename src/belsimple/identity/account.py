"""The own account and the tenant's members: what is read and changed without a password."""

from datetime import datetime
from uuid import UUID
from zoneinfo import available_timezones

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Transaction
from belsimple.identity.tokens import sha256
from belsimple.language import marked as _
from belsimple.web.answers import Versioned
from belsimple.web.problems import NotFound, Unprocessable

_q = load_queries("belsimple.identity")


class Tenant(msgspec.Struct, frozen=True):
    """The tenant an account belongs to."""

    id: UUID
    slug: str
    name: str


class Me(Versioned, frozen=True):
    """The signed-in account."""

    id: UUID
    email: str
    name: str
    language: str
    zone: str
    tenant: Tenant
    roles: list[str]
    permissions: list[str]


class Session(msgspec.Struct, frozen=True):
    """A living session of the own account; `current` is the one that asks."""

    id: UUID
    created_at: datetime
    last_seen: datetime
    expires_at: datetime
    address: str | None
    agent: str | None
    current: bool


class Member(Versioned, frozen=True):
    """An account of the tenant, as those who manage members see it."""

    id: UUID
    email: str
    name: str
    status: str
    roles: list[str]
    role_ids: list[UUID]
    created_at: datetime


class MemberFactors(msgspec.Struct, frozen=True):
    """What a member can show besides the password: an authenticator app, and how many passkeys."""

    totp: bool
    passkeys: int


class RoleChoice(msgspec.Struct, frozen=True):
    """A role that a member can be given."""

    id: UUID
    name: str
    builtin: bool


class _Me(msgspec.Struct):
    id: UUID
    email: str
    name: str
    language: str
    zone: str
    version: int
    tenant_id: UUID
    tenant_slug: str
    tenant_name: str
    roles: list[str]


async def me(transaction: Transaction) -> Me:
    """The account that asks, with the permissions it holds at this moment."""
    found = await transaction.row(_q.me, _Me)
    if found is None:
        raise NotFound
    return Me(
        id=found.id,
        email=found.email,
        name=found.name,
        language=found.language,
        zone=found.zone,
        version=found.version,
        tenant=Tenant(found.tenant_id, found.tenant_slug, found.tenant_name),
        roles=found.roles,
        permissions=sorted(transaction.principal.permissions),
    )


async def change_me(
    transaction: Transaction, *, name: str | None, language: str | None, zone: str | None, expected: int | None
) -> Me:
    """Change the own account; None leaves a field as it is.

    Raises BS412 when `expected` is not its version, and Unprocessable for a zone that there is not.
    """
    if zone is not None and zone not in available_timezones():
        raise Unprocessable([("/zone", _("Use a time zone's name, such as Europe/Brussels."))])
    await transaction.value(_q.change_me, name=name, language=language, zone=zone, expected=expected)
    return await me(transaction)


async def sessions(transaction: Transaction) -> list[Session]:
    """The own living sessions."""
    return await transaction.rows(_q.own_sessions, Session)


async def end_session(transaction: Transaction, *, session_id: UUID | None) -> None:
    """End one of the own sessions. Raises NotFound, for another account's too."""
    if not await transaction.value(_q.end_own_session, id=session_id):
        raise NotFound


async def begin_farewell(transaction: Transaction, *, handle: bytes) -> UUID | None:
    """The identity provider that opened this session: there is one to end there too. `handle`: names it there, in an address."""
    found: UUID | None = await transaction.value(_q.begin_farewell, handle_hash=sha256(handle))
    return found


async def end_other_sessions(transaction: Transaction) -> None:
    """End all of the own sessions but the one that asks."""
    await transaction.value(_q.end_other_sessions)


async def members(transaction: Transaction, *, after: str | None, limit: int) -> list[Member]:
    """Members in the order of their addresses, from behind `after`."""
    return await transaction.rows(_q.members, Member, id=None, after_email=after, limit=limit)


async def people(
    transaction: Transaction, *, search: str | None, role: UUID | None, after: str | None, limit: int
) -> list[Member]:
    """Members whose name or address holds a text, whatever the case, and who hold a role; None lets everybody through."""
    return await transaction.rows(_q.people, Member, search=search, role=role, after_email=after, limit=limit)


async def role_choices(transaction: Transaction) -> list[RoleChoice]:
    """The roles there are, built-in ones first; none for whoever may not see roles."""
    return await transaction.rows(_q.role_choices, RoleChoice)


async def member(transaction: Transaction, *, member_id: UUID) -> Member:
    """One member. Raises NotFound."""
    found = await transaction.row(_q.members, Member, id=member_id, after_email=None, limit=1)
    if found is None:
        raise NotFound
    return found


async def member_factors(transaction: Transaction, *, member_id: UUID) -> MemberFactors | None:
    """What a member can show besides the password; None for whoever may not change members, and for nobody."""
    if "members:write" not in transaction.principal.permissions:
        return None
    return await transaction.row(_q.member_factors, MemberFactors, id=member_id)


async def clear_member_factors(transaction: Transaction, *, member_id: UUID) -> None:
    """Take all second factors from a member who lost them, and end their sessions. Their password stays, and they are told.

    Raises BS404, BS403 for a member who may do more than the caller, BS409 for the caller's own.
    """
    await transaction.value(_q.clear_member_factors, id=member_id)


async def change_member(
    transaction: Transaction, *, member_id: UUID, status: str | None, roles: list[str] | None, expected: int | None
) -> Member:
    """Deactivate, reactivate, or set the roles (names or ids) of a member.

    Raises BS404, BS412, BS422 for a role that does not exist, BS403 for a permission that the caller lacks, BS409 for the last owner.
    """
    await transaction.value(_q.change_member, id=member_id, status=status, roles=roles, expected=expected)
    return await member(transaction, member_id=member_id)


class MemberDirectory(msgspec.Struct, frozen=True):
    """The directory that looks after a member's account. `active`: what that directory says."""

    connection_id: UUID
    connection: str
    external_id: str | None
    user_name: str
    active: bool
    linked: bool


async def member_directory(transaction: Transaction, *, member_id: UUID) -> MemberDirectory | None:
    """The directory that a member is in, if there is one."""
    return await transaction.row(_q.member_directory, MemberDirectory, id=member_id)
