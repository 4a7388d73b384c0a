"""What part gate needs to check second factors: the key that seals TOTP secrets, and this service's name to authenticators."""

import os
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from belsimple.identity.passkeys import RelyingParty
from belsimple.language import marked as _
from belsimple.web.problems import Problem

_NONCE: Final = 12
_TOTP: Final = b"belsimple totp secret 1\0"


class CodesUnavailable(Problem):
    """503: the key that seals TOTP secrets is not there. Everything else that opens an account still does."""

    status, name = 503, "codes-unavailable"
    title = _("Codes of authenticator apps cannot be checked at this moment. Use a passkey or a recovery code.")


class Factors:
    """A TOTP secret lies in the database under a key that only gate has, bound to its account: moved to another it does not open."""

    def __init__(self, key: bytes, *, host: str, origin: str) -> None:
        self._cipher = AESGCM(key)
        self.service = host
        self.party = RelyingParty(host, origin)

    def seal(self, secret: bytes, tenant_id: UUID, account_id: UUID) -> bytes:
        """What the database keeps (AES-256-GCM, a nonce at random in front)."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, secret, _place(tenant_id, account_id))

    def unseal(self, sealed: bytes, tenant_id: UUID, account_id: UUID) -> bytes:
        """The secret. Raises CodesUnavailable when gate's key is not the one that sealed it."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _place(tenant_id, account_id))
        except InvalidTag as error:
            raise CodesUnavailable from error


def _place(tenant_id: UUID, account_id: UUID) -> bytes:
    return _TOTP + tenant_id.bytes + account_id.bytes
