"""A key that encrypts keys and small files: AES-256-GCM (NIST SP 800-38D) with a random nonce for each."""

import hashlib
import hmac
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_WRAP: Final = b"belsimple wrap 1\0"
_SEAL: Final = b"belsimple seal 1\0"
_WRAPPED_BYTES: Final = _NONCE_BYTES + KEY_BYTES + 16


class Undecipherable(Exception):
    """What was read is not what was written, was written for another place, or under another key."""


def new_key() -> bytes:
    """32 random bytes."""
    return os.urandom(KEY_BYTES)


class WrappingKey:
    """A 256-bit key. It wraps fewer than 2**32 keys, the bound for random nonces (SP 800-38D, 8.3)."""

    __slots__ = ("_cipher", "check")

    def __init__(self, key: bytes) -> None:
        """`key`: 32 random bytes. ``check`` tells two keys apart and nothing else of them."""
        if len(key) != KEY_BYTES:
            raise ValueError("a key has 32 bytes")
        self._cipher = AESGCM(key)
        self.check = hmac.digest(key, b"belsimple key check", hashlib.sha256)[:16]

    def wrap(self, key: bytes, place: bytes) -> bytes:
        """Encrypt a 32-byte key for one place; it unwraps nowhere else."""
        return _encrypt(self._cipher, key, _WRAP + place)

    def unwrap(self, wrapped: bytes, place: bytes) -> bytes:
        """The key. Raises Undecipherable."""
        if len(wrapped) != _WRAPPED_BYTES:
            raise Undecipherable
        return _decrypt(self._cipher, wrapped, _WRAP + place)

    def seal(self, content: bytes, place: bytes) -> bytes:
        """Encrypt a small file, whole, under a key of its own; ``place`` (say, the file's name) is bound to it."""
        key = new_key()
        return self.wrap(key, place) + _encrypt(AESGCM(key), content, _SEAL + place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """What `seal` was given. Raises Undecipherable."""
        key = self.unwrap(sealed[:_WRAPPED_BYTES], place)
        return _decrypt(AESGCM(key), sealed[_WRAPPED_BYTES:], _SEAL + place)


def _encrypt(cipher: AESGCM, content: bytes, associated: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, content, associated)


def _decrypt(cipher: AESGCM, content: bytes, associated: bytes) -> bytes:
    try:
        return cipher.decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], associated)
    except (InvalidTag, ValueError):
        raise Undecipherable from None
