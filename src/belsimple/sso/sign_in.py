"""Signing in by a provider, from the button to the one exit; and linking, trying and confirming by one, which go the same way."""

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database, Transaction
from belsimple.identity.admission import Admitted, Tokens
from belsimple.identity.links import TOKEN_BYTES
from belsimple.identity.tokens import sha256
from belsimple.language import Language
from belsimple.sso.browser import is_state_of
from belsimple.sso.failures import RETRIABLE, ProviderFailure
from belsimple.sso.provider import Provider
from belsimple.sso.relying_party import Identity, RelyingParty, Return, Wants
from belsimple.sso.saml.provider import SamlProvider
from belsimple.web.inputs import Caller

_q = load_queries("belsimple.sso")


class Choice(msgspec.Struct, frozen=True):
    """A provider as the sign-in page names it."""

    id: UUID
    name: str


class Pending(msgspec.Struct, frozen=True):
    """A browser on its way to a provider or back from it. `begun`: seconds since 1970."""

    token: bytes
    provider: Provider | SamlProvider
    wants: Wants
    begun: float
    target: str | None
    slug: str
    language: Language


class _Row(msgspec.Struct):
    facts: str
    sealed_secret: bytes | None
    wants: Wants
    begun_at: datetime
    target: str | None
    slug: str
    language: Language


async def choices(database: Database, *, slug: str) -> list[Choice]:
    """The providers that a tenant has switched on; none for a tenant that there is not."""
    return [Choice(*found) for found in await database.call(_q.providers_of, slug=slug)]


async def begin(
    database: Database, caller: Caller, *, slug: str, provider_id: UUID, target: str | None
) -> bytes | None:
    """Set off: the token of the pending sign-in's cookie; None where there is no such provider."""
    token = os.urandom(TOKEN_BYTES)
    [found] = await database.call(
        _q.begin_provider,
        slug=slug,
        provider_id=provider_id,
        pending_hash=sha256(token),
        target=target,
        address=caller.address or None,
        agent=caller.user_agent,
    )
    return token if found[0] else None


async def begin_own(transaction: Transaction, caller: Caller, *, provider_id: UUID, wants: Wants, target: str) -> bytes:
    """The same for somebody signed in. Raises BS404, and BS409 for a provider that is not filled in."""
    token = os.urandom(TOKEN_BYTES)
    await transaction.value(
        _q.begin_own_provider,
        provider_id=provider_id,
        wants=wants,
        pending_hash=sha256(token),
        target=target,
        address=caller.address or None,
        agent=caller.user_agent,
    )
    return token


async def pending(database: Database, party: RelyingParty, caller: Caller) -> Pending | None:
    """What this browser is on its way to; None when it is over, or its provider was changed. Asking consumes nothing."""
    if caller.pending is None:
        return None
    found = await database.call(_q.pending_provider, pending_hash=sha256(caller.pending), agent=caller.user_agent)
    if not found:
        return None
    row = _Row(*found[0])
    provider = party.opened(row.facts, row.sealed_secret)
    return Pending(caller.pending, provider, row.wants, row.begun_at.timestamp(), row.target, row.slug, row.language)


async def departure(database: Database, party: RelyingParty, caller: Caller, going: Pending, provider: Provider) -> str:
    """The provider's address for this browser. Raises ProviderFailure; what can be mended is tried again with the same cookie."""
    try:
        return await party.departure(provider, going.token, going.wants)
    except ProviderFailure as failure:
        await note(database, caller, going, failure, over=False)
        raise


async def arrival(
    database: Database, party: RelyingParty, caller: Caller, back_at: Pending, back: Return, *, state: str | None
) -> Identity:
    """Who the provider says it was, verified. Raises ProviderFailure; the sign-in is over then, and nothing of it is left."""
    if not is_state_of(back_at.token, state):
        # Somebody else's return, or a stranger's link: it must not end the sign-in that this browser did begin.
        raise ProviderFailure("state")
    if not isinstance(back_at.provider, Provider):
        raise ProviderFailure("mix_up")
    try:
        return await party.arrival(back_at.provider, back_at.token, back, wants=back_at.wants, begun=back_at.begun)
    except ProviderFailure as failure:
        await note(database, caller, back_at, failure, over=True)
        raise


async def admit(database: Database, caller: Caller, back_at: Pending, identity: Identity) -> Admitted:
    """To the exit. Raises ProviderFailure with the reason why nobody comes in."""
    tokens = Tokens.new()
    found = await database.call(
        _q.prove_provider,
        pending_hash=sha256(back_at.token),
        issuer=identity.issuer,
        subject=identity.subject,
        claims=_encoded(identity.claims),
        session=identity.session,
        token_hash=sha256(tokens.session),
        next_hash=sha256(tokens.pending),
        address=caller.address or None,
        agent=caller.user_agent,
    )
    if not found:
        raise ProviderFailure("over")
    outcome, session_id, account_id, reason = found[0]
    if reason is not None:
        raise ProviderFailure(reason)
    return tokens.admitted(outcome, session_id, account_id)


async def conclude(database: Database, caller: Caller, back_at: Pending, identity: Identity) -> None:
    """For somebody signed in in this browser: linked, tried or confirmed. Raises ProviderFailure."""
    [found] = await database.call(
        _q.prove_own_provider,
        pending_hash=sha256(back_at.token),
        session_hash=sha256(caller.token or b""),
        issuer=identity.issuer,
        subject=identity.subject,
        claims=_encoded(identity.claims),
        address=caller.address or None,
        agent=caller.user_agent,
    )
    if found[0] is not None:
        raise ProviderFailure(found[0])


def mends(failure: ProviderFailure) -> bool:
    """Whether trying the same once more may help."""
    return failure.reason in RETRIABLE


async def note(database: Database, caller: Caller, where: Pending, failure: ProviderFailure, *, over: bool) -> None:
    """Why it failed, for the admin. `over`: the pending sign-in ends with it."""
    await database.call(
        _q.refuse_provider,
        pending_hash=sha256(where.token),
        reason=failure.reason,
        claims=_encoded(failure.claims),
        over=over,
        address=caller.address or None,
    )


def _encoded(claims: Mapping[str, object]) -> str:
    return msgspec.json.encode(_without_nul(claims)).decode()


def _without_nul(value: Any) -> Any:
    """What PostgreSQL's jsonb can keep: a provider's odd claim must not stop a sign-in."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value)
        return {name.replace("\0", ""): _without_nul(one) for name, one in pairs.items()}
    return [_without_nul(one) for one in cast("list[Any]", value)] if isinstance(value, list) else value
