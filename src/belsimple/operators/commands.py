"""The commands on operators. They act as the database's owner, through the admin's connection; no service part can."""

import os
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from belsimple.database.admin import owner_command
from belsimple.database.queries import load_queries
from belsimple.errors import OperatorError
from belsimple.identity.addresses import is_address
from belsimple.identity.links import TOKEN_BYTES
from belsimple.identity.tokens import sha256
from belsimple.operators.roles import Role
from belsimple.tenancy.actions import Language, encode_token, operating_user

_q = load_queries("belsimple.operators", "command.sql")
_REMEDY: Final = "See `belsimple operator list`."


class OperatorView(msgspec.Struct, frozen=True):
    """An operator, as commands list it."""

    id: UUID
    email: str
    name: str
    role: Role
    status: str
    created_at: datetime


async def invite_operator(
    admin_url: str, *, email: str, role: Role, language: Language = "en", post: bool = True
) -> str:
    """Invite an operator; returns the token of a link besides the one that is mailed (`post`).

    Raises OperatorError for what is no address, or is an operator's already.
    """
    if not is_address(email):
        raise OperatorError(f"{email!r} is not an e-mail address", "Give the address of the person to invite.")
    token = os.urandom(TOKEN_BYTES)
    async with owner_command(admin_url, _REMEDY) as connection:
        await connection.execute(_q.invite.sql, email.lower(), role, language, sha256(token), operating_user(), post)
    return encode_token(token)


async def first_invitation(admin_url: str) -> str | None:
    """The token with which the first operator sets up; None when there is an operator. An earlier one is over."""
    token = os.urandom(TOKEN_BYTES)
    async with owner_command(admin_url, _REMEDY) as connection:
        made = await connection.fetchval(_q.invite.sql, None, "platform", "en", sha256(token), operating_user(), False)
    return encode_token(token) if made else None


async def list_operators(admin_url: str) -> list[OperatorView]:
    """Every operator, by address."""
    async with owner_command(admin_url, _REMEDY) as connection:
        return [OperatorView(*row) for row in await connection.fetch(_q.operators.sql)]
