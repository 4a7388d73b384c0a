"""Asking a provider to sign somebody in (SAML core, 3.4.1; profiles, 4.1.4.1)."""

import hashlib
from base64 import urlsafe_b64encode
from typing import Final

from lxml import etree

from belsimple.sso.saml.departure import Departure, departure, message
from belsimple.sso.saml.names import POST_BINDING, samlp
from belsimple.sso.saml.provider import SamlProvider, ServiceProvider

_REQUEST: Final = b"belsimple saml request 1\0"


def request_id(token: bytes) -> str:
    """A request's id, derived from the token in the browser's pending cookie: an answer in response to it belongs to that browser.

    As `sso.browser.state_of`; it begins with an underscore, as an xs:ID may not begin with a digit or a hyphen.
    """
    return "_" + urlsafe_b64encode(hashlib.sha256(_REQUEST + token).digest()).rstrip(b"=").decode("ascii")


def authentication_request(
    provider: SamlProvider,
    own: ServiceProvider,
    *,
    id: str,  # noqa: A002 - the attribute's name
    now: float,
    fresh: bool,
    relay: str | None = None,
) -> Departure:
    """The browser's way to the provider. `fresh`: the person must be asked anew, whatever session they have there."""
    root = message("AuthnRequest", id=id, issuer=own.entity_id, destination=provider.sign_on_address, now=now)
    root.set("ProtocolBinding", POST_BINDING)
    root.set("AssertionConsumerServiceURL", own.response_address)
    if fresh:
        root.set("ForceAuthn", "true")
    # No format: providers send the one that is set up there, and refuse requests that name another.
    etree.SubElement(root, samlp("NameIDPolicy")).set("AllowCreate", "true")
    return departure(
        root,
        binding=provider.sign_on_binding,
        address=provider.sign_on_address,
        parameter="SAMLRequest",
        relay=relay,
        key=own.keys[0] if provider.signs_requests else None,
    )
