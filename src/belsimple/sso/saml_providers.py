"""What a tenant's admin does with a SAML provider: what it is trusted for, from its metadata or by hand, and our keys for it."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database, Transaction
from belsimple.identity.links import LinkOver
from belsimple.identity.tokens import sha256
from belsimple.outbound import OutboundTrouble, place_of
from belsimple.sso import providers
from belsimple.sso.failures import REASONS, ProviderFailure
from belsimple.sso.provider import Status
from belsimple.sso.providers import Setup
from belsimple.sso.saml.own_keys import certificate_facts
from belsimple.sso.saml.provider import Binding, SignatureAlgorithm
from belsimple.sso.saml_party import SamlParty
from belsimple.sso.saml_proposals import Preview, Trust, changes, metadata_of
from belsimple.web.answers import Versioned
from belsimple.web.problems import NotFound, Unprocessable

_q = load_queries("belsimple.sso")


class ShownCertificate(msgspec.Struct, frozen=True):
    """A certificate that a provider's signatures are checked with. `certificate`: its DER in base64; `fingerprint`: SHA-256."""

    certificate: str
    subject: str
    fingerprint: str
    expires_at: datetime


class ShownKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key of ours for a provider. `signs`: our requests are signed with it; the other one only opens what is encrypted for it."""

    id: UUID
    certificate: str
    fingerprint: str
    expires_at: datetime
    signs: bool
    created_at: datetime


class OurAddresses(msgspec.Struct, frozen=True):
    """What the provider must know of us; all of it is in the metadata."""

    entity_id: str
    metadata_address: str
    response_address: str
    logout_address: str


class _Facts(Trust, frozen=True, kw_only=True):
    id: UUID
    name: str
    version: int
    algorithms: list[SignatureAlgorithm]
    subject_attribute: str | None
    signs_requests: bool
    idp_initiated: bool
    encrypted_only: bool


class _Key(msgspec.Struct):
    id: UUID
    certificate: str
    signs: bool
    created_at: datetime


class _Row(msgspec.Struct):
    facts: str
    status: Status
    tried: bool
    keys: str


class SamlProviderShown(Versioned, frozen=True, kw_only=True):
    """A SAML provider as its admin sees it. `tried`: whether a sign-in worked with it as it stands now."""

    id: UUID
    name: str
    status: Status
    tried: bool
    issuer: str | None
    sign_on_address: str | None
    sign_on_binding: Binding
    logout_address: str | None
    logout_binding: Binding
    certificates: list[ShownCertificate]
    algorithms: list[SignatureAlgorithm]
    subject_attribute: str | None
    signs_requests: bool
    idp_initiated: bool
    encrypted_only: bool
    keys: list[ShownKey]
    our_addresses: OurAddresses

    @property
    def trust(self) -> Trust:
        """That of it which metadata speak of."""
        return Trust(
            issuer=self.issuer,
            sign_on_address=self.sign_on_address,
            sign_on_binding=self.sign_on_binding,
            logout_address=self.logout_address,
            logout_binding=self.logout_binding,
            certificates=tuple(one.certificate for one in self.certificates),
        )


async def shown(transaction: Transaction, party: SamlParty, *, provider_id: UUID) -> SamlProviderShown:
    """One of the tenant's. Raises NotFound, for a provider of the other kind too."""
    row = await transaction.row(_q.saml_provider, _Row, id=provider_id)
    if row is None:
        raise NotFound
    facts = msgspec.json.decode(row.facts, type=_Facts)
    values: dict[str, Any] = msgspec.structs.asdict(facts) | {
        "status": row.status,
        "tried": row.tried,
        "certificates": [shown_certificate(one) for one in facts.certificates],
        "keys": [_key(one) for one in msgspec.json.decode(row.keys, type=list[_Key])],
        "our_addresses": our_addresses(party, provider_id),
    }
    return SamlProviderShown(**values)


def our_addresses(party: SamlParty, provider_id: UUID) -> OurAddresses:
    """What the provider must know of us."""
    name = party.entity_id(provider_id)
    return OurAddresses(name, name, party.response_address(provider_id), party.logout_address(provider_id))


def shown_certificate(base64: str) -> ShownCertificate:
    """What is in a certificate, for whoever compares it. Raises ProviderFailure."""
    facts = certificate_facts(base64)
    return ShownCertificate(base64, facts.subject, facts.fingerprint, facts.not_after)


