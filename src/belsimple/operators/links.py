"""What an operator does by a link: accepting an invitation, choosing a new password. Following a link consumes nothing."""

from typing import Final

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database
from belsimple.identity.hashing import Hasher
from belsimple.identity.links import LinkOver
from belsimple.identity.passwords import accepted
from belsimple.identity.tokens import sha256
from belsimple.language import marked as _
from belsimple.operators.roles import Role
from belsimple.operators.sign_in import new_verifier
from belsimple.web.problems import Unprocessable

_q = load_queries("belsimple.operators", "links.sql")
_LONGEST: Final = 300  # folding a letter may make two of it


class Invited(msgspec.Struct, frozen=True):
    """An invitation that can be accepted. `email` None: the first operator's, who gives it."""

    email: str | None
    role: Role


async def invitation_open(database: Database, *, token: bytes) -> Invited | None:
    """What a link leads to, None when it is over. Asking consumes nothing."""
    found = await database.call(_q.invitation_open, token_hash=sha256(token))
    return Invited(found[0]["email"], found[0]["role"]) if found else None


async def accept_invitation(
    database: Database, hasher: Hasher, *, token: bytes, email: str | None, name: str, password: str
) -> str:
    """Make the invited operator; returns its address. `email` counts only for the first operator, whose invitation has none.

    Raises LinkOver, and Unprocessable for a password that is no good or an address that is missing.
    """
    invited = await invitation_open(database, token=token)
    if invited is None:
        raise LinkOver
    address = invited.email or email
    if address is None:
        raise Unprocessable([("/email", _("Give the address that you will sign in with."))])
    about = (address.partition("@")[0], name)
    new = await new_verifier(database, hasher, accepted(password, pointer="/password", about=about))
    made = await database.call(
        _q.accept_invitation, token_hash=sha256(token), email=email, name=name.strip(), **msgspec.structs.asdict(new)
    )
    if not made:  # somebody else was faster with the same link
        raise LinkOver
    return made[0]["email"]


async def request_reset(database: Database, *, email: str) -> None:
    """Ask for a link to choose a new password: the same work whether the address is known or not."""
    await database.call(_q.request_reset, email=email.strip().lower()[:_LONGEST])


async def reset_open(database: Database, *, token: bytes) -> str | None:
    """The address whose password a link can set, None when it is over. Asking consumes nothing."""
    found = await database.call(_q.reset_open, token_hash=sha256(token))
    return found[0]["email"] if found else None


async def confirm_reset(database: Database, hasher: Hasher, *, token: bytes, password: str) -> str:
    """Set a new password; returns the operator's address. A trigger ends every session and every other reset.

    Raises LinkOver, and Unprocessable for a password that is no good.
    """
    email = await reset_open(database, token=token)
    if email is None:
        raise LinkOver
    password = accepted(password, pointer="/password", about=(email.partition("@")[0],))
    new = await new_verifier(database, hasher, password)
    [done] = await database.call(_q.confirm_reset, token_hash=sha256(token), **msgspec.structs.asdict(new))
    if not done[0]:
        raise LinkOver
    return email
