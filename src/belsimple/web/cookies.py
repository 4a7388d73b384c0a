"""The session cookie: opaque, ours alone, out of reach of scripts and of other hosts (ASVS 5.0, 3.3)."""

from base64 import urlsafe_b64encode
from binascii import Error, a2b_base64

from belsimple.web.answers import Cookie, NewSession
from belsimple.web.exchange import Exchange

TOKEN_BYTES = 32
_STANDARD = bytes.maketrans(b"-_", b"+/")
_ENCODED = 43
"""Length of 32 bytes in base64url without padding."""


class SessionCookie:
    """``__Host-belsimple-<instance>``: the instance keeps two services on one host apart, as cookies ignore ports."""

    def __init__(self, instance: str) -> None:
        self.name = f"__Host-belsimple-{instance}"
        self._prefix = f"{self.name}=".encode("ascii")
        self._attributes = "; Path=/; Secure; HttpOnly; SameSite=Lax"
        self.cleared = f"{self.name}={self._attributes}; Max-Age=0"

    def token(self, exchange: Exchange) -> bytes | None:
        """The token that the request carries; None when there is none or it cannot be one of ours."""
        cookies = exchange.headers.get(b"cookie")
        if cookies is None:
            return None
        for cookie in cookies.split(b";"):
            stripped = cookie.strip()
            if stripped.startswith(self._prefix):
                return _decode(stripped[len(self._prefix) :])
        return None

    def header(self, cookie: Cookie) -> tuple[bytes, bytes]:
        """The Set-Cookie that sets or clears it. It has no Max-Age: closing the browser ends it there too."""
        if isinstance(cookie, NewSession):
            value = urlsafe_b64encode(cookie.token).rstrip(b"=").decode("ascii")
            return (b"set-cookie", f"{self.name}={value}{self._attributes}".encode("ascii"))
        return (b"set-cookie", self.cleared.encode("ascii"))


def _decode(value: bytes) -> bytes | None:
    if len(value) != _ENCODED:
        return None
    try:
        token = a2b_base64(value.translate(_STANDARD) + b"=")
    except Error:
        return None
    return token if len(token) == TOKEN_BYTES else None
