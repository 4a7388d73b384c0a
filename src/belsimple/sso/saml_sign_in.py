"""Signing in by a SAML provider: the way there, what its form brings, and the browser that fetches it.

The form is a POST of another site: no cookie of ours comes with it, so nobody is signed in by it. What it brought is verified and
kept under a handle; the browser is sent on to fetch it by a GET of our own, with which its cookies come (Bindings, 3.5; ASVS 5.0, 10).
"""

import asyncio
import hashlib
import os
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database
from belsimple.identity.links import TOKEN_BYTES
from belsimple.identity.tokens import sha256
from belsimple.language import Language
from belsimple.sso.browser import state_of
from belsimple.sso.failures import ProviderFailure
from belsimple.sso.relying_party import ASKS_ANEW, Identity, Wants
from belsimple.sso.saml.provider import SamlProvider, ServiceProvider
from belsimple.sso.saml.requests import Departure, authentication_request, request_id
from belsimple.sso.saml.response import Assertion, read_response
from belsimple.sso.saml_party import SamlParty, SealedKey
from belsimple.web.inputs import Caller
from belsimple.web.problems import NotFound

_q = load_queries("belsimple.sso")
SKEW: Final = 60
"""Seconds by which a provider's clock may differ; an assertion is remembered for so much longer than it is good."""


class Kept(msgspec.Struct, frozen=True):
    """Who a provider says that it was, as it waits for its browser. `authenticated_at`: seconds since 1970."""

    issuer: str
    subject: str
    session: str | None
    claims: dict[str, Any]
    authenticated_at: float


class Unasked(msgspec.Struct, frozen=True):
    """An arrival that nobody here set off for."""

    kept: Kept
    tenant_name: str
    provider_name: str
    language: Language


class Known(msgspec.Struct, frozen=True):
    """A provider as its draft may be, and us as it knows us."""

    facts: str
    status: str
    own: ServiceProvider
    signs_requests: bool

    @property
    def provider(self) -> SamlProvider:
        """What it is trusted for. Raises NotFound for a draft that is not filled in: nothing of it can be believed."""
        try:
            return msgspec.json.decode(self.facts, type=SamlProvider)
        except msgspec.ValidationError:
            raise NotFound from None


async def known(database: Database, party: SamlParty, *, provider_id: UUID) -> Known:
    """A provider of any status with our keys for it. Raises NotFound."""
    found = await database.call(_q.saml_party, id=provider_id)
    if not found:
        raise NotFound
    facts, status, ids, certificates, sealed = found[0]
    draft = msgspec.json.decode(facts, type=_Draft)
    keys = (SealedKey(*one) for one in zip(ids, certificates, sealed, strict=True))
    own = party.own(provider_id, tuple(party.unseal(key, draft.tenant_id, provider_id) for key in keys))
    return Known(facts, status, own, draft.signs_requests)


class _Draft(msgspec.Struct):
    tenant_id: UUID
    signs_requests: bool


async def departure(
    database: Database, party: SamlParty, provider: SamlProvider, *, token: bytes, wants: Wants
) -> Departure:
    """Where the browser goes, and with what. RelayState is a handle for the provider to bring back; what comes back in it is never used."""
    here = await known(database, party, provider_id=provider.id)
    return authentication_request(
        provider, here.own, id=request_id(token), now=party.clock(), fresh=wants in ASKS_ANEW, relay=state_of(token)
    )


async def receive(database: Database, party: SamlParty, *, provider_id: UUID, encoded: str) -> str:
    """Verify what a provider's form brought, and keep it or why it is refused: the handle to fetch it by. Raises NotFound."""
    here = await known(database, party, provider_id=provider_id)
    provider = here.provider
    handle = os.urandom(TOKEN_BYTES)
    try:
        # Signatures and decryption take processor time; others are served meanwhile.
        found = await asyncio.to_thread(read_response, encoded, provider, here.own, now=party.clock())
    except ProviderFailure as failure:
        await _keep(database, provider, handle, reason=failure.reason, facts=failure.claims)
    else:
        await _keep(database, provider, handle, assertion=found, facts=_kept(found, provider))
    return handle.hex()


