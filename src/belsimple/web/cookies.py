"""The two cookies: the session's, and a pending sign-in's. Opaque, ours alone, out of reach of scripts and other hosts (ASVS 5.0, 3.3)."""

from base64 import urlsafe_b64encode
from binascii import Error, a2b_base64
from typing import Final

from belsimple.web.answers import Cookie, EndPending, EndSession, NewPending, NewSession, SupportSession
from belsimple.web.exchange import Exchange

TOKEN_BYTES = 32
SUPPORT_BYTES = 33
"""Of an operator's session inside a tenant: by its length alone it is taken for no other."""
PENDING_SECONDS: Final = 600
"""As long as a pending sign-in lives in the database."""
_STANDARD = bytes.maketrans(b"-_", b"+/")
_ATTRIBUTES: Final = "; Path=/; Secure; HttpOnly; SameSite=Lax"
_ENCODED = {43: b"=", 44: b""}
"""Length of 32 and of 33 bytes in base64url without padding, and the padding."""
Header = tuple[bytes, bytes]


class TokenCookie:
    """A cookie that holds 32 random bytes, or 33. Without `seconds` closing the browser ends it."""

    def __init__(self, name: str, seconds: int | None = None) -> None:
        self.name = name
        self._prefix = f"{name}=".encode("ascii")
        self._attributes = _ATTRIBUTES + ("" if seconds is None else f"; Max-Age={seconds}")
        self.cleared = f"{name}={_ATTRIBUTES}; Max-Age=0"

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

    def set(self, token: bytes) -> Header:
        """The Set-Cookie that sets it."""
        value = urlsafe_b64encode(token).rstrip(b"=").decode("ascii")
        return (b"set-cookie", f"{self.name}={value}{self._attributes}".encode("ascii"))

    def clear(self) -> Header:
        """The Set-Cookie that clears it."""
        return (b"set-cookie", self.cleared.encode("ascii"))


class Cookies:
    """``__Host-belsimple-<instance>``: the instance keeps two services on one host apart, as cookies ignore ports.

    An operator's is ``__Host-belsimple-operator-<instance>``: one browser may hold both, and neither opens the other's side. While
    a sign-in is pending there is ``__Host-belsimple-pending-<instance>``, which opens nothing by itself.
    """

    def __init__(self, instance: str, *, operators: bool = False) -> None:
        self.session = TokenCookie(f"__Host-belsimple-{'operator-' if operators else ''}{instance}")
        self._tenants = TokenCookie(f"__Host-belsimple-{instance}")
        self.pending = TokenCookie(f"__Host-belsimple-pending-{instance}", PENDING_SECONDS)

    def headers(self, cookie: Cookie | None) -> list[Header]:
        """The Set-Cookie headers of an answer."""
        match cookie:
            case NewSession():
                return [self.session.set(cookie.token), *([self.pending.clear()] if cookie.after_pending else [])]
            case SupportSession():
                return [self._tenants.set(cookie.token)]
            case EndSession():
                return [self.session.clear()]
            case NewPending():
                return [self.pending.set(cookie.token)]
            case EndPending():
                return [self.pending.clear()]
            case None:
                return []


def is_support(token: bytes) -> bool:
    """Whether it is an operator's, inside a tenant."""
    return len(token) == SUPPORT_BYTES


def _decode(value: bytes) -> bytes | None:
    padding = _ENCODED.get(len(value))
    if padding is None:
        return None
    try:
        token = a2b_base64(value.translate(_STANDARD) + padding)
    except Error:
        return None
    return token if len(token) in (TOKEN_BYTES, SUPPORT_BYTES) else None
