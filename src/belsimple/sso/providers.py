"""What a tenant's admin does with its identity providers. Each change is one function of the database's, which does the deciding."""

import os
from base64 import urlsafe_b64encode
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database, Transaction
from belsimple.identity.links import TOKEN_BYTES, LinkOver
from belsimple.identity.tokens import sha256
from belsimple.language import Language
from belsimple.language import marked as _
from belsimple.outbound import OutboundTrouble, place_of
from belsimple.sso.provider import Algorithm, Claims, SecretMethod, Status
from belsimple.sso.relying_party import RelyingParty
from belsimple.sso.saml.provider import SignatureAlgorithm
from belsimple.web.answers import Versioned
from belsimple.web.problems import NotFound, Unprocessable

_q = load_queries("belsimple.sso")
ADDRESSES = ("issuer", "authorization_address", "token_address", "keys_address", "userinfo_address", "logout_address")


class Rule(msgspec.Struct, frozen=True):
    """Whoever has this value in this claim holds this role. A dot leads into a claim: ``realm_access.roles``."""

    claim: str
    value: str
    role_id: UUID


class _Facts(Versioned, frozen=True, kw_only=True):
    id: UUID
    protocol: Literal["oidc", "saml"]
    name: str
    status: Status
    issuer: str | None
    client_id: str | None
    has_secret: bool
    client_authentication: SecretMethod
    algorithms: list[Algorithm | SignatureAlgorithm]
    scopes: str
    discovered: bool
    authorization_address: str | None
    token_address: str | None
    keys_address: str | None
    userinfo_address: str | None
    logout_address: str | None
    makes_accounts: bool
    role_ids: list[UUID]
    filled_in: bool
    tried: bool
    accounts: int
    created_at: datetime


class ShownProvider(_Facts, frozen=True, kw_only=True):
    """A provider as its admin sees it: never its secret. `tried`: whether a sign-in worked with it as it stands now.

    Of one with the protocol "saml", /api/v1/saml-providers has the rest.
    """

    rules: list[Rule]


class _Row(_Facts, frozen=True, kw_only=True):
    rules: str


