"""Provisioning connections over the API."""

from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec

from belsimple.database.transaction import Transaction
from belsimple.identity.account import MemberDirectory, member_directory
from belsimple.language import marked as _
from belsimple.scim import connections as actions
from belsimple.scim.connections import (
    Connection,
    LoggedRequest,
    NewConnectionToken,
    SubjectAttribute,
    WaitingUser,
)
from belsimple.web.answers import Answer
from belsimple.web.endpoint import endpoint
from belsimple.web.form_errors import SAID
from belsimple.web.inputs import Input
from belsimple.web.problems import NotFound

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Networks = Annotated[list[Annotated[str, msgspec.Meta(max_length=64)]], msgspec.Meta(max_length=100)]
SubjectClaim = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=200,
        pattern=r"^[A-Za-z0-9_.:/-]+$",
        extra={SAID: _("Write a claim's name such as sub or oid.")},
    ),
]


class NewConnection(Input, frozen=True):
    """What the directory is called here."""

    name: Name


class ConnectionChange(Input, frozen=True):
    """All of it. `networks`: from where its requests come; none: the organisation's own rule holds. `provider_id`: at the first
    sign-in by it, whose `subject_claim` is the user's `subject_attribute` gets that user's account.
    """

    name: Name
    networks: Networks
    provider_id: UUID | None
    subject_claim: SubjectClaim
    subject_attribute: SubjectAttribute


class SwitchedConnection(Input, frozen=True):
    """On or off."""

    status: Literal["active", "disabled"]


class Connections(msgspec.Struct, frozen=True):
    """All of a tenant's."""

    items: list[Connection]


class LoggedRequests(msgspec.Struct, frozen=True):
    """The last requests, the newest first."""

    items: list[LoggedRequest]


class WaitingUsers(msgspec.Struct, frozen=True):
    """Users of the directory that wait to be linked."""

    items: list[WaitingUser]


_ALL: Final = "/api/v1/scim-connections"


@endpoint("GET", _ALL, permission="settings:read", summary="Provisioning connections")
async def list_connections(transaction: Transaction) -> Connections:
    return Connections(await actions.listed(transaction))


@endpoint(
    "POST",
    _ALL,
    permission="settings:write",
    fresh=True,
    secret=True,
    summary="Make a provisioning connection; its token is shown once",
)
async def add_connection(transaction: Transaction, body: NewConnection) -> Answer[Literal[201], NewConnectionToken]:
    return Answer(201, await actions.add(transaction, name=body.name))


@endpoint("GET", _ALL + "/{id}", permission="settings:read", summary="A provisioning connection")
async def get_connection(transaction: Transaction, id: UUID) -> Connection:
    return await actions.shown(transaction, connection_id=id)


@endpoint(
    "PUT",
    _ALL + "/{id}",
    permission="settings:write",
    fresh=True,
    precondition="required",
    summary="Change a provisioning connection",
)
async def change_connection(transaction: Transaction, id: UUID, body: ConnectionChange, expected: int) -> Connection:
    return await actions.change(
        transaction,
        connection_id=id,
        name=body.name,
        networks=body.networks,
        provider_id=body.provider_id,
        subject_claim=body.subject_claim,
        subject_attribute=body.subject_attribute,
        expected=expected,
    )


@endpoint(
    "PUT",
    _ALL + "/{id}/status",
    permission="settings:write",
    fresh=True,
    precondition="required",
    summary="Switch a provisioning connection on or off",
)
async def set_connection_status(
    transaction: Transaction, id: UUID, body: SwitchedConnection, expected: int
) -> Connection:
    return await actions.set_status(transaction, connection_id=id, status=body.status, expected=expected)


@endpoint(
    "DELETE",
    _ALL + "/{id}",
    permission="ownership:write",
    fresh=True,
    precondition="required",
    summary="Remove a provisioning connection",
)
async def remove_connection(transaction: Transaction, id: UUID, expected: int) -> None:
    await actions.remove(transaction, connection_id=id, expected=expected)


@endpoint(
    "POST",
    _ALL + "/{id}/tokens",
    permission="settings:write",
    fresh=True,
    secret=True,
    summary="A new token for a provisioning connection; shown once",
)
async def renew_connection_token(transaction: Transaction, id: UUID) -> Answer[Literal[201], NewConnectionToken]:
    return Answer(201, await actions.renew_token(transaction, connection_id=id))


@endpoint(
    "DELETE",
    _ALL + "/{id}/tokens/{token}",
    permission="settings:write",
    fresh=True,
    summary="End a token of a provisioning connection",
)
async def end_connection_token(transaction: Transaction, id: UUID, token: UUID) -> None:
    await actions.end_token(transaction, connection_id=id, token_id=token)


@endpoint("GET", _ALL + "/{id}/requests", permission="settings:write", summary="What a directory asked last")
async def list_connection_requests(transaction: Transaction, id: UUID) -> LoggedRequests:
    await actions.shown(transaction, connection_id=id)
    return LoggedRequests(await actions.requests(transaction, connection_id=id))


@endpoint("GET", _ALL + "/{id}/waiting", permission="settings:read", summary="Users that wait to be linked")
async def list_waiting_users(transaction: Transaction, id: UUID) -> WaitingUsers:
    await actions.shown(transaction, connection_id=id)
    return WaitingUsers(await actions.waiting(transaction, connection_id=id))


@endpoint(
    "PUT",
    _ALL + "/{id}/waiting/{user}/link",
    permission="settings:write",
    fresh=True,
    summary="Put an account into a directory's hands",
)
async def link_waiting_user(transaction: Transaction, id: UUID, user: UUID) -> None:
    await actions.link(transaction, connection_id=id, waiting_id=user)


@endpoint(
    "DELETE",
    _ALL + "/{id}/waiting/{user}",
    permission="settings:write",
    fresh=True,
    summary="Take a waiting user off the list",
)
async def dismiss_waiting_user(transaction: Transaction, id: UUID, user: UUID) -> None:
    await actions.dismiss(transaction, connection_id=id, waiting_id=user)


@endpoint("GET", "/api/v1/members/{id}/directory", permission="members:read", summary="The directory a member is in")
async def get_member_directory(transaction: Transaction, id: UUID) -> MemberDirectory:
    found = await member_directory(transaction, member_id=id)
    if found is None:
        raise NotFound
    return found


@endpoint(
    "DELETE",
    "/api/v1/members/{id}/directory",
    permission="ownership:write",
    fresh=True,
    summary="Take a member's account out of its directory's hands",
)
async def detach_member(transaction: Transaction, id: UUID) -> None:
    await actions.detach(transaction, member_id=id)


ENDPOINTS: Final = (
    list_connections,
    add_connection,
    get_connection,
    change_connection,
    set_connection_status,
    remove_connection,
    renew_connection_token,
    end_connection_token,
    list_connection_requests,
    list_waiting_users,
    link_waiting_user,
    dismiss_waiting_user,
    get_member_directory,
    detach_member,
)
