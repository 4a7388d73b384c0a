"""What a tenant's admin does with provisioning connections. Each change is one function of the database's, which does the deciding."""

import datetime as dt
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Transaction
from belsimple.identity.api_tokens import new_text
from belsimple.identity.tokens import sha256
from belsimple.web.answers import Versioned
from belsimple.web.problems import NotFound
from belsimple.web.provisioning import TOKEN_PREFIX

_q = load_queries("belsimple.scim", "connections.sql")
_HINT: Final = len(TOKEN_PREFIX) + 4
SubjectAttribute = Literal["externalId", "userName"]


class ConnectionToken(msgspec.Struct, frozen=True):
    """A token of a connection, without its text; ``hint`` is how it begins."""

    id: UUID
    hint: str
    created_at: dt.datetime
    last_used_at: dt.datetime | None


class _Facts(Versioned, frozen=True, kw_only=True):
    id: UUID
    name: str
    status: Literal["active", "disabled"]
    networks: list[str]
    provider_id: UUID | None
    subject_claim: str
    subject_attribute: SubjectAttribute
    users: int
    groups: int
    waiting: int
    created_at: dt.datetime


class Connection(_Facts, frozen=True, kw_only=True):
    """A connection as its admin sees it. `waiting`: users whose address is an account's that the directory did not make."""

    tokens: list[ConnectionToken]


class _Row(_Facts, frozen=True, kw_only=True):
    tokens: str


class NewConnectionToken(msgspec.Struct, frozen=True):
    """A token just made: nobody can read its text again."""

    connection_id: UUID
    token: str


class LoggedRequest(msgspec.Struct, frozen=True):
    """What the directory asked, and what came of it."""

    id: UUID
    at: dt.datetime
    method: str
    path: str
    status: int
    scim_type: str | None
    detail: str | None


class WaitingUser(msgspec.Struct, frozen=True):
    """A user of the directory, and the account of the same address that it did not make."""

    id: UUID
    account_id: UUID
    account: str
    email: str
    external_id: str | None
    user_name: str
    at: dt.datetime


class DirectoryGroup(Versioned, frozen=True, kw_only=True):
    """A group of the directory's, and the role that its members hold by it."""

    id: UUID
    display_name: str
    role_id: UUID | None
    role: str | None
    members: int


class GroupRoleChange(msgspec.Struct, frozen=True):
    """Who would gain or lose which role."""

    account_id: UUID
    account: str
    email: str
    role: str
    gains: bool


async def listed(transaction: Transaction) -> list[Connection]:
    """All of the tenant's."""
    return [_shown(row) for row in await transaction.rows(_q.connections, _Row, id=None)]


async def shown(transaction: Transaction, *, connection_id: UUID) -> Connection:
    """One of them. Raises NotFound."""
    found = await transaction.row(_q.connections, _Row, id=connection_id)
    if found is None:
        raise NotFound
    return _shown(found)


def _shown(row: _Row) -> Connection:
    tokens = msgspec.json.decode(row.tokens, type=list[ConnectionToken])
    values: dict[str, Any] = {**msgspec.structs.asdict(row), "tokens": tokens}
    return Connection(**values)


async def add(transaction: Transaction, *, name: str) -> NewConnectionToken:
    """A connection with its first token. Raises BS409 for one too many."""
    text = new_text(TOKEN_PREFIX)
    made: UUID = await transaction.value(_q.add_connection, name=name, **_kept(text))
    return NewConnectionToken(made, text)


async def change(
    transaction: Transaction,
    *,
    connection_id: UUID,
    name: str,
    networks: list[str],
    provider_id: UUID | None,
    subject_claim: str,
    subject_attribute: SubjectAttribute,
    expected: int,
) -> Connection:
    """All that an admin says of it. Raises BS404, BS412, BS422, and BS403 where its people hold more than the caller."""
    await transaction.value(
        _q.change_connection,
        id=connection_id,
        name=name,
        networks=networks,
        provider_id=provider_id,
        subject_claim=subject_claim,
        subject_attribute=subject_attribute,
        expected=expected,
    )
    return await shown(transaction, connection_id=connection_id)


