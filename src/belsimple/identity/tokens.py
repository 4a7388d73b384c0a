"""What the database keeps of a token or a proof."""

import hashlib


def sha256(value: bytes) -> bytes:
    """Its SHA-256: what is random needs no more."""
    return hashlib.sha256(value).digest()
