"""What a provider says of itself: its addresses (OpenID Connect Discovery 1.0) and its keys, kept for a while, fetched by the guarded client."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

import msgspec

from belsimple.outbound import Answer, GuardedClient, OutboundTrouble
from belsimple.sso.failures import ProviderFailure
from belsimple.sso.provider import Claims, Provider
from belsimple.sso.tokens import UnknownKey, VerifyingKey, read_keys, verified

METADATA_SECONDS: Final = 600
KEYS_SECONDS: Final = 3600
REFETCH_SECONDS: Final = 10
"""Between two looks for a key that was not there: whoever makes up key ids makes no storm of requests."""
MOST_PROVIDERS: Final = 1000
_OK: Final = 200


class Metadata(msgspec.Struct, frozen=True):
    """The addresses that a sign-in needs. `says_issuer`: its answers name the issuer (RFC 9207), so one without is none of its own."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    issuer: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    says_issuer: bool = msgspec.field(name="authorization_response_iss_parameter_supported", default=False)


class _Kept(msgspec.Struct):
    version: int
    metadata: Metadata | None = None
    metadata_at: float = 0
    keys: list[VerifyingKey] = msgspec.field(default_factory=list[VerifyingKey])
    keys_at: float = 0
    turn: asyncio.Lock = msgspec.field(default_factory=asyncio.Lock)


class Library:
    """Metadata and keys of the providers in use, in this process. A changed provider is a new one: nothing of its old self is used."""

    def __init__(self, client: GuardedClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._kept: dict[UUID, _Kept] = {}

    async def metadata(self, provider: Provider) -> Metadata:
        """Its addresses. Raises ProviderFailure."""
        if not provider.discovered:
            return _entered(provider)
        kept = self._of(provider)
        async with kept.turn:  # one request for all who wait
            if kept.metadata is None or self._clock() - kept.metadata_at > METADATA_SECONDS:
                kept.metadata = await self._discover(provider)
                kept.metadata_at = self._clock()
            return kept.metadata

    async def verified(self, token: str, provider: Provider) -> Claims:
        """The claims of a token that the provider signed. Raises ProviderFailure.

        A key that it has only just begun to use is fetched once, be it under a new name or under an old one.
        """
        try:
            return verified(token, provider, await self._keys(provider, KEYS_SECONDS))
        except UnknownKey:
            pass
        except ProviderFailure as failure:
            if failure.reason != "signature":
                raise
        try:
            return verified(token, provider, await self._keys(provider, REFETCH_SECONDS))
        except UnknownKey:
            raise ProviderFailure("key") from None

    async def _keys(self, provider: Provider, at_most: float) -> list[VerifyingKey]:
        address = (await self.metadata(provider)).jwks_uri
        kept = self._of(provider)
        async with kept.turn:
            if not kept.keys or self._clock() - kept.keys_at > at_most:
                kept.keys = read_keys((await fetched(self._client.get(address))).body)
                kept.keys_at = self._clock()
            return kept.keys

    async def _discover(self, provider: Provider) -> Metadata:
        answer = await fetched(self._client.get(f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"))
        try:
            found = msgspec.json.decode(answer.body, type=Metadata)
        except (msgspec.MsgspecError, RecursionError):
            raise ProviderFailure("metadata") from None
        if found.issuer != provider.issuer:  # Discovery 1.0, 4.3: else somebody else's keys would count
            raise ProviderFailure("metadata_issuer")
        return found

    def _of(self, provider: Provider) -> _Kept:
        kept = self._kept.get(provider.id)
        if kept is None or kept.version != provider.version:
            if len(self._kept) >= MOST_PROVIDERS:
                self._kept.pop(next(iter(self._kept)))
            kept = self._kept[provider.id] = _Kept(provider.version)
        return kept


def _entered(provider: Provider) -> Metadata:
    if not (provider.authorization_address and provider.token_address and provider.keys_address):
        raise ProviderFailure("metadata")
    return Metadata(
        provider.authorization_address,
        provider.token_address,
        provider.keys_address,
        provider.issuer,
        provider.userinfo_address,
        provider.logout_address,
    )


async def fetched(request: Awaitable[Answer]) -> Answer:
    """What a request came to, if the provider said yes. Raises ProviderFailure."""
    try:
        answer = await request
    except OutboundTrouble as trouble:
        raise ProviderFailure(trouble.name) from None
    if answer.status != _OK:
        raise ProviderFailure("status")
    return answer
