"""Tenants, accounts and sessions for tests, made the way the product makes them but without the cost of hashing.

The database keeps the SHA-256 of what Argon2id returned, so any 32 bytes are a proof.
"""

import os
import secrets
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database
from belsimple.tenancy import actions as tenancy

from .databases import Installed

identity = load_queries("belsimple.identity")
ADDRESS = "192.0.2.1"
COST = {"memory_kib": 65536, "iterations": 3, "lanes": 4}


@dataclass(frozen=True)
class Account:
    """An account and what it takes to sign in as it."""

    tenant: str
    email: str
    proof: bytes
    id: UUID


async def new_tenant(installed: Installed, gate: Database, slug: str | None = None) -> tuple[str, Account]:
    """A tenant with its owner; returns the slug and the owner."""
    slug = slug or f"t-{secrets.token_hex(6)}"
    token = await tenancy.create_tenant(installed.admin_url, slug=slug, owner=f"owner@{slug}.example")
    return slug, await accept(gate, token)


async def new_account(installed: Installed, gate: Database, slug: str, role: str, email: str | None = None) -> Account:
    """A further account of a tenant."""
    email = email or f"{role}-{secrets.token_hex(3)}@{slug}.example"
    return await accept(gate, await tenancy.invite_member(installed.admin_url, slug=slug, email=email, role=role))


def token_bytes(token: str) -> bytes:
    """The bytes of a link's token."""
    return urlsafe_b64decode(token + "=" * (-len(token) % 4))


def digest(value: bytes) -> bytes:
    """What the database keeps of a token or a proof."""
    return sha256(value).digest()


async def accept(gate: Database, token: str, name: str = "Somebody") -> Account:
    """Accept an invitation with a random proof."""
    proof = os.urandom(32)
    [made] = await gate.call(
        identity.accept_invitation,
        token_hash=digest(token_bytes(token)),
        name=name,
        salt=os.urandom(16),
        verifier=digest(proof),
        **COST,
    )
    account = Account(made["tenant_slug"], made["email"], proof, UUID(int=0))
    return Account(account.tenant, account.email, proof, (await attempt(gate, account))[0]["account_id"])


async def attempt(
    gate: Database, account: Account, *, proof: bytes | None = None, address: str = ADDRESS, token: bytes | None = None
) -> list[Any]:
    """Try to sign in; the rows that the database answers."""
    return await gate.call(
        identity.prove_password,
        slug=account.tenant,
        email=account.email,
        proof=account.proof if proof is None else proof,
        token_hash=digest(token or os.urandom(32)),
        pending_hash=digest(os.urandom(32)),
        address=address,
        agent="test",
    )


async def signed_in(gate: Database, account: Account, *, address: str = ADDRESS) -> bytes:
    """Sign in; the session's token."""
    token = os.urandom(32)
    assert await attempt(gate, account, address=address, token=token)
    return token


def random_proof() -> bytes:
    """32 bytes that are nobody's proof."""
    return os.urandom(32)
