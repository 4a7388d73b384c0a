"""The second factors of who is signed in: what there is, making and removing them, and confirming who one is by one.

Who may call these has lately proven who they are; the mails that tell of a change are the database's triggers' work.
"""

import os
from datetime import datetime
from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import KeepChanges, Transaction
from belsimple.identity import account, passkeys, totp
from belsimple.identity.factors import Factors
from belsimple.identity.links import TOKEN_BYTES
from belsimple.identity.passkeys import Known
from belsimple.identity.recovery_codes import hash_of, new_codes
from belsimple.identity.tokens import sha256
from belsimple.language import marked as _
from belsimple.web.inputs import Caller
from belsimple.web.problems import Conflict, NotFound, Problem, Unprocessable

_q = load_queries("belsimple.identity", "factors.sql")


class Passkey(msgspec.Struct, frozen=True):
    """A passkey of the own account. `backed_up`: it is on more than one device."""

    id: UUID
    name: str
    created_at: datetime
    used_at: datetime | None
    backed_up: bool


class OwnFactors(msgspec.Struct, frozen=True):
    """What the own account can show. `required`: a role of it demands a second factor."""

    password: bool
    totp: bool
    totp_since: datetime | None
    recovery_codes_left: int
    required: bool
    passkeys: list[Passkey]


class WrongCode(Problem, KeepChanges):
    """403: a code or a passkey given as proof is wrong. That was counted, and is kept."""

    status, name, title = 403, "wrong-code", _("This is not right. Use a new code, or try again.")


async def overview(transaction: Transaction) -> OwnFactors:
    """All of them."""
    found = await transaction.row(_q.own_factors, _Own)
    if found is None:
        raise NotFound
    listed = [
        Passkey(one.id, one.name, one.created_at, one.used_at, one.backed_up) for one in await _passkeys(transaction)
    ]
    return OwnFactors(found.password, found.totp or False, found.totp_since, found.codes_left, found.required, listed)


async def begin_totp(transaction: Transaction, factors: Factors) -> bytes:
    """A new secret, which counts once a code of it was given. Raises BS409 where there is an app already."""
    tenant_id, account_id = _who(transaction)
    secret = totp.new_secret()
    await transaction.value(_q.begin_totp, sealed=factors.seal(secret, tenant_id, account_id))
    return secret


async def waiting_secret(transaction: Transaction, factors: Factors) -> bytes | None:
    """The secret that waits for its first code."""
    found = await transaction.row(_q.own_totp, _Totp)
    return None if found is None or found.confirmed else factors.unseal(found.sealed, *_who(transaction))


async def confirm_totp(transaction: Transaction, factors: Factors, *, code: str) -> list[str]:
    """The first code: the app counts from now on. Returns new recovery codes where there were none. Raises Unprocessable."""
    found = await transaction.row(_q.own_totp, _Totp)
    if found is None or found.confirmed:
        raise NotFound
    step = totp.step_of(factors.unseal(found.sealed, *_who(transaction)), code, after=found.last_step)
    if step is None or not await transaction.value(_q.confirm_totp, step=step):
        raise Unprocessable([("/code", _("This code is not right. Use the one that the app shows now."))])
    return await _first_codes(transaction)


async def remove_totp(transaction: Transaction) -> None:
    """The app counts no more. Raises NotFound."""
    if not await transaction.value(_q.remove_totp):
        raise NotFound


async def replace_recovery_codes(transaction: Transaction) -> list[str]:
    """Ten new ones; the old ones are over. Raises BS409 without a factor that they stand in for."""
    codes = new_codes()
    await transaction.value(_q.replace_recovery_codes, hashes=[hash_of(one) for one in codes])
    return codes


async def begin_registration(transaction: Transaction, factors: Factors, caller: Caller) -> tuple[bytes, str]:
    """The token of the ceremony's cookie, and the options for the browser, as JSON."""
    me = await account.me(transaction)
    known = [Known(one.credential_id, one.transports) for one in await _passkeys(transaction)]
    token = await _begin(transaction, caller, "registration")
    return token, factors.party.creation(token, account_id=me.id, email=me.email, name=me.name, known=known)


