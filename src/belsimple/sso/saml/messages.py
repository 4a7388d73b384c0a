"""What responses and logout messages have in common (SAML core, 3.2): who sends it, to whom, when, and how it went."""

from typing import Final

from belsimple.sso.failures import ProviderFailure
from belsimple.sso.saml.document import Element, at_most_one, check_content, check_leaf, only, text_of
from belsimple.sso.saml.names import ENTITY, STATUS, SUCCESS, saml, samlp
from belsimple.sso.saml.provider import SamlProvider
from belsimple.sso.saml.times import check_issued

MOST_ID: Final = 256
MOST_TEXT: Final = 255
_REFUSALS: Final = frozenset(
    {f"{STATUS}AuthnFailed", f"{STATUS}RequestDenied", f"{STATUS}NoPassive", f"{STATUS}NoAuthnContext"}
)
_NONE: Final[frozenset[str]] = frozenset()


def check_envelope(message: Element, provider: SamlProvider, address: str, *, now: float) -> float:
    """Version, moment, destination and issuer of a message; when it was issued. Raises ProviderFailure.

    The destination is required and ours to the letter: else a message for another service could be handed to us (bindings, 3.5.5.2).
    """
    if message.get("Version") != "2.0" or not message.get("ID"):
        raise ProviderFailure("document")
    if message.get("Destination") != address:
        raise ProviderFailure("destination")
    issuer = at_most_one(message, saml("Issuer"))
    if issuer is not None:
        check_issuer(issuer, provider)
    return check_issued(message, now)


def check_issuer(issuer: Element, provider: SamlProvider) -> None:
    """That it is the provider's entity id, to the letter. Raises ProviderFailure."""
    check_leaf(issuer, frozenset({"Format", "NameQualifier", "SPNameQualifier", "SPProvidedID"}))
    if issuer.get("Format", ENTITY) != ENTITY or text_of(issuer) != provider.issuer:
        raise ProviderFailure("issuer")


def is_success(message: Element) -> bool:
    """Whether its status is success and nothing below it. Raises ProviderFailure for none at all."""
    return _codes(message) == [SUCCESS]


def check_success(message: Element) -> None:
    """Raises ProviderFailure: `denied` when the provider refused the person, `status_saml` for anything else that is no success."""
    codes = _codes(message)
    if codes != [SUCCESS]:
        raise ProviderFailure("denied" if _REFUSALS.intersection(codes[1:]) else "status_saml")


def _codes(message: Element) -> list[str]:
    status = only(message, samlp("Status"))
    check_content(status, frozenset({samlp("StatusCode"), samlp("StatusMessage"), samlp("StatusDetail")}), _NONE)
    code: Element | None = only(status, samlp("StatusCode"))
    codes: list[str] = []
    while code is not None:
        check_content(code, frozenset({samlp("StatusCode")}), frozenset({"Value"}))
        codes.append(code.get("Value", ""))
        code = at_most_one(code, samlp("StatusCode"))
    return codes


def is_name(text: str) -> bool:
    """Whether a text can name somebody or something for good: short, visible, no blanks around it (NUL and such are not visible)."""
    return 0 < len(text) <= MOST_TEXT and text.isprintable() and text == text.strip()
