"""A provider's Response (SAML profiles, 4.1.4): who signed in there. Nothing in it is believed but what the assertion's own signature covers.

Of the Response around it, which need not be signed, everything is a reason to refuse and nothing is a reason to accept.
"""

from typing import Final

from belsimple.sso.failures import ProviderFailure
from belsimple.sso.saml.assertion import Assertion, read_assertion
from belsimple.sso.saml.decryption import decrypted
from belsimple.sso.saml.document import Element, check_content, from_base64, parsed
from belsimple.sso.saml.messages import check_envelope, check_success
from belsimple.sso.saml.names import ds, saml, samlp
from belsimple.sso.saml.provider import SamlProvider, ServiceProvider
from belsimple.sso.saml.signature import is_signed, verified

__all__ = ["Assertion", "read_response"]

_PARTS: Final = frozenset(
    {saml("Issuer"), ds("Signature"), samlp("Status"), saml("Assertion"), saml("EncryptedAssertion")}
)
_ATTRIBUTES: Final = frozenset({"ID", "Version", "IssueInstant", "Destination", "InResponseTo", "Consent"})


def read_response(encoded: str, provider: SamlProvider, own: ServiceProvider, *, now: float) -> Assertion:
    """Who a SAMLResponse of the POST binding is about. Raises ProviderFailure for whatever is not as it must be.

    Left to the caller: whether `in_response_to` is this browser's request, whether the id was seen before, and how old
    `authenticated_at` may be.
    """
    root = parsed(from_base64(encoded, "document"))
    if root.tag != samlp("Response"):
        raise ProviderFailure("document")
    response = verified(root, provider, now=now) if is_signed(root) else root
    _check_response(response, provider, own, now)
    assertion = _sole_assertion(root)
    if assertion.tag == saml("EncryptedAssertion"):
        assertion = decrypted(assertion, own)
        _check_sole(assertion, assertion)
    elif provider.encrypted_only:
        raise ProviderFailure("not_encrypted")
    found = read_assertion(verified(assertion, provider, now=now), provider, own, now=now)
    if response.get("InResponseTo") != found.in_response_to:
        raise ProviderFailure("in_response_to", found.claims)
    return found


def _check_response(response: Element, provider: SamlProvider, own: ServiceProvider, now: float) -> None:
    check_content(response, _PARTS, _ATTRIBUTES)
    check_envelope(response, provider, own.response_address, now=now)
    check_success(response)


def _sole_assertion(root: Element) -> Element:
    """The one assertion, right below the Response: with one, there is no other that could be read in its place (signature wrapping)."""
    found = [child for child in root if child.tag in (saml("Assertion"), saml("EncryptedAssertion"))]
    if not found:
        raise ProviderFailure("no_assertion")
    _check_sole(root, found[0])
    return found[0]


def _check_sole(root: Element, assertion: Element) -> None:
    everywhere = list(root.iter(saml("Assertion"), saml("EncryptedAssertion"), samlp("Response")))
    if [one for one in everywhere if one is not root or one is assertion] != [assertion]:
        raise ProviderFailure("wrapping")
