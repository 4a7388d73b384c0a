"""Security headers, at the top grade of the Mozilla Observatory (ASVS 5.0, 3.4)."""

import re

from belsimple.web.exchange import HTML

Header = tuple[bytes, bytes]

IMMUTABLE: Header = (b"cache-control", b"public, max-age=31536000, immutable")
REVALIDATED: Header = (b"cache-control", b"no-cache")
_NO_STORE: Header = (b"cache-control", b"no-store")

POLICY = b"content-security-policy"

_TWO_YEARS = 2 * 365 * 24 * 3600
_NOTHING = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
_DATA = _NOTHING + b"; sandbox"  # a document that a browser shows in spite of all runs nothing and has no origin
_PAGE = _NOTHING + b"; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'"
_ORIGIN = re.compile(r"https://[a-z0-9.-]+(?::[0-9]{1,5})?|https://\[[0-9a-f:]+\](?::[0-9]{1,5})?")
_FEATURES = (
    "accelerometer autoplay camera display-capture encrypted-media fullscreen geolocation gyroscope magnetometer "
    "microphone midi payment picture-in-picture screen-wake-lock usb xr-spatial-tracking"
)


def policy_for(leads_to: str) -> Header:
    """The policy of the one kind of page whose form goes to another origin. It stands for the usual one, and differs in nothing else.

    Raises ValueError for what is no https origin: a policy of their own choice is what its author would get.
    """
    if _ORIGIN.fullmatch(leads_to) is None:
        raise ValueError(leads_to)
    return (POLICY, _PAGE.replace(b"form-action 'self'", b"form-action 'self' " + leads_to.encode("ascii")))


class SecurityHeaders:
    """The headers that every answer gets, made once."""

    def __init__(self, *, loopback: bool) -> None:
        common: list[Header] = [
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"cross-origin-resource-policy", b"same-origin"),
            (b"permissions-policy", ", ".join(f"{name}=()" for name in _FEATURES.split()).encode("ascii")),
            (b"referrer-policy", b"same-origin"),
            (b"x-content-type-options", b"nosniff"),
            (b"x-frame-options", b"DENY"),
            _NO_STORE,
        ]
        if not loopback:  # on loopback it would turn every other local service into HTTPS
            value = f"max-age={_TWO_YEARS}; includeSubDomains".encode("ascii")
            common.append((b"strict-transport-security", value))
        self._data = (*common, (POLICY, _DATA))
        self._page = (*common, (POLICY, _PAGE))
        self._own_policy = tuple(common)
        self._asset = tuple(header for header in self._data if header is not _NO_STORE)

    def for_answer(self, headers: list[Header]) -> tuple[Header, ...]:
        """The headers to add to an answer that has these."""
        if HTML in headers:
            return self._page if all(name != POLICY for name, _ in headers) else self._own_policy
        return self._asset if IMMUTABLE in headers or REVALIDATED in headers else self._data