def _key(key: _Key) -> ShownKey:
    facts = certificate_facts(key.certificate)
    return ShownKey(
        id=key.id,
        certificate=key.certificate,
        fingerprint=facts.fingerprint,
        expires_at=facts.not_after,
        signs=key.signs,
        created_at=key.created_at,
    )


async def add(transaction: Transaction, party: SamlParty, *, name: str) -> SamlProviderShown:
    """A draft, with our first key for it. Raises BS409 for one too many."""
    made: UUID = await transaction.value(_q.new_id)
    key = await _new_key(transaction, party, made)
    await transaction.value(_q.add_saml_provider, id=made, name=name, **key)
    return await shown(transaction, party, provider_id=made)


async def _new_key(transaction: Transaction, party: SamlParty, provider_id: UUID) -> dict[str, Any]:
    key_id: UUID = await transaction.value(_q.new_id)
    made = await asyncio.to_thread(party.new_key, transaction.principal.tenant_id, provider_id, key_id)
    return {"key_id": made.id, "certificate": made.certificate, "sealed_key": made.sealed}


async def change(
    transaction: Transaction, party: SamlParty, *, provider_id: UUID, fields: dict[str, Any], expected: int
) -> SamlProviderShown:
    """Change what it is trusted for. Raises BS404, BS412, and Unprocessable."""
    encoded = msgspec.json.encode(_checked(fields)).decode()
    await transaction.value(_q.change_saml_provider, id=provider_id, fields=encoded, expected=expected)
    return await shown(transaction, party, provider_id=provider_id)


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields as the database calls them, with certificates as they are kept. Raises Unprocessable."""
    faults: list[tuple[str, str]] = []
    for name in ("sign_on_address", "logout_address"):
        try:
            if fields.get(name) is not None:
                place_of(fields[name])
        except OutboundTrouble as trouble:
            faults.append((f"/{name}", trouble.reason))
    kept: list[str] = []
    for one in fields.get("certificates") or ():
        try:
            kept.append(_bare(one))
        except ProviderFailure as failure:
            faults.append(("/certificates", REASONS[failure.reason]))
    if faults:
        raise Unprocessable(faults)
    changed = {**fields, "certificates": sorted(set(kept))} if "certificates" in fields else dict(fields)
    if "sign_on_address" in changed:
        changed["authorization_address"] = changed.pop("sign_on_address")
    return changed


def _bare(certificate: str) -> str:
    """Base64 of the DER alone, of PEM or base64 with line breaks. Raises ProviderFailure for what is no certificate."""
    bare = "".join(line.strip() for line in certificate.splitlines() if not line.startswith("-----"))
    certificate_facts(bare)
    return bare


async def preview(
    transaction: Transaction, party: SamlParty, *, provider_id: UUID, document: str | None, address: str | None
) -> Preview:
    """What metadata say, from a document or from their address. Raises Unprocessable with what is wrong with them."""
    now = (await shown(transaction, party, provider_id=provider_id)).trust
    found = await metadata_of(party, document=document, address=address)
    return Preview(found, changes(now, found))


async def add_key(transaction: Transaction, party: SamlParty, *, provider_id: UUID) -> SamlProviderShown:
    """Another key, published beside the one that signs. Raises BS404, and BS409 when there are two."""
    await transaction.value(_q.add_provider_key, id=provider_id, **await _new_key(transaction, party, provider_id))
    return await shown(transaction, party, provider_id=provider_id)


async def sign_with(
    transaction: Transaction, party: SamlParty, *, provider_id: UUID, key_id: UUID
) -> SamlProviderShown:
    """From now on this key signs. Raises BS404."""
    await transaction.value(_q.sign_with_key, id=provider_id, key_id=key_id)
    return await shown(transaction, party, provider_id=provider_id)


async def remove_key(transaction: Transaction, *, provider_id: UUID, key_id: UUID) -> None:
    """The key that does not sign. Raises BS404, and BS409 for the one that does."""
    await transaction.value(_q.remove_provider_key, id=provider_id, key_id=key_id)


async def use_setup(
    database: Database, party: SamlParty, *, token: bytes, document: str | None, address: str | None
) -> Setup:
    """Fill a draft in by a setup link, from metadata. Raises LinkOver, and Unprocessable."""
    known = await providers.setup(database, token=token)
    if known is None or known.protocol != "saml":
        raise LinkOver
    found = await metadata_of(party, document=document, address=address)
    encoded = msgspec.json.encode(_checked(msgspec.structs.asdict(found))).decode()
    done = await database.call(_q.use_setup, token_hash=sha256(token), fields=encoded, sealed_secret=None)
    if not done[0][0]:
        raise LinkOver
    return known