class _AttemptFacts(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    at: datetime
    wants: str
    reason: str | None
    account: str | None
    role_ids: list[UUID]


class Attempt(_AttemptFacts, frozen=True, kw_only=True):
    """A sign-in as the provider told it; `role_ids`: what the rules give for these claims. `reason` None: it went well."""

    claims: Claims


class _AttemptRow(_AttemptFacts, frozen=True, kw_only=True):
    claims: str


class Setup(msgspec.Struct, frozen=True):
    """The draft that a setup link leads to."""

    tenant_id: UUID
    provider_id: UUID
    protocol: Literal["oidc", "saml"]
    tenant_name: str
    name: str
    issuer: str | None
    client_id: str | None
    language: Language


async def listed(transaction: Transaction) -> list[ShownProvider]:
    """All of the tenant's."""
    return [_shown(row) for row in await transaction.rows(_q.providers, _Row, id=None)]


async def shown(transaction: Transaction, *, provider_id: UUID) -> ShownProvider:
    """One of them. Raises NotFound."""
    found = await transaction.row(_q.providers, _Row, id=provider_id)
    if found is None:
        raise NotFound
    return _shown(found)


def _shown(row: _Row) -> ShownProvider:
    values: dict[str, Any] = {**msgspec.structs.asdict(row), "rules": msgspec.json.decode(row.rules, type=list[Rule])}
    return ShownProvider(**values)


async def add(transaction: Transaction, *, name: str) -> ShownProvider:
    """A draft. Raises BS409 for one too many."""
    made = await transaction.value(_q.new_id)
    await transaction.value(_q.add_provider, id=made, name=name)
    return await shown(transaction, provider_id=made)


async def change(
    transaction: Transaction,
    party: RelyingParty,
    *,
    provider_id: UUID,
    fields: dict[str, Any],
    secret: str | None,
    expected: int,
) -> ShownProvider:
    """Change what it is trusted for. Raises BS404, BS412, BS403 for roles that the caller lacks, and Unprocessable."""
    _require_addresses(fields)
    sealed = None if secret is None else party.seal(secret, transaction.principal.tenant_id, provider_id)
    await transaction.value(
        _q.change_provider,
        id=provider_id,
        fields=msgspec.json.encode(fields).decode(),
        sealed_secret=sealed,
        expected=expected,
    )
    return await shown(transaction, provider_id=provider_id)


def _require_addresses(fields: dict[str, Any]) -> None:
    """Well-formed now; where they lead is looked at in each request."""
    faults: list[tuple[str, str]] = []
    for name in ADDRESSES:
        try:
            if fields.get(name) is not None:
                place_of(fields[name])
        except OutboundTrouble as trouble:
            faults.append((f"/{name}", trouble.reason))
    wanted = ("authorization_address", "token_address", "keys_address")
    if fields.get("discovered") is False:
        faults += [(f"/{name}", _("Fill this in.")) for name in wanted if fields.get(name) is None]
    if faults:
        raise Unprocessable(faults)


async def set_status(transaction: Transaction, *, provider_id: UUID, status: str, expected: int) -> ShownProvider:
    """Switch on or off. Raises BS409 for one that was not tried as it stands; off ends every session that it opened."""
    await transaction.value(_q.set_provider_status, id=provider_id, status=status, expected=expected)
    return await shown(transaction, provider_id=provider_id)


async def remove(transaction: Transaction, *, provider_id: UUID, expected: int) -> None:
    """With its links, rules and sessions; accounts stay."""
    await transaction.value(_q.remove_provider, id=provider_id, expected=expected)


async def change_rules(
    transaction: Transaction,
    *,
    provider_id: UUID,
    makes_accounts: bool,
    role_ids: list[UUID],
    rules: list[Rule],
    expected: int,
) -> ShownProvider:
    """Who becomes what here, all of it. Raises BS403 for a role with a permission that the caller lacks."""
    await transaction.value(
        _q.change_rules,
        id=provider_id,
        makes_accounts=makes_accounts,
        role_ids=role_ids,
        rules=_encoded(rules),
        expected=expected,
    )
    return await shown(transaction, provider_id=provider_id)


async def attempts(transaction: Transaction, *, provider_id: UUID, rules: list[Rule] | None = None) -> list[Attempt]:
    """The last sign-ins; with `rules` given, what these would give: a dry run."""
    encoded = None if rules is None else _encoded(rules)
    found = await transaction.rows(_q.provider_attempts, _AttemptRow, id=provider_id, rules=encoded)
    return [Attempt(**{**msgspec.structs.asdict(row), "claims": msgspec.json.decode(row.claims)}) for row in found]


def _encoded(rules: list[Rule]) -> str:
    return msgspec.json.encode(rules).decode()


async def begin_setup(transaction: Transaction, *, provider_id: UUID, expected: int) -> str:
    """The token of a link for whoever runs the provider; the one before is over. Raises BS409 for one in use."""
    token = os.urandom(TOKEN_BYTES)
    await transaction.value(_q.begin_setup, id=provider_id, token_hash=sha256(token), expected=expected)
    return urlsafe_b64encode(token).rstrip(b"=").decode()


async def setup(database: Database, *, token: bytes) -> Setup | None:
    """What a link leads to. Asking consumes nothing."""
    found = await database.call(_q.setup_shown, token_hash=sha256(token))
    return Setup(*found[0]) if found else None


async def use_setup(
    database: Database, party: RelyingParty, *, token: bytes, fields: dict[str, Any], secret: str | None
) -> Setup:
    """Fill the draft in. Raises LinkOver, and Unprocessable."""
    _require_addresses(fields)
    known = await setup(database, token=token)
    if known is None or known.protocol != "oidc":
        raise LinkOver
    sealed = None if secret is None else party.seal(secret, known.tenant_id, known.provider_id)
    encoded = msgspec.json.encode(fields).decode()
    done = await database.call(_q.use_setup, token_hash=sha256(token), fields=encoded, sealed_secret=sealed)
    if not done[0][0]:
        raise LinkOver
    return known
