"""The operator's commands on tenants. They act as the database's owner, through the admin's connection; no service part can."""

import getpass
import os
import re
from base64 import urlsafe_b64encode
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, Literal
from uuid import UUID

import asyncpg
import msgspec

from belsimple.database.admin import owner_command
from belsimple.database.queries import load_queries
from belsimple.errors import OperatorError
from belsimple.identity.addresses import is_address

_q = load_queries("belsimple.tenancy", "command.sql")
_REMEDY: Final = "See `belsimple tenant list`."
Language = Literal["en", "nl", "fr", "de"]
_SLUG = re.compile(r"^[a-z][a-z0-9-]{1,38}[a-z0-9]$")


class TenantView(msgspec.Struct, frozen=True):
    """A tenant, as the operator sees it: never its data."""

    id: UUID
    slug: str
    name: str
    status: str
    synthetic: bool
    accounts: int
    created_at: datetime


async def create_tenant(
    admin_url: str,
    *,
    slug: str,
    owner: str,
    name: str | None = None,
    language: Language = "en",
    synthetic: bool = False,
) -> str:
    """Make a tenant and mail its first owner an invitation; returns the token of another link to it, for printing.

    Raises OperatorError for a slug or address that cannot be, or a slug that is taken.
    """
    if not _SLUG.fullmatch(slug):
        raise OperatorError(
            f"{slug!r} cannot name a tenant", "Use 3 to 40 lower-case letters, digits and hyphens, a letter first."
        )
    if not is_address(owner):
        raise OperatorError(f"{owner!r} is not an e-mail address", "Give the first owner's address with --owner.")
    async with owner_command(admin_url, _REMEDY) as connection:
        try:
            made = await connection.fetchrow(
                _q.create_tenant.sql, slug, name or slug, owner, language, operating_user(), synthetic
            )
        except asyncpg.UniqueViolationError:
            raise OperatorError(
                f"There is a tenant {slug!r} already", "Choose another slug; `belsimple tenant list` shows them."
            ) from None
        return await _link(connection, made)


async def invite_member(admin_url: str, *, slug: str, email: str, role: str) -> str:
    """Invite someone into a tenant by command; returns the token of a link besides the one that is mailed."""
    async with owner_command(admin_url, _REMEDY) as connection:
        return await _link(connection, await connection.fetchrow(_q.invite_member.sql, slug, email, role))


async def list_tenants(admin_url: str) -> list[TenantView]:
    """Every tenant, by slug."""
    async with owner_command(admin_url, _REMEDY) as connection:
        return [TenantView(*row) for row in await connection.fetch(_q.tenants.sql)]


async def set_status(admin_url: str, *, slug: str, status: str) -> None:
    """'suspended' refuses everything of the tenant's at once; 'active' resumes it. Raises OperatorError when there is no such tenant."""
    async with owner_command(admin_url, _REMEDY) as connection:
        await connection.execute(_q.set_status.sql, slug, status, operating_user())


async def clear_factors(admin_url: str, *, slug: str, email: str) -> int:
    """Take all second factors from somebody who lost them and has no colleague who may; how many went. Raises OperatorError."""
    async with owner_command(admin_url, "`belsimple tenant list` shows the tenants.") as connection:
        return await connection.fetchval(_q.clear_factors.sql, slug, email, operating_user())


async def remove_synthetic(admin_url: str, *, slug: str) -> None:
    """Remove a probe's tenant; its trail stays."""
    async with owner_command(admin_url, _REMEDY) as connection:
        await connection.execute(_q.remove_synthetic.sql, slug, operating_user())


async def _link(connection: Any, invited: Any) -> str:
    token = os.urandom(32)
    await connection.execute(
        _q.add_link.sql, "invitation", invited["tenant"], invited["invitation"], sha256(token).digest()
    )
    return encode_token(token)


def operating_user() -> str:
    """Who runs the command, for the operator's trail."""
    try:
        return f"command:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"command:{os.getuid()}"


def encode_token(token: bytes) -> str:
    """The form of a token that stands in a link: base64url without padding."""
    return urlsafe_b64encode(token).rstrip(b"=").decode()
