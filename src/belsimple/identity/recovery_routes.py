"""Password resets, and confirming a change of address: served by part gate, to whoever holds a link."""

from typing import Literal

from belsimple.database.transaction import Database
from belsimple.identity import recovery
from belsimple.identity.hashing import Hasher
from belsimple.identity.links import token_of
from belsimple.identity.sign_in_routes import Password, Text
from belsimple.web.answers import Answer
from belsimple.web.endpoint import endpoint
from belsimple.web.inputs import Caller, Input
from belsimple.web.limits import Limit, by_address, by_fields_and_address

# None counts by account alone: a stranger who asks in somebody's name must not keep that person from asking.
RESETS = Limit(name="reset-address", times=60, seconds=3600, burst=20, subject=by_address)
RESETS_OF_ACCOUNT = Limit(
    name="reset-account", times=6, seconds=3600, burst=3, subject=by_fields_and_address("tenant", "email")
)
LINKS = Limit(name="links", times=30, seconds=60, burst=20, subject=by_address)


class ResetRequest(Input, frozen=True):
    """Whose password is forgotten."""

    tenant: Text
    email: Text


class ResetConfirmation(Input, frozen=True):
    """The token from the mail's link, and the new password."""

    token: Text
    password: Password


class EmailConfirmation(Input, frozen=True):
    """The token from one of the two mails."""

    token: Text


@endpoint(
    "POST",
    "/api/v1/password-resets",
    permission="public",
    part="gate",
    limits=(RESETS, RESETS_OF_ACCOUNT),
    summary="Ask for a mail with which to set a new password",
)
async def request_reset(database: Database, body: ResetRequest) -> Answer[Literal[202], None]:
    await recovery.request_reset(database, tenant=body.tenant, email=body.email)
    return Answer(202)


@endpoint(
    "POST",
    "/api/v1/password-resets/confirmation",
    permission="public",
    part="gate",
    limits=(LINKS,),
    summary="Set a new password by the link in a mail; ends every session",
)
async def confirm_reset(database: Database, hasher: Hasher, body: ResetConfirmation, caller: Caller) -> None:
    await recovery.confirm_reset(database, hasher, token=token_of(body.token), password=body.password, caller=caller)


@endpoint(
    "POST",
    "/api/v1/account/email-change/confirmation",
    permission="public",
    part="gate",
    limits=(LINKS,),
    summary="Confirm a change of address from one of the two mailboxes",
)
async def confirm_email_change(database: Database, body: EmailConfirmation) -> None:
    await recovery.confirm_email_change(database, token=token_of(body.token))


ENDPOINTS = (request_reset, confirm_reset, confirm_email_change)
