"""What an operator does by a link in a mail, over the API."""

from typing import Final, Literal

import msgspec

from belsimple.database.transaction import Database
from belsimple.identity.addresses import Email
from belsimple.identity.hashing import Hasher
from belsimple.identity.links import token_of
from belsimple.identity.sign_in_routes import Password, PersonName, Text
from belsimple.operators import links as actions
from belsimple.web.answers import Answer
from belsimple.web.endpoint import endpoint
from belsimple.web.inputs import Input
from belsimple.web.limits import Limit, by_address, by_fields_and_address

LINKS: Final = Limit(name="operator-link", times=30, seconds=60, burst=20, subject=by_address)
RESETS: Final = Limit(name="operator-reset", times=4, seconds=600, burst=4, subject=by_fields_and_address("email"))


class Acceptance(Input, frozen=True):
    """The token from the link, and what the new account needs; an address only where the invitation has none."""

    token: Text
    name: PersonName
    password: Password
    email: Email | None = None


class Accepted(msgspec.Struct, frozen=True):
    """With which address to sign in now."""

    email: str


class ResetRequest(Input, frozen=True):
    """Whose password is forgotten."""

    email: Text


class ResetConfirmation(Input, frozen=True):
    """The token from the link, and the new password."""

    token: Text
    password: Password


@endpoint(
    "POST",
    "/operator/api/v1/invitations/acceptance",
    permission="public",
    part="operator",
    limits=(LINKS,),
    summary="Accept an invitation and make the account",
)
async def accept_invitation(database: Database, hasher: Hasher, body: Acceptance) -> Answer[Literal[201], Accepted]:
    email = await actions.accept_invitation(
        database, hasher, token=token_of(body.token), email=body.email, name=body.name, password=body.password
    )
    return Answer(201, Accepted(email))


@endpoint(
    "POST",
    "/operator/api/v1/password-resets",
    permission="public",
    part="operator",
    limits=(LINKS, RESETS),
    summary="Ask for a link to choose a new password; the answer is the same for every address",
)
async def request_reset(database: Database, body: ResetRequest) -> Answer[Literal[202], None]:
    await actions.request_reset(database, email=body.email)
    return Answer(202)


@endpoint(
    "POST",
    "/operator/api/v1/password-resets/confirmation",
    permission="public",
    part="operator",
    limits=(LINKS,),
    summary="Choose a new password; every session ends",
)
async def confirm_reset(database: Database, hasher: Hasher, body: ResetConfirmation) -> Answer[Literal[204], None]:
    await actions.confirm_reset(database, hasher, token=token_of(body.token), password=body.password)
    return Answer(204)


ENDPOINTS = (accept_invitation, request_reset, confirm_reset)
