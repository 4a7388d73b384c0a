"""API tokens in the header ``Authorization: Bearer`` (RFC 6750, 2.1), and nowhere else: addresses and bodies end up in logs."""

import re
from string import ascii_letters, digits
from typing import Final

from belsimple.language import marked as _
from belsimple.web.exchange import Exchange
from belsimple.web.problems import Forbidden, Unauthorized

ALPHABET: Final = digits + ascii_letters
PREFIX: Final = "bel_"
BODY: Final = 43
"""62 to the 43rd is more than 2 to the 256th."""
CHECKSUM: Final = 6
_SCHEME: Final = re.compile(rb"bearer\b", re.IGNORECASE)
_TOKEN: Final = re.compile(rb"bearer +(?P<token>bel_[0-9A-Za-z]{%d})" % (BODY + CHECKSUM), re.IGNORECASE)
_CHALLENGE: Final = {"www-authenticate": 'Bearer realm="belsimple", error="invalid_token"'}


class TokenRefused(Unauthorized):
    """401: not a token of ours, or one that has ended."""

    name = "token-refused"

    def __init__(self) -> None:
        super().__init__(_("This API token is not valid, or not any more."), headers=_CHALLENGE)


class SessionRequired(Forbidden):
    """403: this is for people who are signed in, not for their programs."""

    name, title = "session-required", _("An API token cannot do this. Sign in.")


class NotForSupport(SessionRequired):
    """403: this is for the people of the organisation, not for an operator whom they let in."""

    name, title = "not-for-support", _("Support cannot do this. Ask somebody of the organisation.")


def is_bearer(token: bytes) -> bool:
    """Whether it is an API token's text, not what a cookie holds."""
    return len(token) == len(PREFIX) + BODY + CHECKSUM


def bearer_token(exchange: Exchange) -> bytes | None:
    """The whole text of the API token presented; None without one (another scheme is for a proxy on the way).

    Raises TokenRefused for a bearer that cannot be one of ours.
    """
    given = exchange.headers.get(b"authorization")
    if given is None or not _SCHEME.match(given.strip()):
        return None
    found = _TOKEN.fullmatch(given.strip())
    if found is None:
        raise TokenRefused
    return found["token"]
