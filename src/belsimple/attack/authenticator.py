"""An authenticator in software (WebAuthn Level 3, 6), which says whatever it is told to say, the wrong thing too."""

import hashlib
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_PRESENT: Final = 0x01
_VERIFIED: Final = 0x04
_ATTESTED: Final = 0x40
_COSE: Final = {1: 2, 3: -7, -1: 1}
"""An elliptic key for ES256 on P-256 (RFC 9053)."""


class Authenticator:
    """One passkey, made by `create`, or one that claims to be another's, of that id and user, under a key of its own.

    `count` is its signature counter; `verified` whether it says that its user was verified.
    """

    def __init__(self, origin: str, *, passkey: bytes | None = None, user: bytes = b"") -> None:
        self.origin = origin
        self.count = 0
        self.verified = True
        self.passkey = passkey or os.urandom(32)
        self.user = user
        self._key = ec.generate_private_key(ec.SECP256R1())

    def create(self, options: str, *, origin: str | None = None, host: str | None = None) -> str:
        """What the browser would answer to options for navigator.credentials.create."""
        from webauthn.helpers import encode_cbor  # noqa: PLC0415 - see identity/passkeys.py

        asked = msgspec.json.decode(options)
        self.user = _bytes(asked["user"]["id"])
        numbers = self._key.public_key().public_numbers()
        public = encode_cbor({**_COSE, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        attested = bytes(16) + len(self.passkey).to_bytes(2, "big") + self.passkey + public
        data = self._data(host or asked["rp"]["id"], _ATTESTED) + attested
        return self._answer(
            clientDataJSON=_client_data("webauthn.create", asked["challenge"], origin or self.origin),
            attestationObject=encode_cbor({"fmt": "none", "attStmt": {}, "authData": data}),
        )

    def get(self, options: str, *, origin: str | None = None, host: str | None = None) -> str:
        """What the browser would answer to options for navigator.credentials.get."""
        asked = msgspec.json.decode(options)
        self.count += 1
        data = self._data(host or asked["rpId"])
        said = _client_data("webauthn.get", asked["challenge"], origin or self.origin)
        signature = self._key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(clientDataJSON=said, authenticatorData=data, signature=signature, userHandle=self.user)

    def _data(self, host: str, flags: int = 0) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.verified else 0)
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _answer(self, **response: bytes) -> str:
        made: dict[str, Any] = {
            "id": _text(self.passkey),
            "rawId": _text(self.passkey),
            "type": "public-key",
            "response": {name: _text(value) for name, value in response.items()},
            "clientExtensionResults": {},
        }
        return msgspec.json.encode(made).decode()


def _client_data(kind: str, challenge: str, origin: str) -> bytes:
    return msgspec.json.encode({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False})


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode("ascii")
