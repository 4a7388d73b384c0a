"""Signing in and out, and what needs the password: served by part gate."""

from base64 import urlsafe_b64decode
from binascii import Error
from typing import Annotated
from uuid import UUID

import msgspec

from belsimple.database.transaction import Database, Transaction
from belsimple.identity import account, actions
from belsimple.identity.hashing import Hasher
from belsimple.web.answers import Answer, EndSession, NewSession
from belsimple.web.attempts import Attempts
from belsimple.web.endpoint import SIGNED_IN, endpoint
from belsimple.web.inputs import Caller, Input
from belsimple.web.limits import Limit, by_address, by_fields, by_fields_and_address, by_session
from belsimple.web.problems import NotFound

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
PersonName = Annotated[
    str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$")
]
Password = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]

# Only refused attempts use these up. STRANGERS bounds guessing on one account from any number of addresses; it does not
# count the addresses where the account signs in, so that a stranger's storm locks nobody out (docs/decisions/0006).
PER_ADDRESS = Limit(name="sign-in-address", times=60, seconds=60, burst=30, subject=by_address)
PER_ACCOUNT = Limit(
    name="sign-in-account", times=2, seconds=60, burst=10, subject=by_fields_and_address("tenant", "email")
)
STRANGERS = Limit(name="sign-in-strangers", times=4, seconds=60, burst=20, subject=by_fields("tenant", "email"))
PER_SESSION = Limit(name="own-password", times=2, seconds=60, burst=10, subject=by_session)
INVITATIONS = Limit(name="invitation", times=30, seconds=60, burst=20, subject=by_address)


class SignIn(Input, frozen=True):
    """Credentials. Sign-in names the tenant: the same address in two tenants is two accounts."""

    tenant: Text
    email: Text
    password: Password


class SignedIn(msgspec.Struct, frozen=True):
    """The session that was opened; its token is in the cookie alone."""

    id: UUID
    account_id: UUID


class PasswordChange(Input, frozen=True):
    """The current password and the new one."""

    current: Password
    new: Password


class Reauthentication(Input, frozen=True):
    """The own password, once more."""

    password: Password


class Acceptance(Input, frozen=True):
    """The invitation's token from the link, and what the new account needs."""

    token: Text
    name: PersonName
    password: Password


class Accepted(msgspec.Struct, frozen=True):
    """Where to sign in now."""

    tenant: str
    email: str


@endpoint(
    "POST",
    "/api/v1/session",
    permission="public",
    part="gate",
    limits=(PER_ADDRESS, PER_ACCOUNT),
    summary="Sign in with a password",
)
async def sign_in(
    database: Database, hasher: Hasher, body: SignIn, caller: Caller, attempts: Attempts
) -> Answer[SignedIn]:
    attempt = await actions.begin_sign_in(database, tenant=body.tenant, email=body.email, caller=caller)
    if not attempt.familiar:
        await attempts.take(STRANGERS)
    opened = await actions.sign_in(database, hasher, attempt, password=body.password)
    await attempts.give_back()
    return Answer(201, SignedIn(opened.session_id, opened.account_id), cookie=NewSession(opened.token))


@endpoint("DELETE", "/api/v1/session", permission=SIGNED_IN, part="gate", summary="Sign out")
async def sign_out(transaction: Transaction) -> Answer[None]:
    await account.end_session(transaction, session_id=transaction.principal.session_id)
    return Answer(204, cookie=EndSession())


@endpoint(
    "PUT",
    "/api/v1/account/password",
    permission=SIGNED_IN,
    part="gate",
    limits=(PER_SESSION,),
    summary="Change the own password",
)
async def change_password(
    transaction: Transaction, hasher: Hasher, body: PasswordChange, caller: Caller
) -> Answer[None]:
    token = await actions.change_password(transaction, hasher, current=body.current, new=body.new, caller=caller)
    return Answer(204, cookie=NewSession(token))


@endpoint(
    "POST",
    "/api/v1/reauthentication",
    permission=SIGNED_IN,
    part="gate",
    limits=(PER_SESSION,),
    idempotent=False,
    summary="Confirm who you are with the own password",
)
async def reauthenticate(transaction: Transaction, hasher: Hasher, body: Reauthentication) -> None:
    await actions.reauthenticate(transaction, hasher, password=body.password)


@endpoint(
    "POST",
    "/api/v1/invitations/acceptance",
    permission="public",
    part="gate",
    limits=(INVITATIONS,),
    summary="Accept an invitation and make the account",
)
async def accept_invitation(database: Database, hasher: Hasher, body: Acceptance) -> Answer[Accepted]:
    tenant, email = await actions.accept_invitation(
        database, hasher, token=invitation_token(body.token), name=body.name, password=body.password
    )
    return Answer(201, Accepted(tenant, email))


def invitation_token(text: str) -> bytes:
    """The token in a link. Raises NotFound for what cannot be one."""
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (Error, ValueError):
        raise NotFound from None


ENDPOINTS = (sign_in, sign_out, change_password, reauthenticate, accept_invitation)
