"""The database roles of an installation, their names and credentials.

An owner that cannot log in owns everything; each part of the service logs in as a role of its own that owns nothing.
"""

import base64
import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from belsimple.database.queries import load_queries
from belsimple.errors import OperatorError

LOGIN_ROLES: Final = ("app", "gate", "operator", "worker", "backup")
ROLES: Final = ("owner", *LOGIN_ROLES)
_q = load_queries("belsimple.database", "roles.sql")


def prefix_of(database: str) -> str:
    """The prefix of the role names for a new installation in `database`: roles belong to the whole cluster, so they carry the database's name."""
    return re.sub(r"[^a-z0-9_]", "_", database.lower())[:40]


async def ensure_roles(connection: Any, prefix: str, credentials: Path) -> None:
    """Create what is missing of the roles, give each its password from `credentials`, make this login able to become the owner.

    `connection` is the migrating admin's. Raises asyncpg.PostgresError when it may not create roles.
    """
    for role in ROLES:
        name = f"{prefix}_{role}"
        if not await connection.fetchval(_q.role_exists.sql, name):
            await connection.execute(await connection.fetchval(_q.create_role.sql, name))
        if role in LOGIN_ROLES:
            await connection.execute(await connection.fetchval(_q.reset_settings.sql, name))
            verifier = scram_verifier(password(role, credentials))
            await connection.execute(await connection.fetchval(_q.set_password.sql, name, verifier))
    for statement in await connection.fetch(_q.own_database.sql, prefix):
        await connection.execute(statement[0])


def require_passwords(credentials: Path) -> None:
    """Raise OperatorError when a role's password is not in `credentials`: a new one would shut out the machines that have the old."""
    missing = [role for role in LOGIN_ROLES if not (credentials / role).exists()]
    if missing:
        raise OperatorError(
            f"The database has roles whose passwords are not in {credentials} ({', '.join(missing)})",
            "Copy them from the machine that has them, or run `belsimple migrate --new-passwords`, which shuts the other machines out.",
        )


def password(role: str, credentials: Path) -> str:
    """The password of `role`, made on first use and kept in a file that only its owner reads."""
    file = credentials / role
    if not file.exists():
        credentials.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_urlsafe(32))
    return file.read_text().strip()


def scram_verifier(secret: str) -> str:
    """SCRAM-SHA-256 verifier (RFC 5803) of `secret`, so that no statement, and no server log, ever holds the password."""
    salt, iterations = os.urandom(16), 4096
    salted = hashlib.pbkdf2_hmac("sha256", secret.encode(), salt, iterations)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    encoded = [base64.b64encode(value).decode() for value in (salt, stored, server)]
    return f"SCRAM-SHA-256${iterations}:{encoded[0]}${encoded[1]}:{encoded[2]}"


def role_url(admin_url: str, role: str, credentials: Path, prefix: str) -> str:
    """The connection URL of `role` in the database of `admin_url`. It holds a credential."""
    parts = urlsplit(admin_url)
    query = [(key, value) for key, value in parse_qsl(parts.query) if key not in ("user", "password")]
    host = parts.netloc.rpartition("@")[2]
    user = f"{quote(f'{prefix}_{role}')}:{quote(password(role, credentials), safe='')}"
    return urlunsplit((parts.scheme, f"{user}@{host}", parts.path, urlencode(query, safe="/"), ""))
