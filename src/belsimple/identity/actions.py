"""Changes to how someone signs in. Each is one function; the database's own functions do the deciding."""

import os

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database, KeepChanges, Transaction
from belsimple.identity.admission import Admitted, Tokens
from belsimple.identity.hashing import SALT_BYTES, Hasher, Parameters
from belsimple.identity.links import TOKEN_BYTES
from belsimple.identity.passwords import accepted, normalised
from belsimple.identity.tokens import sha256
from belsimple.language import Language
from belsimple.language import marked as _
from belsimple.web.inputs import Caller
from belsimple.web.problems import Conflict, Problem, Unauthorized

_q = load_queries("belsimple.identity")


class NewVerifier(msgspec.Struct, frozen=True):
    """A new password as the database keeps it: never the password, never what a sign-in presents."""

    salt: bytes
    memory_kib: int
    iterations: int
    lanes: int
    verifier: bytes


class KnownPassword(msgspec.Struct):
    """What hashing needs to prove a password that is there: its salt and cost."""

    salt: bytes
    memory_kib: int
    iterations: int
    lanes: int

    @property
    def cost(self) -> Parameters:
        """Memory in KiB, passes, lanes."""
        return Parameters(self.memory_kib, self.iterations, self.lanes)


class Attempt(msgspec.Struct, frozen=True):
    """A sign-in under way. `familiar`: the account signed in from this address before; never so for an unknown account."""

    slug: str
    email: str
    caller: Caller
    salt: bytes
    cost: Parameters
    familiar: bool


async def begin_sign_in(database: Database, *, tenant: str, email: str, caller: Caller) -> Attempt:
    """What hashing needs. An unknown account gets a made-up salt that stays the same, and today's cost."""
    slug, email = tenant.strip().lower(), email.strip().lower()
    [found] = await database.call(_q.password_parameters, slug=slug, email=email, address=caller.address)
    cost = Parameters(found["memory_kib"], found["iterations"], found["lanes"])
    return Attempt(slug, email, caller, found["salt"], cost, found["familiar"])


async def sign_in(database: Database, hasher: Hasher, attempt: Attempt, *, password: str) -> Admitted:
    """Open a session, or begin what the tenant's policy wants besides a password.

    Raises Unauthorized, always the same and after the same work, for a wrong tenant, address or password, a deactivated
    account, a suspended tenant and too many failures in a row. (ASVS 5.0, 6.3.8)
    """
    password = normalised(password)
    who = {"slug": attempt.slug, "email": attempt.email}
    proof = await hasher.proof(password, attempt.salt, attempt.cost)
    tokens = Tokens.new()
    found = await database.call(
        _q.prove_password,
        **who,
        proof=proof,
        token_hash=sha256(tokens.session),
        pending_hash=sha256(tokens.pending),
        address=attempt.caller.address,
        agent=attempt.caller.user_agent,
    )
    if not found:
        raise Unauthorized(_("Tenant, e-mail address or password is not right."), name="sign-in-refused")
    outcome, session_id, account_id, outdated = found[0]
    if outdated:
        new = await new_verifier(database, hasher, password)
        await database.call(_q.rehash, **who, proof=proof, **msgspec.structs.asdict(new))
    return tokens.admitted(outcome, session_id, account_id)


async def shortest_password(database: Database, slug: str) -> int:
    """How long a new password must be in this tenant, at least."""
    length: int = (await database.call(_q.shortest_password, slug=slug))[0][0]
    return length


async def own_shortest_password(transaction: Transaction) -> int:
    """The same in the caller's tenant."""
    length: int = await transaction.value(_q.shortest_password, slug=None)
    return length


async def new_verifier(database: Database, hasher: Hasher, password: str) -> NewVerifier:
    """Hash an accepted `password` with a new salt at today's cost."""
    [cost] = await database.call(_q.current_hashing)
    return await verifier_of(hasher, password, Parameters(*cost))


async def verifier_of(hasher: Hasher, password: str, cost: Parameters) -> NewVerifier:
    """Hash an accepted `password` with a new salt at this cost."""
    salt = os.urandom(SALT_BYTES)
    proof = await hasher.proof(password, salt, cost)
    return NewVerifier(salt, cost.memory_kib, cost.iterations, cost.lanes, sha256(proof))


class InvitationOver(Problem):
    """404: used, late, unknown, or of a tenant that is suspended."""

    status, name, title = 404, "invitation-not-valid", _("This invitation is not valid any more. Ask for a new one.")


class Invited(msgspec.Struct, frozen=True):
    """Where an invitation leads, in the language of whom it is for."""

    tenant_slug: str
    email: str
    language: Language


async def accept_invitation(database: Database, hasher: Hasher, *, token: bytes, name: str, password: str) -> Invited:
    """Make the invited account. Raises InvitationOver, and PasswordRefused."""
    invited = await invitation_open(database, token=token)
    if invited is None:
        raise InvitationOver
    about = (invited.tenant_slug, invited.email.partition("@")[0], name)
    shortest = await shortest_password(database, invited.tenant_slug)
    new = await new_verifier(database, hasher, accepted(password, pointer="/password", about=about, shortest=shortest))
    made = await database.call(
        _q.accept_invitation, token_hash=sha256(token), name=name.strip(), **msgspec.structs.asdict(new)
    )
    if not made:  # somebody else was faster with the same link
        raise InvitationOver
    return invited


async def invitation_open(database: Database, *, token: bytes) -> Invited | None:
    """An invitation that can be accepted. Asking consumes nothing."""
    found = await database.call(_q.invitation_open, token_hash=sha256(token))
    return Invited(*found[0]) if found else None


class WrongPassword(Problem, KeepChanges):
    """403: the own password given as proof is wrong. The failure was counted, and that is kept."""

    status, name, title = 403, "wrong-password", _("The password is not right.")

    def __init__(self, pointer: str) -> None:
        """``pointer``: to the field that it was given in."""
        super().__init__(errors=[(pointer, _("This is not the password that you sign in with."))])


async def reauthenticate(transaction: Transaction, hasher: Hasher, *, password: str) -> None:
    """Make this session fresh. Raises WrongPassword."""
    if not await transaction.value(_q.reauthenticate, proof=await _own_proof(transaction, hasher, password)):
        raise WrongPassword("/password")


async def change_password(transaction: Transaction, hasher: Hasher, *, current: str, new: str, caller: Caller) -> bytes:
    """Change the own password; returns the token of the session that goes on: a trigger ends every one there was.

    Raises WrongPassword, and Unprocessable for a new password that is short or common.
    """
    new = accepted(new, pointer="/new", shortest=await own_shortest_password(transaction))
    proof = await _own_proof(transaction, hasher, current)
    cost = await transaction.row(_q.current_hashing, Parameters)
    assert cost is not None  # the row that the first migration made; nothing can remove it
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


async def _own_proof(transaction: Transaction, hasher: Hasher, password: str) -> bytes:
    known = await transaction.row(_q.own_password_parameters, KnownPassword)
    if known is None:
        raise Conflict(_("This account has no password."), name="no-password")
    return await hasher.proof(normalised(password), known.salt, known.cost)
