"""The operator's commands on tenants. They act as the database's owner, through the admin's connection; no service part can."""

import getpass
import os
import re
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from belsimple.database.admin import owner_connection
from belsimple.database.driver import state_of
from belsimple.database.queries import load_queries
from belsimple.errors import OperatorError

_q = load_queries("belsimple.tenancy", "command.sql")
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
    admin_url: str, *, slug: str, owner: str, name: str | None = None, synthetic: bool = False
) -> str:
    """Make a tenant; returns the token of its first owner's invitation, for the one-time set-up link.

    Raises OperatorError for a slug or address that cannot be, or a slug that is taken.
    """
    if not _SLUG.fullmatch(slug):
        raise OperatorError(
            f"{slug!r} cannot name a tenant", "Use 3 to 40 lower-case letters, digits and hyphens, a letter first."
        )
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", owner):
        raise OperatorError(f"{owner!r} is not an e-mail address", "Give the first owner's address with --owner.")
    token = os.urandom(32)
    async with _command(admin_url) as connection:
        try:
            await connection.execute(
                _q.create_tenant.sql, slug, name or slug, owner, sha256(token).digest(), operating_user(), synthetic
            )
        except asyncpg.UniqueViolationError:
            raise OperatorError(
                f"There is a tenant {slug!r} already", "Choose another slug; `belsimple tenant list` shows them."
            ) from None
    return encode_token(token)


async def invite_member(admin_url: str, *, slug: str, email: str, role: str) -> str:
    """Invite someone into a tenant by command; returns the invitation's token."""
    token = os.urandom(32)
    async with _command(admin_url) as connection:
        await connection.execute(_q.invite_member.sql, slug, email, role, sha256(token).digest())
    return encode_token(token)


async def list_tenants(admin_url: str) -> list[TenantView]:
    """Every tenant, by slug."""
    async with _command(admin_url) as connection:
        return [TenantView(*row) for row in await connection.fetch(_q.tenants.sql)]


async def set_status(admin_url: str, *, slug: str, status: str) -> None:
    """'suspended' refuses everything of the tenant's at once; 'active' resumes it. Raises OperatorError when there is no such tenant."""
    async with _command(admin_url) as connection:
        await connection.execute(_q.set_status.sql, slug, status, operating_user())


async def remove_synthetic(admin_url: str, *, slug: str) -> None:
    """Remove a probe's tenant; its trail stays."""
    async with _command(admin_url) as connection:
        await connection.execute(_q.remove_synthetic.sql, slug, operating_user())


def operating_user() -> str:
    """Who runs the command, for the operator's trail."""
    try:
        return f"command:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"command:{os.getuid()}"


def encode_token(token: bytes) -> str:
    """The form of a token that stands in a link: base64url without padding."""
    return urlsafe_b64encode(token).rstrip(b"=").decode()


@asynccontextmanager
async def _command(admin_url: str) -> AsyncIterator[Any]:
    async with owner_connection(admin_url) as connection:
        try:
            async with connection.transaction():
                yield connection
        except asyncpg.PostgresError as error:
            if state_of(error).startswith("BS"):
                raise OperatorError(str(error).rstrip("."), "See `belsimple tenant list`.") from error
            raise
