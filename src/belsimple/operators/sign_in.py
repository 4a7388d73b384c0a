"""An operator's own account: signing in and out, and what needs the password. The database's functions do the deciding."""

import os
from uuid import UUID

import msgspec

from belsimple.database.operator_transaction import OperatorTransaction
from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database
from belsimple.identity.account import Session
from belsimple.identity.actions import KnownPassword, NewVerifier, WrongPassword, verifier_of
from belsimple.identity.hashing import Hasher, Parameters
from belsimple.identity.links import TOKEN_BYTES
from belsimple.identity.passwords import accepted, normalised
from belsimple.identity.tokens import sha256
from belsimple.language import Language
from belsimple.language import marked as _
from belsimple.operators.roles import Role
from belsimple.web.inputs import Caller
from belsimple.web.problems import NotFound, Unauthorized

_q = load_queries("belsimple.operators", "sign_in.sql")


class Operator(msgspec.Struct, frozen=True):
    """The operator that is signed in, with what it may do at this moment."""

    id: UUID
    email: str
    name: str
    language: str
    role: Role
    permissions: list[str]


class Attempt(msgspec.Struct, frozen=True):
    """A sign-in under way. `familiar`: the operator signed in from this address before; never so for an unknown one."""

    email: str
    caller: Caller
    salt: bytes
    cost: Parameters
    familiar: bool


class Opened(msgspec.Struct, frozen=True):
    """A session just opened. `token`: 32 random bytes, of which the database keeps the SHA-256."""

    token: bytes
    session_id: UUID
    operator_id: UUID


async def begin_sign_in(database: Database, *, email: str, caller: Caller) -> Attempt:
    """What hashing needs. An unknown operator gets a made-up salt that stays the same, and today's cost."""
    email = email.strip().lower()
    [found] = await database.call(_q.password_parameters, email=email, address=caller.address)
    cost = Parameters(found["memory_kib"], found["iterations"], found["lanes"])
    return Attempt(email, caller, found["salt"], cost, found["familiar"])


async def sign_in(database: Database, hasher: Hasher, attempt: Attempt, *, password: str) -> Opened:
    """Open a session.

    Raises Unauthorized, always the same and after the same work, for a wrong address or password, a deactivated operator and
    too many failures in a row. (ASVS 5.0, 6.3.8)
    """
    password = normalised(password)
    proof = await hasher.proof(password, attempt.salt, attempt.cost)
    token = os.urandom(TOKEN_BYTES)
    opened = await database.call(
        _q.sign_in,
        email=attempt.email,
        proof=proof,
        token_hash=sha256(token),
        address=attempt.caller.address,
        agent=attempt.caller.user_agent,
    )
    if not opened:
        raise Unauthorized(_("E-mail address or password is not right."), name="sign-in-refused")
    if opened[0]["outdated"]:
        new = await new_verifier(database, hasher, password)
        await database.call(_q.rehash, email=attempt.email, proof=proof, **msgspec.structs.asdict(new))
    return Opened(token, opened[0]["session_id"], opened[0]["operator_id"])


async def new_verifier(database: Database, hasher: Hasher, password: str) -> NewVerifier:
    """Hash an accepted `password` with a new salt at today's cost."""
    [cost] = await database.call(_q.current_hashing)
    return await verifier_of(hasher, password, Parameters(*cost))


async def reauthenticate(transaction: OperatorTransaction, hasher: Hasher, *, password: str) -> None:
    """Make this session fresh. Raises WrongPassword."""
    if not await transaction.value(_q.reauthenticate, proof=await _own_proof(transaction, hasher, password)):
        raise WrongPassword("/password")


async def change_password(
    transaction: OperatorTransaction, hasher: Hasher, *, current: str, new: str, caller: Caller
) -> bytes:
    """Change the own password; returns the token of the session that goes on: a trigger ends every one there was.

    Raises WrongPassword, and Unprocessable for a new password that is short, common or made of the own name.
    """
    own = await me(transaction)
    new = accepted(new, pointer="/new", about=(own.email.partition("@")[0], own.name))
    proof = await _own_proof(transaction, hasher, current)
    cost = await transaction.row(_q.current_hashing, Parameters)
    assert cost is not None  # the row that a migration made; nothing can remove it
    token = os.urandom(TOKEN_BYTES)
    opened = await transaction.value(
        _q.change_own_password,
        current_proof=proof,
        **msgspec.structs.asdict(await verifier_of(hasher, new, cost)),
        token_hash=sha256(token),
        address=caller.address,
        agent=caller.user_agent,
    )
    if not opened:
        raise WrongPassword("/current")
    return token


async def me(transaction: OperatorTransaction) -> Operator:
    """The operator that asks."""
    found = await transaction.row(_q.me, Operator)
    if found is None:
        raise NotFound
    return found


async def change_me(transaction: OperatorTransaction, *, name: str | None, language: Language | None) -> Operator:
    """Change the own name and language, of pages and mails; None leaves them as they are."""
    await transaction.value(_q.change_me, name=name and name.strip(), language=language)
    return await me(transaction)


async def sessions(transaction: OperatorTransaction) -> list[Session]:
    """The own living sessions."""
    return await transaction.rows(_q.own_sessions, Session)


async def end_session(transaction: OperatorTransaction, *, session_id: UUID) -> None:
    """End one of the own sessions. Raises NotFound, for another operator's too."""
    if not await transaction.value(_q.end_own_session, id=session_id):
        raise NotFound


async def _own_proof(transaction: OperatorTransaction, hasher: Hasher, password: str) -> bytes:
    known = await transaction.row(_q.own_password_parameters, KnownPassword)
    if known is None:
        raise NotFound
    return await hasher.proof(normalised(password), known.salt, known.cost)
