"""Metadata (SAML metadata, 2): what an admin takes over from a provider, and what a provider takes over from us.

A provider's metadata are an admin's input, shown before they are used. A signature on them is not looked at: the admin says whose they are.
"""

from typing import Final

import msgspec
from lxml import etree

from belsimple.sso.failures import ProviderFailure
from belsimple.sso.saml.document import Element, children, only, parsed_metadata
from belsimple.sso.saml.names import (
    ENCRYPTION,
    ENCRYPTION_11,
    METADATA,
    POST_BINDING,
    PROTOCOL,
    REDIRECT_BINDING,
    SIGNATURE,
    ds,
    md,
)
from belsimple.sso.saml.own_keys import certificate_of
from belsimple.sso.saml.provider import Binding, ServiceProvider
from belsimple.sso.saml.times import optional_moment

MOST_CERTIFICATES: Final = 4
MOST_ADDRESS: Final = 2000
MOST_ISSUER: Final = 1024
_BINDINGS: Final[tuple[tuple[str, Binding], ...]] = ((REDIRECT_BINDING, "redirect"), (POST_BINDING, "post"))
"""In the order in which they are preferred: a link needs no page with a form."""
_OWN_KEYS: Final = 2
_METHODS: Final = (f"{ENCRYPTION_11}aes256-gcm", f"{ENCRYPTION_11}aes128-gcm", f"{ENCRYPTION}rsa-oaep-mgf1p")


class ProviderMetadata(msgspec.Struct, frozen=True):
    """What is taken over."""

    issuer: str
    sign_on_address: str
    sign_on_binding: Binding
    logout_address: str | None
    logout_binding: Binding
    certificates: tuple[str, ...]


def read_metadata(document: bytes, *, now: float) -> ProviderMetadata:
    """What the metadata of one provider say. Raises ProviderFailure, whose reason tells the admin what is wrong."""
    try:
        root = parsed_metadata(document)
        entity = _entity(root)
        role = only(entity, md("IDPSSODescriptor"))
    except ProviderFailure as failure:
        raise ProviderFailure("metadata_document" if failure.reason == "document" else failure.reason) from None
    for element in (root, entity, role):
        _check_valid(element, now)
    issuer = entity.get("entityID", "")
    if not 0 < len(issuer) <= MOST_ISSUER or not issuer.isprintable():
        raise ProviderFailure("metadata_document")
    sign_on = _endpoint(role, "SingleSignOnService")
    if sign_on is None:
        raise ProviderFailure("metadata_sign_on")
    logout = _endpoint(role, "SingleLogoutService")
    return ProviderMetadata(issuer, *sign_on, *(logout or (None, "redirect")), _certificates(role))


def _entity(root: Element) -> Element:
    """The one entity that is an identity provider; federations list thousands, of which an admin must choose elsewhere."""
    if root.tag not in (md("EntityDescriptor"), md("EntitiesDescriptor")):
        raise ProviderFailure("metadata_document")
    found = [one for one in root.iter(md("EntityDescriptor")) if any(map(_is_provider, one))]
    if len(found) > 1:
        raise ProviderFailure("metadata_several")
    if not found or not all(map(_is_provider, children(found[0], md("IDPSSODescriptor")))):
        raise ProviderFailure("metadata_document")
    return found[0]


def _is_provider(role: Element) -> bool:
    return role.tag == md("IDPSSODescriptor") and PROTOCOL in role.get("protocolSupportEnumeration", "").split()


def _check_valid(element: Element, now: float) -> None:
    try:
        until = optional_moment(element, "validUntil")
    except ProviderFailure:
        raise ProviderFailure("metadata_document") from None
    if until is not None and until <= now:
        raise ProviderFailure("metadata_over")


def _endpoint(role: Element, name: str) -> tuple[str, Binding] | None:
    """Where the browser goes, by the first binding that we can. Raises ProviderFailure for an address that is not https."""
    for uri, binding in _BINDINGS:
        for service in children(role, md(name)):
            if service.get("Binding") == uri:
                return _address(service.get("Location", "")), binding
    return None


def _address(address: str) -> str:
    if not address.startswith("https://"):  # http would show what is asked and answered, javascript: would run it
        raise ProviderFailure("scheme")
    if (
        len(address) > MOST_ADDRESS
        or not address.isascii()
        or not address.isprintable()
        or set(address) & set(" \"'<>")
    ):
        raise ProviderFailure("address")
    return address


def _certificates(role: Element) -> tuple[str, ...]:
    """Those for signatures: use="signing", or no use named, which means both (metadata, 2.4.1.1)."""
    found: list[str] = []
    for descriptor in children(role, md("KeyDescriptor")):
        if descriptor.get("use", "signing") == "signing":
            found += ["".join((one.text or "").split()) for one in descriptor.iter(ds("X509Certificate"))]
    distinct = tuple(dict.fromkeys(found))
    if not 0 < len(distinct) <= MOST_CERTIFICATES:
        raise ProviderFailure("metadata_certificates")
    for certificate in distinct:
        certificate_of(certificate)
    return distinct


def own_metadata(own: ServiceProvider, *, signs_requests: bool = True, wants_encryption: bool = True) -> bytes:
    """Ours, for a provider: at most two certificates for each use, so that a new key is known before it is used."""
    root = etree.Element(md("EntityDescriptor"), nsmap={"md": METADATA, "ds": SIGNATURE})
    root.set("entityID", own.entity_id)
    role = etree.SubElement(root, md("SPSSODescriptor"))
    role.set("protocolSupportEnumeration", PROTOCOL)
    role.set("AuthnRequestsSigned", str(signs_requests).lower())
    role.set("WantAssertionsSigned", "true")
    for use in ("signing", "encryption") if wants_encryption else ("signing",):
        for key in own.keys[:_OWN_KEYS]:
            _add_key(role, use, key.certificate)
    for uri, _ in _BINDINGS:
        _add_service(role, "SingleLogoutService", uri, own.logout_address)
    consumer = _add_service(role, "AssertionConsumerService", POST_BINDING, own.response_address)
    consumer.set("index", "0")
    consumer.set("isDefault", "true")
    return etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True)


def _add_key(role: Element, use: str, certificate: str) -> None:
    descriptor = etree.SubElement(role, md("KeyDescriptor"))
    descriptor.set("use", use)
    data = etree.SubElement(etree.SubElement(descriptor, ds("KeyInfo")), ds("X509Data"))
    etree.SubElement(data, ds("X509Certificate")).text = certificate
    if use == "encryption":
        for method in _METHODS:
            etree.SubElement(descriptor, md("EncryptionMethod")).set("Algorithm", method)


def _add_service(role: Element, name: str, binding: str, address: str) -> Element:
    service = etree.SubElement(role, md(name))
    service.set("Binding", binding)
    service.set("Location", address)
    return service
