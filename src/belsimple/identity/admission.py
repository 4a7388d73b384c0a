"""The way through the one exit, identity.admit: what a sign-in still wants, and each proof that lets it go on."""

import os
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from belsimple.database.queries import Query, load_queries
from belsimple.database.transaction import Database
from belsimple.identity import passkeys, totp
from belsimple.identity.factors import Factors
from belsimple.identity.links import TOKEN_BYTES, LinkOver
from belsimple.identity.passkeys import Known
from belsimple.identity.recovery_codes import hash_of, new_codes
from belsimple.identity.tokens import sha256
from belsimple.language import Language
from belsimple.language import marked as _
from belsimple.web.answers import Cookie, NewPending, NewSession
from belsimple.web.inputs import Caller
from belsimple.web.problems import Unauthorized

_q = load_queries("belsimple.identity", "factors.sql")

Wants = Literal["factor", "enrolment", "browser"]
Outcome = Literal["open", "factor", "enrolment", "browser"]
NOT_RIGHT: Final = _("This is not right, or the sign-in took too long.")


class Admitted(msgspec.Struct, frozen=True):
    """Where a sign-in stands. `token`: the session's when it is open, else the pending sign-in's; the database keeps its SHA-256."""

    outcome: Outcome
    token: bytes
    session_id: UUID | None = None
    account_id: UUID | None = None
    recovery_codes: tuple[str, ...] = ()

    @property
    def cookie(self) -> Cookie:
        """What the browser gets."""
        return NewSession(self.token, after_pending=True) if self.outcome == "open" else NewPending(self.token)


class Pending(msgspec.Struct, frozen=True):
    """A pending sign-in as its page shows it."""

    wants: str
    tenant_id: UUID | None
    account_id: UUID | None
    slug: str | None
    email: str | None
    name: str | None
    language: Language | None
    has_totp: bool
    has_passkey: bool
    totp_allowed: bool | None


class BrowserQuestion(msgspec.Struct, frozen=True):
    """Whether somebody at this browser is the person; `address` and `agent` as it said."""

    slug: str
    email: str
    language: Language
    zone: str
    agent: str | None
    address: str | None
    at: datetime


class Tokens(msgspec.Struct, frozen=True):
    """Two at random: of the session, should it open, and of the pending sign-in, should it not."""

    session: bytes
    pending: bytes

    @classmethod
    def new(cls) -> "Tokens":
        """A pair."""
        return cls(os.urandom(TOKEN_BYTES), os.urandom(TOKEN_BYTES))

    def admitted(self, outcome: Outcome, session_id: UUID | None, account_id: UUID | None = None) -> Admitted:
        """What the exit said, with the token that goes with it."""
        return Admitted(outcome, self.session if outcome == "open" else self.pending, session_id, account_id)


async def pending(database: Database, caller: Caller) -> Pending | None:
    """The pending sign-in of the caller's browser. Asking consumes nothing."""
    if caller.pending is None:
        return None
    found = await database.call(_q.pending_shown, pending_hash=sha256(caller.pending))
    return Pending(*found[0]) if found else None


async def prove_code(database: Database, factors: Factors, caller: Caller, *, code: str) -> Admitted:
    """Go on by a code of an authenticator app. Raises Unauthorized."""
    token = _token(caller)
    found = await database.call(_q.pending_totp, pending_hash=sha256(token))
    step = _step(factors, found[0], code) if found else None
    return await _prove(database, _q.prove_totp, caller, step=step)


async def prove_recovery_code(database: Database, caller: Caller, *, code: str) -> Admitted:
    """Go on by a recovery code. Raises Unauthorized."""
    return await _prove(database, _q.prove_recovery_code, caller, code_hash=hash_of(code))


async def prove_browser(database: Database, caller: Caller) -> Admitted:
    """Go on once the mailbox has said yes. Raises Unauthorized."""
    return await _prove(database, _q.prove_browser, caller)


async def begin_passkey(database: Database, factors: Factors, caller: Caller) -> tuple[bytes, str]:
    """A sign-in that a passkey begins: the token of its cookie, and the options for the browser, as JSON."""
    token = os.urandom(TOKEN_BYTES)
    await database.call(
        _q.begin_passkey, pending_hash=sha256(token), address=caller.address or None, agent=caller.user_agent
    )
    return token, factors.party.request(token)


async def passkey_request(database: Database, factors: Factors, caller: Caller) -> str:
    """The options with which the pending sign-in's own passkeys are asked, as JSON."""
    token = _token(caller)
    found = await database.call(_q.pending_passkeys, pending_hash=sha256(token))
    return factors.party.request(token, [Known(*one) for one in found])


