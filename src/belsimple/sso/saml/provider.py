"""A tenant's SAML identity provider, and this service as its service provider. What is trusted stands here; nothing of it is ever taken from a message."""

from typing import Final, Literal
from uuid import UUID

import msgspec

from belsimple.sso.saml.own_keys import OwnKey

Binding = Literal["redirect", "post"]
SignatureAlgorithm = Literal[
    "rsa-sha256", "rsa-sha384", "rsa-sha512", "rsa-pss-sha256", "ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512"
]
"""Asymmetric, and none with SHA-1: whoever verifies with a shared secret could sign, and SHA-1 signatures can be forged."""
ALGORITHMS: Final[tuple[SignatureAlgorithm, ...]] = (
    "rsa-sha256",
    "rsa-sha384",
    "rsa-sha512",
    "rsa-pss-sha256",
    "ecdsa-sha256",
    "ecdsa-sha384",
    "ecdsa-sha512",
)


class SamlProvider(msgspec.Struct, frozen=True, kw_only=True, tag_field="protocol", tag="saml"):
    """One version of a provider.

    `issuer`: its entityID. `certificates`: base64 of DER, one to four; during a roll-over the old and the new one.
    `subject_attribute`: the attribute whose single value is the subject; None for the NameID. `idp_initiated`: whether it may send
    people whom nobody asked for. `encrypted_only`: whether assertions in the clear are refused.
    """

    tenant_id: UUID
    id: UUID
    version: int
    name: str
    issuer: str
    sign_on_address: str
    sign_on_binding: Binding
    logout_address: str | None
    logout_binding: Binding
    certificates: tuple[str, ...]
    algorithms: tuple[SignatureAlgorithm, ...]
    subject_attribute: str | None
    signs_requests: bool
    idp_initiated: bool
    encrypted_only: bool


class ServiceProvider(msgspec.Struct, frozen=True, kw_only=True):
    """This service, as one provider knows it. `keys`: the first signs, all decrypt."""

    entity_id: str
    response_address: str
    logout_address: str
    keys: tuple[OwnKey, ...]
