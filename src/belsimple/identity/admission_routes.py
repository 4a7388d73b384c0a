"""Going on with a pending sign-in over the API: by a factor, by making one, or once the mailbox has said yes. Part gate's."""

from typing import Annotated, Literal

import msgspec

from belsimple.database.transaction import Database
from belsimple.identity import admission, totp
from belsimple.identity.admission import Admitted, Pending
from belsimple.identity.factors import Factors
from belsimple.identity.passkeys import Credential
from belsimple.identity.sign_in_routes import (
    PER_ADDRESS,
    Challenge,
    Code,
    SignedIn,
    answer_of,
    still_pending,
)
from belsimple.language import marked as _
from belsimple.web.answers import Answer, NewPending
from belsimple.web.endpoint import endpoint
from belsimple.web.inputs import Caller, Input
from belsimple.web.limits import Limit, by_address
from belsimple.web.problems import Unauthorized, Unprocessable

# Each page of a sign-in asks for one; a network of many people has one address.
CHALLENGES = Limit(name="passkey-challenge", times=240, seconds=60, burst=120, subject=by_address)
PasskeyName = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Proof(Input, frozen=True):
    """One of the three: a code of an authenticator app, a recovery code, a passkey's answer."""

    code: Code | None = None
    recovery_code: Code | None = None
    credential: Credential | None = None


class Enrolment(Input, frozen=True):
    """The first code of the new secret, or a new passkey and its name."""

    code: Code | None = None
    credential: Credential | None = None
    name: PasskeyName = "Passkey"


class NewTotp(msgspec.Struct, frozen=True):
    """A secret, for typing and as the address in a QR code; told once."""

    secret: str
    address: str


@endpoint(
    "POST",
    "/api/v1/session/challenge",
    permission="public",
    part="gate",
    limits=(CHALLENGES,),
    summary="Begin to sign in with a passkey",
)
async def challenge(database: Database, factors: Factors, caller: Caller) -> Answer[Literal[201], Challenge]:
    token, options = await admission.begin_passkey(database, factors, caller)
    return Answer(201, Challenge(options), cookie=NewPending(token))


@endpoint("GET", "/api/v1/session/factor", permission="public", part="gate", summary="What a pending sign-in wants")
async def get_pending(database: Database, caller: Caller) -> SignedIn:
    return still_pending(await wanting(database, caller, "factor", "enrolment", "browser"))


@endpoint(
    "POST",
    "/api/v1/session/factor/challenge",
    permission="public",
    part="gate",
    limits=(CHALLENGES,),
    summary="What the passkeys of a pending sign-in are asked",
)
async def factor_challenge(database: Database, factors: Factors, caller: Caller) -> Challenge:
    shown = await wanting(database, caller, "factor", "enrolment")
    if shown.wants == "enrolment":
        return Challenge(admission.creation_request(factors, caller, shown))
    return Challenge(await admission.passkey_request(database, factors, caller))


@endpoint(
    "POST",
    "/api/v1/session/factor",
    permission="public",
    part="gate",
    limits=(PER_ADDRESS,),
    summary="Go on with a sign-in by a second factor, or by a passkey alone",
)
async def prove(
    database: Database, factors: Factors, body: Proof, caller: Caller
) -> Answer[Literal[201, 202], SignedIn]:
    return await answer_of(database, caller, await proven(database, factors, caller, **msgspec.structs.asdict(body)))


@endpoint(
    "POST",
    "/api/v1/session/enrolment/totp",
    permission="public",
    part="gate",
    limits=(PER_ADDRESS,),
    summary="A new secret for an authenticator app, in a sign-in that wants one",
)
async def begin_enrolment(database: Database, factors: Factors, caller: Caller) -> Answer[Literal[201], NewTotp]:
    shown = await wanting(database, caller, "enrolment")
    secret = await admission.begin_enrolment(database, factors, caller, shown)
    return Answer(201, new_totp(secret, factors, tenant=shown.slug or "", email=shown.email or ""))


@endpoint(
    "POST",
    "/api/v1/session/enrolment",
    permission="public",
    part="gate",
    limits=(PER_ADDRESS,),
    summary="Confirm a new second factor and go on with the sign-in",
)
async def enrol(
    database: Database, factors: Factors, body: Enrolment, caller: Caller
) -> Answer[Literal[201, 202], SignedIn]:
    return await answer_of(database, caller, await enrolled(database, factors, caller, **msgspec.structs.asdict(body)))


@endpoint(
    "POST",
    "/api/v1/session/browser",
    permission="public",
    part="gate",
    limits=(PER_ADDRESS,),
    summary="Go on with a sign-in once the mailbox has confirmed the browser",
)
async def go_on_in_browser(database: Database, caller: Caller) -> Answer[Literal[201, 202], SignedIn]:
    return await answer_of(database, caller, await admission.prove_browser(database, caller))


async def wanting(database: Database, caller: Caller, *wants: str) -> Pending:
    """The pending sign-in of this browser, which wants one of these. Raises Unauthorized."""
    shown = await admission.pending(database, caller)
    if shown is None or shown.wants not in wants:
        raise Unauthorized(admission.NOT_RIGHT, name="sign-in-refused")
    return shown


async def proven(
    database: Database,
    factors: Factors,
    caller: Caller,
    *,
    code: str | None,
    recovery_code: str | None,
    credential: str | None,
) -> Admitted:
    """Go on by whichever proof was given. Raises Unauthorized, Unprocessable."""
    if credential is not None:
        return await admission.prove_passkey(database, factors, caller, credential=credential)
    if recovery_code is not None:
        return await admission.prove_recovery_code(database, caller, code=recovery_code)
    if code is not None:
        return await admission.prove_code(database, factors, caller, code=code)
    raise Unprocessable([("/code", _("Fill this in."))])


async def enrolled(
    database: Database, factors: Factors, caller: Caller, *, code: str | None, credential: str | None, name: str
) -> Admitted:
    """Go on by the factor just made. Raises Unauthorized, Unprocessable."""
    await wanting(database, caller, "enrolment")
    if credential is not None:
        return await admission.enrol_passkey(database, factors, caller, credential=credential, name=name)
    if code is not None:
        return await admission.enrol_code(database, factors, caller, code=code)
    raise Unprocessable([("/code", _("Fill this in."))])


def new_totp(secret: bytes, factors: Factors, *, tenant: str, email: str) -> NewTotp:
    """How a secret is told."""
    address = totp.address_of(secret, service=factors.service, tenant=tenant, email=email)
    return NewTotp(totp.text_of(secret), address)


ENDPOINTS = (challenge, get_pending, factor_challenge, prove, begin_enrolment, enrol, go_on_in_browser)
