"""Domains that a tenant has proven to be its own, and single sign-on as the only way."""

import secrets
from base64 import b32encode
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Transaction
from belsimple.web.answers import Versioned
from belsimple.web.problems import NotFound

_q = load_queries("belsimple.sso")
RECORD: Final = "_belsimple-challenge"
"""The name under a domain where its TXT record stands: apart from records of others."""
_CHALLENGE_BYTES: Final = 20


class Domain(Versioned, frozen=True, kw_only=True):
    """A domain; `challenge` is what its TXT record holds. `failed_since`: the record is gone since then."""

    id: UUID
    name: str
    challenge: str
    proven_at: datetime | None
    checked_at: datetime | None
    failed_since: datetime | None
    provider_only: bool


class ProviderPolicy(Versioned, frozen=True):
    """Whether everybody must come by a provider, and the owner who need not."""

    provider_only: bool
    break_glass_id: UUID | None


class Owner(msgspec.Struct, frozen=True):
    """Somebody who can be that owner."""

    id: UUID
    name: str
    email: str


async def listed(transaction: Transaction) -> list[Domain]:
    """All of the tenant's."""
    return await transaction.rows(_q.domains, Domain, id=None)


async def shown(transaction: Transaction, *, domain_id: UUID) -> Domain:
    """One of them. Raises NotFound."""
    found = await transaction.row(_q.domains, Domain, id=domain_id)
    if found is None:
        raise NotFound
    return found


async def add(transaction: Transaction, *, name: str) -> Domain:
    """A domain with its challenge. Raises BS409 for one too many, BS422 for one that is there."""
    made = await transaction.value(_q.new_id)
    challenge = b32encode(secrets.token_bytes(_CHALLENGE_BYTES)).decode().lower()
    await transaction.value(_q.add_domain, id=made, name=name, challenge=challenge)
    return await shown(transaction, domain_id=made)


async def remove(transaction: Transaction, *, domain_id: UUID, expected: int) -> None:
    """Raises BS404, BS412."""
    await transaction.value(_q.remove_domain, id=domain_id, expected=expected)


async def change(transaction: Transaction, *, domain_id: UUID, provider_only: bool, expected: int) -> Domain:
    """Whether its people must come by a provider. Raises BS409 for one not proven, and what `change_policy` raises."""
    await transaction.value(_q.change_domain, id=domain_id, provider_only=provider_only, expected=expected)
    return await shown(transaction, domain_id=domain_id)


async def look(transaction: Transaction, *, domain_id: UUID) -> None:
    """Have the worker look for the record: what web says of the DNS would count for nothing."""
    await transaction.value(_q.check_domain, id=domain_id)


async def policy(transaction: Transaction) -> ProviderPolicy:
    """The rules of single sign-on."""
    found = await transaction.row(_q.provider_policy, ProviderPolicy)
    if found is None:
        raise NotFound
    return found


async def possible_owners(transaction: Transaction) -> list[Owner]:
    """Owners with a password of their own."""
    return await transaction.rows(_q.possible_break_glass, Owner)


async def change_policy(
    transaction: Transaction, *, provider_only: bool, break_glass_id: UUID | None, expected: int
) -> ProviderPolicy:
    """An owner's own matter; sessions that it does not allow end. Raises BS403, BS409 without a provider, BS412, BS422."""
    await transaction.value(
        _q.change_provider_policy, provider_only=provider_only, break_glass_id=break_glass_id, expected=expected
    )
    return await policy(transaction)
