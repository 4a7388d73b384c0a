"""Changes to how someone signs in. Each is one function; the database's own functions do the deciding."""

import hashlib
import os
from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database, KeepChanges, Transaction
from belsimple.identity.hashing import SALT_BYTES, Hasher, Parameters
from belsimple.identity.passwords import accepted, normalised
from belsimple.web.inputs import Caller
from belsimple.web.problems import Conflict, Problem, Unauthorized

_q = load_queries("belsimple.identity")
TOKEN_BYTES = 32


class NewVerifier(msgspec.Struct, frozen=True):
    """A new password as the database keeps it: never the password, never what a sign-in presents."""

    salt: bytes
    memory_kib: int
    iterations: int
    lanes: int
    verifier: bytes


class _Known(msgspec.Struct):
    salt: bytes
    memory_kib: int
    iterations: int
    lanes: int

    @property
    def cost(self) -> Parameters:
        return Parameters(self.memory_kib, self.iterations, self.lanes)


class Attempt(msgspec.Struct, frozen=True):
    """A sign-in under way. `familiar`: the account signed in from this address before; never so for an unknown account."""

    slug: str
    email: str
    caller: Caller
    salt: bytes
    cost: Parameters
    familiar: bool


class Opened(msgspec.Struct, frozen=True):
    """A session just opened. `token`: 32 random bytes, of which the database keeps the SHA-256."""

    token: bytes
    session_id: UUID
    account_id: UUID


async def begin_sign_in(database: Database, *, tenant: str, email: str, caller: Caller) -> Attempt:
    """What hashing needs. An unknown account gets a made-up salt that stays the same, and today's cost."""
    slug, email = tenant.strip().lower(), email.strip().lower()
    [found] = await database.call(_q.password_parameters, slug=slug, email=email, address=caller.address)
    cost = Parameters(found["memory_kib"], found["iterations"], found["lanes"])
    return Attempt(slug, email, caller, found["salt"], cost, found["familiar"])


async def sign_in(database: Database, hasher: Hasher, attempt: Attempt, *, password: str) -> Opened:
    """Open a session.

    Raises Unauthorized, always the same and after the same work, for a wrong tenant, address or password, a deactivated
    account, a suspended tenant and too many failures in a row. (ASVS 5.0, 6.3.8)
    """
    password = normalised(password)
    who = {"slug": attempt.slug, "email": attempt.email}
    proof = await hasher.proof(password, attempt.salt, attempt.cost)
    token = os.urandom(TOKEN_BYTES)
    opened = await database.call(
        _q.sign_in,
        **who,
        proof=proof,
        token_hash=sha256(token),
        address=attempt.caller.address,
        agent=attempt.caller.user_agent,
    )
    if not opened:
        raise Unauthorized("Tenant, e-mail address or password is not right.", name="sign-in-refused")
    if opened[0]["outdated"]:
        new = await new_verifier(database, hasher, password)
        await database.call(_q.rehash, **who, proof=proof, **msgspec.structs.asdict(new))
    return Opened(token, opened[0]["session_id"], opened[0]["account_id"])


async def new_verifier(database: Database, hasher: Hasher, password: str) -> NewVerifier:
    """Hash an accepted `password` with a new salt at today's cost."""
    [cost] = await database.call(_q.current_hashing)
    return await _verifier(hasher, password, Parameters(*cost))


async def _verifier(hasher: Hasher, password: str, cost: Parameters) -> NewVerifier:
    salt = os.urandom(SALT_BYTES)
    proof = await hasher.proof(password, salt, cost)
    return NewVerifier(salt, cost.memory_kib, cost.iterations, cost.lanes, sha256(proof))


class InvitationOver(Problem):
    """404: used, late, unknown, or of a tenant that is suspended."""

    status, name, title = 404, "invitation-not-valid", "This invitation is not valid any more. Ask for a new one."


async def accept_invitation(
    database: Database, hasher: Hasher, *, token: bytes, name: str, password: str
) -> tuple[str, str]:
    """Make the invited account; returns the tenant's slug and the address. Raises InvitationOver, Unprocessable."""
    invited = await invitation_open(database, token=token)
    if invited is None:
        raise InvitationOver
    about = (invited[0], invited[1].partition("@")[0], name)
    new = await new_verifier(database, hasher, accepted(password, pointer="/password", about=about))
    made = await database.call(
        _q.accept_invitation, token_hash=sha256(token), name=name.strip(), **msgspec.structs.asdict(new)
    )
    if not made:  # somebody else was faster with the same link
        raise InvitationOver
    return made[0]["tenant_slug"], made[0]["email"]


async def invitation_open(database: Database, *, token: bytes) -> tuple[str, str] | None:
    """The tenant's slug and the address of an invitation that can be accepted. Asking consumes nothing."""
    found = await database.call(_q.invitation_open, token_hash=sha256(token))
    return (found[0]["tenant_slug"], found[0]["email"]) if found else None


class WrongPassword(Problem, KeepChanges):
    """403: the own password given as proof is wrong. The failure was counted, and that is kept."""

    status, name, title = 403, "wrong-password", "The password is not right."


async def reauthenticate(transaction: Transaction, hasher: Hasher, *, password: str) -> None:
    """Make this session fresh. Raises WrongPassword."""
    if not await transaction.value(_q.reauthenticate, proof=await _own_proof(transaction, hasher, password)):
        raise WrongPassword


async def change_password(transaction: Transaction, hasher: Hasher, *, current: str, new: str, caller: Caller) -> bytes:
    """Change the own password; returns the token of the session that goes on: a trigger ends every one there was.

    Raises WrongPassword, and Unprocessable for a new password that is short or common.
    """
    new = accepted(new, pointer="/new")
    proof = await _own_proof(transaction, hasher, current)
    cost = await transaction.row(_q.current_hashing, Parameters)
    assert cost is not None  # the row that the first migration made; nothing can remove it
    token = os.urandom(TOKEN_BYTES)
    opened = await transaction.value(
        _q.change_own_password,
        current_proof=proof,
        **msgspec.structs.asdict(await _verifier(hasher, new, cost)),
        token_hash=sha256(token),
        address=caller.address,
        agent=caller.user_agent,
    )
    if not opened:
        raise WrongPassword
    return token


async def _own_proof(transaction: Transaction, hasher: Hasher, password: str) -> bytes:
    known = await transaction.row(_q.own_password_parameters, _Known)
    if known is None:
        raise Conflict("This account has no password.", name="no-password")
    return await hasher.proof(normalised(password), known.salt, known.cost)


def sha256(value: bytes) -> bytes:
    """What the database keeps of a token or a proof."""
    return hashlib.sha256(value).digest()
