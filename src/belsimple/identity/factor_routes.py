"""The own second factors over the API: served by part gate, which keeps the key that seals their secrets."""

from typing import Literal
from uuid import UUID

import msgspec

from belsimple.database.transaction import Transaction
from belsimple.identity import account, own_factors
from belsimple.identity.admission_routes import NewTotp, PasskeyName, new_totp
from belsimple.identity.factors import Factors
from belsimple.identity.own_factors import OwnFactors
from belsimple.identity.passkeys import Credential
from belsimple.identity.sign_in_routes import PER_SESSION, Challenge, Code
from belsimple.web.answers import Answer, EndPending, NewPending
from belsimple.web.endpoint import SIGNED_IN, endpoint
from belsimple.web.inputs import Caller, Input


class Confirmation(Input, frozen=True):
    """A code that the new app shows."""

    code: Code


class Registration(Input, frozen=True):
    """What the browser made of the challenge, and what the person calls it."""

    credential: Credential
    name: PasskeyName = "Passkey"


class PasskeyChange(Input, frozen=True):
    """Another name."""

    name: PasskeyName


class RecoveryCodes(msgspec.Struct, frozen=True):
    """Told once. Empty where the ones there were go on."""

    codes: list[str]


class Registered(msgspec.Struct, frozen=True):
    """A new passkey, and the first recovery codes, told once."""

    id: UUID
    codes: list[str]


@endpoint("GET", "/api/v1/account/factors", permission=SIGNED_IN, part="gate", summary="The own second factors")
async def get_factors(transaction: Transaction) -> OwnFactors:
    return await own_factors.overview(transaction)


@endpoint(
    "POST",
    "/api/v1/account/totp",
    permission=SIGNED_IN,
    part="gate",
    fresh=True,
    secret=True,
    summary="A new secret for an authenticator app; it counts once a code confirms it",
)
async def begin_totp(transaction: Transaction, factors: Factors) -> Answer[Literal[201], NewTotp]:
    me = await account.me(transaction)
    secret = await own_factors.begin_totp(transaction, factors)
    return Answer(201, new_totp(secret, factors, tenant=me.tenant.slug, email=me.email))


@endpoint(
    "POST",
    "/api/v1/account/totp/confirmation",
    permission=SIGNED_IN,
    part="gate",
    fresh=True,
    limits=(PER_SESSION,),
    secret=True,
    summary="Confirm the new authenticator app by a code",
)
async def confirm_totp(transaction: Transaction, factors: Factors, body: Confirmation) -> RecoveryCodes:
    return RecoveryCodes(await own_factors.confirm_totp(transaction, factors, code=body.code))


@endpoint(
    "DELETE",
    "/api/v1/account/totp",
    permission=SIGNED_IN,
    part="gate",
    fresh=True,
    summary="Remove the authenticator app",
)
async def remove_totp(transaction: Transaction) -> None:
    await own_factors.remove_totp(transaction)


@endpoint(
    "POST",
    "/api/v1/account/recovery-codes",
    permission=SIGNED_IN,
    part="gate",
    fresh=True,
    secret=True,
    summary="Ten new recovery codes in place of the old ones",
)
async def replace_recovery_codes(transaction: Transaction) -> Answer[Literal[201], RecoveryCodes]:
    return Answer(201, RecoveryCodes(await own_factors.replace_recovery_codes(transaction)))


@endpoint(
    "POST",
    "/api/v1/account/passkeys/challenge",
    permission=SIGNED_IN,
    part="gate",
    fresh=True,
    secret=True,
    summary="What a browser is asked to make a passkey of",
)
async def registration_challenge(
    transaction: Transaction, factors: Factors, caller: Caller
) -> Answer[Literal[201], Challenge]:
    token, options = await own_factors.begin_registration(transaction, factors, caller)
    return Answer(201, Challenge(options), cookie=NewPending(token))


@endpoint(
    "POST",
    "/api/v1/account/passkeys",
    permission=SIGNED_IN,
    part="gate",
    fresh=True,
    secret=True,
    summary="Add a passkey",
)
async def add_passkey(
    transaction: Transaction, factors: Factors, body: Registration, caller: Caller
) -> Answer[Literal[201], Registered]:
    made, codes = await own_factors.add_passkey(
        transaction, factors, caller, credential=body.credential, name=body.name
    )
    return Answer(201, Registered(made, codes), cookie=EndPending())


@endpoint(
    "PATCH", "/api/v1/account/passkeys/{id}", permission=SIGNED_IN, part="gate", summary="Give a passkey another name"
)
async def rename_passkey(transaction: Transaction, id: UUID, body: PasskeyChange) -> None:
    await own_factors.rename_passkey(transaction, passkey_id=id, name=body.name)


@endpoint(
    "DELETE",
    "/api/v1/account/passkeys/{id}",
    permission=SIGNED_IN,
    part="gate",
    fresh=True,
    summary="Remove a passkey",
)
async def remove_passkey(transaction: Transaction, id: UUID) -> None:
    await own_factors.remove_passkey(transaction, passkey_id=id)


ENDPOINTS = (
    get_factors,
    begin_totp,
    confirm_totp,
    remove_totp,
    replace_recovery_codes,
    registration_challenge,
    add_passkey,
    rename_passkey,
    remove_passkey,
)
