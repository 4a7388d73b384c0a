"""This service as a SAML service provider: our names and addresses for one provider, and our keys for it. Part gate's."""

import os
import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from belsimple.errors import OperatorError
from belsimple.outbound import GuardedClient
from belsimple.sso.metadata import fetched
from belsimple.sso.saml.metadata import ProviderMetadata, read_metadata
from belsimple.sso.saml.own_keys import OwnKey
from belsimple.sso.saml.provider import ServiceProvider

_NONCE: Final = 12
_KEY: Final = b"belsimple provider key 1\0"


class SealedKey(msgspec.Struct, frozen=True):
    """A key pair of ours as the database keeps it. `certificate`: base64 of its DER."""

    id: UUID
    certificate: str
    sealed: bytes


class SamlParty:
    """Knows what we are called, and opens our private keys. It keeps no state of a sign-in: that is in the database and in the browser's cookie."""

    def __init__(self, client: GuardedClient, key: bytes, base: str, *, clock: Callable[[], float] = time.time) -> None:
        """`key`: 32 bytes that only part gate has; `base`: the public address."""
        self._client = client
        self._cipher = AESGCM(key)
        self._base = base
        self.clock = clock

    def entity_id(self, provider_id: UUID) -> str:
        """What we are called there, and where our metadata are: one for each provider, so that no answer is taken for another's."""
        return f"{self._base}/sso/{provider_id}/metadata"

    def response_address(self, provider_id: UUID) -> str:
        """Where a provider has the browser bring its answers (assertion consumer service)."""
        return f"{self._base}/sso/{provider_id}/response"

    def logout_address(self, provider_id: UUID) -> str:
        """Where it has the browser bring what concerns signing out (single logout service)."""
        return f"{self._base}/sso/{provider_id}/single-logout"

    def own(self, provider_id: UUID, keys: tuple[OwnKey, ...]) -> ServiceProvider:
        """Us, as this one provider knows us."""
        return ServiceProvider(
            entity_id=self.entity_id(provider_id),
            response_address=self.response_address(provider_id),
            logout_address=self.logout_address(provider_id),
            keys=keys,
        )

    def new_key(self, tenant_id: UUID, provider_id: UUID, key_id: UUID) -> SealedKey:
        """A key pair, made here. It takes part of a second: not for the event loop."""
        made = OwnKey.new("belsimple", now=self.clock())
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, made.private_key_der, _place(tenant_id, provider_id, key_id))
        return SealedKey(key_id, made.certificate, sealed)

    def unseal(self, key: SealedKey, tenant_id: UUID, provider_id: UUID) -> OwnKey:
        """The key pair. Raises OperatorError when gate's key is not the one that sealed it."""
        place = _place(tenant_id, provider_id, key.id)
        try:
            private = self._cipher.decrypt(key.sealed[:_NONCE], key.sealed[_NONCE:], place)
        except InvalidTag:
            raise OperatorError(
                "A key for a SAML provider does not open with the key in credentials/providers",
                "Put back the key that was there.",
            ) from None
        return OwnKey(private_key_der=private, certificate=key.certificate)

    async def fetch(self, address: str) -> ProviderMetadata:
        """What a provider says of itself, read from its address by the guarded client. Raises ProviderFailure."""
        return self.read((await fetched(self._client.get(address))).body)

    def read(self, document: bytes) -> ProviderMetadata:
        """What metadata say. Raises ProviderFailure, whose reason tells the admin what is wrong."""
        return read_metadata(document, now=self.clock())


def _place(tenant_id: UUID, provider_id: UUID, key_id: UUID) -> bytes:
    return _KEY + tenant_id.bytes + provider_id.bytes + key_id.bytes