async def add_passkey(
    transaction: Transaction, factors: Factors, caller: Caller, *, credential: str, name: str
) -> tuple[UUID, list[str]]:
    """Keep a new passkey: its id, and new recovery codes where there were none. Raises Unprocessable."""
    made = None if caller.pending is None else factors.party.registered(credential, caller.pending)
    if made is None or caller.pending is None:
        raise _not_taken()
    passkey: UUID | None = await transaction.value(
        _q.add_passkey,
        pending_hash=sha256(caller.pending),
        **msgspec.structs.asdict(made),
        name=name,
        agent=caller.user_agent,
    )
    if passkey is None:
        raise _not_taken()
    return passkey, await _first_codes(transaction)


async def rename_passkey(transaction: Transaction, *, passkey_id: UUID, name: str) -> None:
    """Raises NotFound."""
    if not await transaction.value(_q.rename_passkey, id=passkey_id, name=name):
        raise NotFound


async def remove_passkey(transaction: Transaction, *, passkey_id: UUID) -> None:
    """Raises NotFound, for another account's too."""
    if not await transaction.value(_q.remove_passkey, id=passkey_id):
        raise NotFound


async def reauthenticate_by_code(transaction: Transaction, factors: Factors, *, code: str) -> None:
    """Make this session fresh. Raises WrongCode."""
    found = await transaction.row(_q.own_totp, _Totp)
    step = None
    if found is not None and found.confirmed:
        step = totp.step_of(factors.unseal(found.sealed, *_who(transaction)), code, after=found.last_step)
    if not await transaction.value(_q.reauthenticate_totp, step=step):
        raise WrongCode


async def begin_reauthentication(transaction: Transaction, factors: Factors, caller: Caller) -> tuple[bytes, str]:
    """The token of the ceremony's cookie, and the options for the browser. Raises Conflict without a passkey."""
    known = [Known(one.credential_id, one.transports) for one in await _passkeys(transaction)]
    if not known:
        raise Conflict(_("This account has no passkey."), name="no-passkey")
    token = await _begin(transaction, caller, "reauthentication")
    return token, factors.party.request(token, known)


async def reauthenticate_by_passkey(
    transaction: Transaction, factors: Factors, caller: Caller, *, credential: str
) -> None:
    """Make this session fresh. Raises WrongCode."""
    _tenant, account_id = _who(transaction)
    credential_id = passkeys.id_of(credential)
    known = None
    if caller.pending is not None:
        known = await transaction.row(
            _q.pending_passkey, _Key, pending_hash=sha256(caller.pending), credential_id=credential_id
        )
    if known is None or known.account_id != account_id or caller.pending is None:
        raise WrongCode
    answered = factors.party.answered(credential, caller.pending, public_key=known.public_key, account_id=account_id)
    if answered is None or not await transaction.value(
        _q.reauthenticate_passkey,
        pending_hash=sha256(caller.pending),
        credential_id=credential_id,
        sign_count=answered.sign_count,
        backed_up=answered.backed_up,
        agent=caller.user_agent,
    ):
        raise WrongCode


class _Own(msgspec.Struct):
    password: bool
    totp: bool | None
    totp_since: datetime | None
    codes_left: int
    required: bool


class _Totp(msgspec.Struct):
    sealed: bytes
    last_step: int
    confirmed: bool


class _Listed(msgspec.Struct):
    id: UUID
    name: str
    created_at: datetime
    used_at: datetime | None
    backed_up: bool
    credential_id: bytes
    transports: list[str]


class _Key(msgspec.Struct):
    account_id: UUID
    public_key: bytes
    sign_count: int


async def _passkeys(transaction: Transaction) -> list[_Listed]:
    return await transaction.rows(_q.own_passkeys, _Listed)


async def _begin(transaction: Transaction, caller: Caller, wants: str) -> bytes:
    token = os.urandom(TOKEN_BYTES)
    await transaction.value(_q.begin_ceremony, pending_hash=sha256(token), wants=wants, agent=caller.user_agent)
    return token


async def _first_codes(transaction: Transaction) -> list[str]:
    found = await transaction.row(_q.own_factors, _Own)
    return [] if found is None or found.codes_left else await replace_recovery_codes(transaction)


def _who(transaction: Transaction) -> tuple[UUID, UUID]:
    assert transaction.principal.account_id is not None  # a session has one; only jobs have none
    return transaction.principal.tenant_id, transaction.principal.account_id


def _not_taken() -> Unprocessable:
    return Unprocessable([("/credential", _("The passkey could not be added. Try again."))])
