"""Signing in and out, and what needs the password: served by part gate."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from belsimple.database.transaction import Database, Transaction
from belsimple.identity import account, actions, admission, own_factors
from belsimple.identity.admission import Admitted, Wants
from belsimple.identity.factors import Factors
from belsimple.identity.hashing import Hasher
from belsimple.identity.links import token_of
from belsimple.identity.passkeys import Credential
from belsimple.language import marked as _
from belsimple.web.answers import Answer, EndSession, NewPending, NewSession
from belsimple.web.attempts import Attempts
from belsimple.web.endpoint import SIGNED_IN, endpoint
from belsimple.web.inputs import Caller, Input
from belsimple.web.limits import Limit, by_address, by_fields, by_fields_and_address, by_session
from belsimple.web.problems import Unauthorized, Unprocessable

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
PersonName = Annotated[
    str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$")
]
Password = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
"""Of an authenticator app, or a recovery code, as it was typed."""

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


Way = Literal["totp", "passkey", "recovery_code"]


class SignedIn(msgspec.Struct, frozen=True, omit_defaults=True):
    """201: the session that was opened; its token is in the cookie alone. `recovery_codes`: of a factor just made, told once.

    202: what the sign-in wants besides, in `pending`. `factors`: by which it can go on; for an enrolment, which can be made.
    """

    id: UUID | None = None
    account_id: UUID | None = None
    recovery_codes: tuple[str, ...] = ()
    pending: Wants | None = None
    factors: tuple[Way, ...] = ()


class PasswordChange(Input, frozen=True):
    """The current password and the new one."""

    current: Password
    new: Password


class Reauthentication(Input, frozen=True):
    """Once more the own password, or a code of the own authenticator app, or a passkey's answer to a challenge."""

    password: Password | None = None
    code: Code | None = None
    credential: Credential | None = None


class Challenge(msgspec.Struct, frozen=True):
    """What navigator.credentials is to be given, as JSON; its answer comes back with the cookie that is set beside it."""

    options: str


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
) -> Answer[Literal[201, 202], SignedIn]:
    attempt = await actions.begin_sign_in(database, tenant=body.tenant, email=body.email, caller=caller)
    if not attempt.familiar:
        await attempts.take(STRANGERS)
    admitted = await actions.sign_in(database, hasher, attempt, password=body.password)
    await attempts.give_back()
    return await answer_of(database, caller, admitted)


async def answer_of(database: Database, caller: Caller, admitted: Admitted) -> Answer[Literal[201, 202], SignedIn]:
    """201 with the session, or 202 with what is wanted."""
    if admitted.outcome == "open":
        made = SignedIn(admitted.session_id, admitted.account_id, admitted.recovery_codes)
        return Answer(201, made, cookie=admitted.cookie)
    shown = await admission.pending(database, msgspec.structs.replace(caller, pending=admitted.token))
    if shown is None:  # ended between two statements
        raise Unauthorized(admission.NOT_RIGHT, name="sign-in-refused")
    made = msgspec.structs.replace(still_pending(shown), recovery_codes=admitted.recovery_codes)
    return Answer(202, made, cookie=admitted.cookie)


def still_pending(shown: admission.Pending) -> SignedIn:
    """What the API tells of a pending sign-in."""
    if shown.wants == "browser":
        return SignedIn(pending="browser")
    if shown.wants == "enrolment":
        return SignedIn(pending="enrolment", factors=("totp", "passkey") if shown.totp_allowed else ("passkey",))
    owned: tuple[tuple[bool, Way], ...] = (
        (shown.has_totp, "totp"),
        (shown.has_passkey, "passkey"),
        (True, "recovery_code"),
    )
    return SignedIn(pending="factor", factors=tuple(way for has, way in owned if has))


@endpoint("DELETE", "/api/v1/session", permission=SIGNED_IN, part="gate", summary="Sign out")
async def sign_out(transaction: Transaction) -> Answer[Literal[204], None]:
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
) -> Answer[Literal[204], None]:
    token = await actions.change_password(transaction, hasher, current=body.current, new=body.new, caller=caller)
    return Answer(204, cookie=NewSession(token))


@endpoint(
    "POST",
    "/api/v1/reauthentication",
    permission=SIGNED_IN,
    part="gate",
    limits=(PER_SESSION,),
    idempotent=False,
    summary="Confirm who you are with the own password, a code or a passkey",
)
async def reauthenticate(
    transaction: Transaction, hasher: Hasher, factors: Factors, body: Reauthentication, caller: Caller
) -> None:
    await confirm_person(transaction, hasher, factors, caller, **msgspec.structs.asdict(body))


async def confirm_person(
    transaction: Transaction,
    hasher: Hasher,
    factors: Factors,
    caller: Caller,
    *,
    password: str | None,
    code: str | None,
    credential: str | None,
) -> None:
    """By whatever was given. Raises WrongPassword, WrongCode, Unprocessable."""
    if credential is not None:
        await own_factors.reauthenticate_by_passkey(transaction, factors, caller, credential=credential)
    elif code is not None:
        await own_factors.reauthenticate_by_code(transaction, factors, code=code)
    elif password is not None:
        await actions.reauthenticate(transaction, hasher, password=password)
    else:
        raise Unprocessable([("/password", _("Fill this in."))])


@endpoint(
    "POST",
    "/api/v1/reauthentication/challenge",
    permission=SIGNED_IN,
    part="gate",
    limits=(PER_SESSION,),
    secret=True,
    summary="What a passkey is asked to confirm who you are",
)
async def reauthentication_challenge(
    transaction: Transaction, factors: Factors, caller: Caller
) -> Answer[Literal[201], Challenge]:
    token, options = await own_factors.begin_reauthentication(transaction, factors, caller)
    return Answer(201, Challenge(options), cookie=NewPending(token))


@endpoint(
    "POST",
    "/api/v1/invitations/acceptance",
    permission="public",
    part="gate",
    limits=(INVITATIONS,),
    summary="Accept an invitation and make the account",
)
async def accept_invitation(database: Database, hasher: Hasher, body: Acceptance) -> Answer[Literal[201], Accepted]:
    made = await actions.accept_invitation(
        database, hasher, token=token_of(body.token), name=body.name, password=body.password
    )
    return Answer(201, Accepted(made.tenant_slug, made.email))


ENDPOINTS = (sign_in, sign_out, change_password, reauthenticate, reauthentication_challenge, accept_invitation)
