"""Moments in messages: xs:dateTime with a zone (SAML core, 1.3.3)."""

import re
from datetime import UTC, datetime
from typing import Final

from belsimple.sso.failures import ProviderFailure
from belsimple.sso.saml.document import Element
from belsimple.sso.tokens import SKEW

LIFETIME: Final = 600
"""Seconds after which a message is too old, whatever it says of itself: only so long are ids kept against replay."""
_MOMENT: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,12}))?(Z|[+-](?:0\d|1[0-4]):[0-5]\d)", re.ASCII
)


def moment(element: Element, name: str) -> float:
    """Seconds since 1970 in an attribute that must be there. Raises ProviderFailure."""
    found = _MOMENT.fullmatch(element.get(name, ""))
    if found is None:
        raise ProviderFailure("conditions")
    whole, fraction, zone = found.groups()
    try:
        seconds = datetime.fromisoformat(whole + ("+00:00" if zone == "Z" else zone)).timestamp()
    except (ValueError, OverflowError):
        raise ProviderFailure("conditions") from None
    return seconds + float(f"0.{fraction or 0}")


def optional_moment(element: Element, name: str) -> float | None:
    """The same, where it may be missing."""
    return None if element.get(name) is None else moment(element, name)


def check_begun(at: float, now: float) -> None:
    """That a moment is not in the future. Raises ProviderFailure."""
    if at > now + SKEW:
        raise ProviderFailure("expired")


def check_not_over(until: float, now: float) -> None:
    """That a moment is not reached yet (NotOnOrAfter). Raises ProviderFailure."""
    if until <= now - SKEW:
        raise ProviderFailure("expired")


def check_issued(element: Element, now: float) -> float:
    """IssueInstant, which must be of the last ten minutes. Raises ProviderFailure."""
    at = moment(element, "IssueInstant")
    check_begun(at, now)
    check_not_over(at + LIFETIME, now)
    return at


def written(at: float) -> str:
    """A moment as our own messages carry it."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