async def _keep(
    database: Database,
    provider: SamlProvider,
    handle: bytes,
    *,
    facts: object,
    assertion: Assertion | None = None,
    reason: str | None = None,
) -> None:
    await database.call(
        _q.keep_arrival,
        id=provider.id,
        version=provider.version,
        handle_hash=sha256(handle),
        in_response_to=assertion and assertion.in_response_to,
        facts=msgspec.json.encode(facts).decode(),
        reason=reason,
        assertion_hash=assertion and hashlib.sha256(assertion.id.encode()).digest(),
        replay_until=assertion and datetime.fromtimestamp(assertion.expires_at + SKEW, UTC),
    )


def _kept(found: Assertion, provider: SamlProvider) -> Kept:
    # Another attribute names people by other words: what one calls Anna must not be what another calls Bram.
    named = found.subject if provider.subject_attribute is None else f"{provider.subject_attribute}={found.subject}"
    # No session of ours outlasts what the provider allows (SessionNotOnOrAfter; Profiles, 4.1.4.3); the database holds it against that.
    claims = {**found.claims, "session_ends": found.session_expires_at}
    return Kept(found.issuer, named, found.session, claims, found.authenticated_at)


async def fetch(database: Database, *, provider_id: UUID, handle: bytes, token: bytes) -> Kept:
    """What was brought in answer to this browser's own request, once. Raises ProviderFailure; "state" for another browser's."""
    found = await _taken(database, provider_id, handle, request_id(token))
    if found is None:
        raise ProviderFailure("state")
    return found


async def _taken(database: Database, provider_id: UUID, handle: bytes, request: str | None) -> Kept | None:
    found = await database.call(_q.take_arrival, id=provider_id, handle_hash=sha256(handle), in_response_to=request)
    if not found:
        return None
    facts, reason = found[0]
    if reason is not None:
        raise ProviderFailure(reason, _claims(facts))
    return msgspec.json.decode(facts, type=Kept)


def _claims(facts: str) -> dict[str, Any]:
    found = msgspec.json.decode(facts, type=dict[str, Any])
    return found.get("claims", found) if isinstance(found.get("claims"), dict) else found


def identity_of(kept: Kept, *, wants: Wants, begun: float) -> Identity:
    """As the exit takes it. Raises ProviderFailure where the person was to be asked anew, and was not (Core, 2.7.2)."""
    if wants in ASKS_ANEW and kept.authenticated_at < begun - SKEW:
        raise ProviderFailure("not_fresh", kept.claims)
    return Identity(kept.issuer, kept.subject, kept.session, kept.claims)


async def unasked(database: Database, *, provider_id: UUID, handle: bytes) -> Unasked | None:
    """An arrival that nobody here set off for, where its provider may send some. Asking consumes nothing."""
    found = await database.call(_q.unasked_arrival, id=provider_id, handle_hash=sha256(handle))
    if not found:
        return None
    facts, tenant_name, provider_name, language = found[0]
    return Unasked(msgspec.json.decode(facts, type=Kept), tenant_name, provider_name, language)


async def accept(database: Database, caller: Caller, *, provider_id: UUID, handle: bytes) -> tuple[bytes, Kept] | None:
    """Its person wants it: the token of a pending sign-in, and who it is; None when it is over. Raises ProviderFailure."""
    token = os.urandom(TOKEN_BYTES)
    [begun] = await database.call(
        _q.begin_unasked,
        id=provider_id,
        handle_hash=sha256(handle),
        pending_hash=sha256(token),
        address=caller.address or None,
        agent=caller.user_agent,
    )
    kept = await _taken(database, provider_id, handle, None) if begun[0] else None
    return None if kept is None else (token, kept)