async def set_status(transaction: Transaction, *, connection_id: UUID, status: str, expected: int) -> Connection:
    """Switch on or off; off refuses its tokens from the next request on. Raises BS404 and BS412."""
    await transaction.value(_q.set_connection_status, id=connection_id, status=status, expected=expected)
    return await shown(transaction, connection_id=connection_id)


async def remove(transaction: Transaction, *, connection_id: UUID, expected: int) -> None:
    """With its groups and its hold on accounts; the accounts stay as they are. Raises 42501 for whoever is no owner."""
    await transaction.value(_q.remove_connection, id=connection_id, expected=expected)


async def renew_token(transaction: Transaction, *, connection_id: UUID) -> NewConnectionToken:
    """A new token; the one before goes on until it is ended. Raises BS404, and BS403 where its people hold more than the caller."""
    text = new_text(TOKEN_PREFIX)
    await transaction.value(_q.renew_token, id=connection_id, **_kept(text))
    return NewConnectionToken(connection_id, text)


def _kept(text: str) -> dict[str, Any]:
    return {"token_hash": sha256(text.encode("ascii")), "hint": text[:_HINT]}


async def end_token(transaction: Transaction, *, connection_id: UUID, token_id: UUID) -> None:
    """It opens nothing from the next request on. Raises NotFound."""
    if not await transaction.value(_q.end_token, id=connection_id, token=token_id):
        raise NotFound


async def requests(transaction: Transaction, *, connection_id: UUID) -> list[LoggedRequest]:
    """The last ones, the newest first."""
    return await transaction.rows(_q.requests, LoggedRequest, id=connection_id)


async def waiting(transaction: Transaction, *, connection_id: UUID) -> list[WaitingUser]:
    """Users that wait to be linked."""
    return await transaction.rows(_q.conflicts, WaitingUser, id=connection_id)


async def link(transaction: Transaction, *, connection_id: UUID, waiting_id: UUID) -> None:
    """Put the account into the directory's hands. Raises BS404, BS409 for another directory's, BS403 for one that may do more."""
    await transaction.value(_q.link, id=connection_id, conflict=waiting_id)


async def dismiss(transaction: Transaction, *, connection_id: UUID, waiting_id: UUID) -> None:
    """Off the list, until the directory tries again. Raises NotFound."""
    if not await transaction.value(_q.drop_conflict, id=connection_id, conflict=waiting_id):
        raise NotFound


async def groups(transaction: Transaction, *, connection_id: UUID) -> list[DirectoryGroup]:
    """The directory's groups, by name."""
    return await transaction.rows(_q.mapped_groups, DirectoryGroup, id=connection_id, group=None)


async def group(transaction: Transaction, *, connection_id: UUID, group_id: UUID) -> DirectoryGroup:
    """One of them. Raises NotFound."""
    found = await transaction.row(_q.mapped_groups, DirectoryGroup, id=connection_id, group=group_id)
    if found is None:
        raise NotFound
    return found


async def try_mapping(
    transaction: Transaction, *, connection_id: UUID, group_id: UUID, role_id: UUID | None
) -> list[GroupRoleChange]:
    """Who would gain or lose which role if the group meant this one: nothing is changed."""
    await group(transaction, connection_id=connection_id, group_id=group_id)
    return await transaction.rows(_q.try_mapping, GroupRoleChange, id=connection_id, group=group_id, role=role_id)


async def map_group(
    transaction: Transaction, *, connection_id: UUID, group_id: UUID, role_id: UUID | None, expected: int
) -> DirectoryGroup:
    """What the group means from now on. Raises BS403 for a role with more than the caller holds, BS409 for the last owner."""
    await transaction.value(_q.map_group, id=connection_id, group=group_id, role=role_id, expected=expected)
    return await group(transaction, connection_id=connection_id, group_id=group_id)


async def detach(transaction: Transaction, *, member_id: UUID) -> None:
    """Take an account out of its directory's hands. Raises BS404, and 42501 for whoever is no owner."""
    await transaction.value(_q.detach, account=member_id)
