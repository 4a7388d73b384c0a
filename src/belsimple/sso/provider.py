"""A tenant's identity provider as part gate uses it. What it is trusted for stands here; nothing of it is ever taken from a token."""

from typing import Any, Final, Literal
from uuid import UUID

import msgspec

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Asymmetric only: with a shared secret, whoever verifies could sign, and a public key could be taken for the secret (RFC 8725, 2.1)."""
ALGORITHMS: Final[tuple[Algorithm, ...]] = (
    "RS256",
    "PS256",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "RS384",
    "RS512",
    "PS384",
    "PS512",
)
SecretMethod = Literal["basic", "post"]
Status = Literal["draft", "active", "disabled"]
Claims = dict[str, Any]


class Provider(msgspec.Struct, frozen=True, kw_only=True, tag_field="protocol", tag="oidc"):
    """One version of a provider. Where `discovered`, the addresses are its metadata's and those here are empty."""

    tenant_id: UUID
    id: UUID
    version: int
    name: str
    issuer: str
    client_id: str
    client_authentication: SecretMethod
    algorithms: tuple[Algorithm, ...]
    scopes: str
    discovered: bool
    authorization_address: str | None = None
    token_address: str | None = None
    keys_address: str | None = None
    userinfo_address: str | None = None
    logout_address: str | None = None
    secret: bytes = b""
