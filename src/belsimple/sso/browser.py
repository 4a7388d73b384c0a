"""What binds a sign-in to one browser: derived from the token in its pending cookie, stored nowhere, over when that row is.

The provider sees a hash of each; none leads back to the token or to another.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import Final

_STATE: Final = b"belsimple oidc state 1\0"
_NONCE: Final = b"belsimple oidc nonce 1\0"
_VERIFIER: Final = b"belsimple oidc verifier 1\0"


def state_of(token: bytes) -> str:
    """What comes back with the answer (RFC 6749, 10.12)."""
    return _text(hashlib.sha256(_STATE + token).digest())


def nonce_of(token: bytes) -> str:
    """What comes back within the ID token."""
    return _text(hashlib.sha256(_NONCE + token).digest())


def verifier_of(token: bytes) -> str:
    """The secret of PKCE, told when the code is redeemed (RFC 7636)."""
    return _text(hashlib.sha256(_VERIFIER + token).digest())


def challenge_of(token: bytes) -> str:
    """Its S256 challenge."""
    return _text(hashlib.sha256(verifier_of(token).encode("ascii")).digest())


def is_state_of(token: bytes, said: str | None) -> bool:
    """Whether an answer belongs to this browser's sign-in."""
    return said is not None and hmac.compare_digest(said.encode(), state_of(token).encode())


def _text(digest: bytes) -> str:
    return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
