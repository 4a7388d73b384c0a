"""Logout that a provider tells us of, by a token that it signs (OpenID Connect Back-Channel Logout 1.0)."""

import hashlib
from datetime import UTC, datetime
from uuid import UUID

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database
from belsimple.language import marked as _
from belsimple.sso.failures import ProviderFailure
from belsimple.sso.provider import Provider
from belsimple.sso.relying_party import RelyingParty
from belsimple.sso.saml.provider import SamlProvider
from belsimple.web.problems import NotFound, Problem

_q = load_queries("belsimple.sso")


class LogoutRefused(Problem):
    """400: the token is none of this provider's, too old, used before, or for somebody else."""

    status, name, title = 400, "logout-refused", _("The logout token does not count.")


async def active(database: Database, party: RelyingParty, *, provider_id: UUID) -> Provider | SamlProvider | None:
    """A provider that is switched on."""
    found = await database.call(_q.active_provider, provider_id=provider_id)
    return party.opened(*found[0]) if found else None


async def end_sessions(database: Database, party: RelyingParty, *, provider_id: UUID, logout_token: str) -> int:
    """End what the token names: one session there, or all of a person's. Raises NotFound, LogoutRefused."""
    provider = await active(database, party, provider_id=provider_id)
    if not isinstance(provider, Provider):
        raise NotFound
    try:
        claims = await party.logout(provider, logout_token)
    except ProviderFailure:
        raise LogoutRefused from None
    [found] = await database.call(
        _q.end_provider_sessions,
        provider_id=provider.id,
        version=provider.version,
        issuer=provider.issuer,
        subject=claims.get("sub"),
        session=claims.get("sid"),
        token_id=hashlib.sha256(claims["jti"].encode()).digest(),
        expires_at=datetime.fromtimestamp(min(claims["exp"], 1 << 32), UTC),
    )
    if found[0] is None:
        raise LogoutRefused
    return int(found[0])