async def prove_passkey(database: Database, factors: Factors, caller: Caller, *, credential: str) -> Admitted:
    """Sign in, or go on, by a passkey. Raises Unauthorized."""
    token, credential_id = _token(caller), passkeys.id_of(credential)
    known = await database.call(_q.pending_passkey, pending_hash=sha256(token), credential_id=credential_id)
    answered = (
        factors.party.answered(credential, token, public_key=known[0]["public_key"], account_id=known[0]["account_id"])
        if known
        else None
    )
    return await _prove(
        database,
        _q.prove_passkey,
        caller,
        credential_id=credential_id,
        verified=answered is not None,
        sign_count=answered.sign_count if answered else 0,
        backed_up=answered.backed_up if answered else False,
    )


async def begin_enrolment(database: Database, factors: Factors, caller: Caller, shown: Pending) -> bytes:
    """A new secret for the pending sign-in's account, to be confirmed by its first code. Raises Unauthorized."""
    assert shown.tenant_id is not None  # one that wants enrolment has an account
    assert shown.account_id is not None
    secret = totp.new_secret()
    sealed = factors.seal(secret, shown.tenant_id, shown.account_id)
    if not (
        await database.call(_q.enrol_totp, pending_hash=sha256(_token(caller)), sealed=sealed, agent=caller.user_agent)
    )[0][0]:
        raise _refusal()
    return secret


async def enrolment_secret(database: Database, factors: Factors, caller: Caller) -> bytes | None:
    """The secret that waits for its first code."""
    found = await database.call(_q.pending_totp, pending_hash=sha256(_token(caller)))
    return factors.unseal(found[0]["sealed"], found[0]["tenant_id"], found[0]["account_id"]) if found else None


async def enrol_code(database: Database, factors: Factors, caller: Caller, *, code: str) -> Admitted:
    """Confirm the new secret and go on. Raises Unauthorized."""
    found = await database.call(_q.pending_totp, pending_hash=sha256(_token(caller)))
    step = _step(factors, found[0], code) if found else None
    codes = new_codes()
    made = await _prove(database, _q.prove_enrolled_totp, caller, step=step, codes=[hash_of(one) for one in codes])
    return msgspec.structs.replace(made, recovery_codes=tuple(codes))


def creation_request(factors: Factors, caller: Caller, shown: Pending) -> str:
    """The options with which a browser makes the pending sign-in's account a passkey, as JSON."""
    assert shown.account_id is not None  # one that wants enrolment has an account
    return factors.party.creation(
        _token(caller), account_id=shown.account_id, email=shown.email or "", name=shown.name or ""
    )


async def enrol_passkey(
    database: Database, factors: Factors, caller: Caller, *, credential: str, name: str
) -> Admitted:
    """Keep a new passkey and go on. Raises Unauthorized."""
    made = factors.party.registered(credential, _token(caller))
    if made is None:
        raise _refusal()
    codes = new_codes()
    admitted = await _prove(
        database,
        _q.prove_enrolled_passkey,
        caller,
        **msgspec.structs.asdict(made),
        name=name,
        codes=[hash_of(one) for one in codes],
    )
    return msgspec.structs.replace(admitted, recovery_codes=tuple(codes))


async def browser_question(database: Database, *, token: bytes) -> BrowserQuestion | None:
    """What a mail's link asks. Asking consumes nothing."""
    found = await database.call(_q.browser_shown, link_hash=sha256(token))
    return BrowserQuestion(*found[0]) if found else None


async def answer_browser(database: Database, caller: Caller, *, token: bytes, yes: bool) -> None:
    """The mailbox's answer. Raises LinkOver."""
    done = await database.call(_q.answer_browser, link_hash=sha256(token), yes=yes, address=caller.address or None)
    if not done[0][0]:
        raise LinkOver


async def _prove(database: Database, query: Query, caller: Caller, **proof: Any) -> Admitted:
    tokens = Tokens.new()
    found = await database.call(
        query,
        pending_hash=sha256(_token(caller)),
        token_hash=sha256(tokens.session),
        next_hash=sha256(tokens.pending),
        address=caller.address or None,
        agent=caller.user_agent,
        **proof,
    )
    if not found:
        raise _refusal()
    return tokens.admitted(**dict(found[0]))


def _step(factors: Factors, found: Any, code: str) -> int | None:
    secret = factors.unseal(found["sealed"], found["tenant_id"], found["account_id"])
    return totp.step_of(secret, code, after=found["last_step"])


def _token(caller: Caller) -> bytes:
    if caller.pending is None:
        raise _refusal()
    return caller.pending


def _refusal() -> Unauthorized:
    # One for all: a wrong code, a used one, a late one, another browser's.
    return Unauthorized(NOT_RIGHT, name="sign-in-refused")
