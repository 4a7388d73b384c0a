"""A tenant's identity providers over the API. What holds a secret is served by part gate, which alone can seal it."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from belsimple.database.transaction import Transaction
from belsimple.language import marked as _
from belsimple.sso import providers as actions
from belsimple.sso.provider import Algorithm, SecretMethod
from belsimple.sso.providers import Attempt, Rule, ShownProvider
from belsimple.sso.relying_party import RelyingParty
from belsimple.web.answers import Answer, Created
from belsimple.web.endpoint import endpoint
from belsimple.web.form_errors import SAID
from belsimple.web.inputs import Input

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Address = Annotated[
    str,
    msgspec.Meta(
        max_length=500,
        pattern=r"^https://[!-~]+$",
        extra={SAID: _("Write an address such as https://login.example.com.")},
    ),
]
ClientId = Annotated[str, msgspec.Meta(min_length=1, max_length=300, pattern=r"^[ -~]+$")]
ClientSecret = Annotated[str, msgspec.Meta(min_length=1, max_length=1000, pattern=r"^[ -~]+$")]
Scopes = Annotated[
    str,
    msgspec.Meta(
        max_length=300,
        pattern=r"^openid( [!-~]+)*$",
        extra={SAID: _("Write openid first, then others with a space between.")},
    ),
]
Algorithms = Annotated[list[Algorithm], msgspec.Meta(min_length=1, max_length=10)]
RoleIds = Annotated[list[UUID], msgspec.Meta(max_length=20)]
Claim = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=200,
        pattern=r"^[A-Za-z0-9_.:/-]+$",
        extra={SAID: _("Write a claim's name such as groups.")},
    ),
]
Value = Annotated[str, msgspec.Meta(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]+$")]


class NewProvider(Input, frozen=True):
    """What people read on the sign-in page."""

    name: Name


class ProviderChange(Input, frozen=True):
    """What changes; a field left out stays. `discovered`: the addresses are read from the issuer's metadata."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    issuer: Address | msgspec.UnsetType = msgspec.UNSET
    client_id: ClientId | msgspec.UnsetType = msgspec.UNSET
    client_secret: ClientSecret | msgspec.UnsetType = msgspec.UNSET
    client_authentication: SecretMethod | msgspec.UnsetType = msgspec.UNSET
    algorithms: Algorithms | msgspec.UnsetType = msgspec.UNSET
    scopes: Scopes | msgspec.UnsetType = msgspec.UNSET
    discovered: bool | msgspec.UnsetType = msgspec.UNSET
    authorization_address: Address | msgspec.UnsetType | None = msgspec.UNSET
    token_address: Address | msgspec.UnsetType | None = msgspec.UNSET
    keys_address: Address | msgspec.UnsetType | None = msgspec.UNSET
    userinfo_address: Address | msgspec.UnsetType | None = msgspec.UNSET
    logout_address: Address | msgspec.UnsetType | None = msgspec.UNSET


class NewStatus(Input, frozen=True):
    """In use or not."""

    status: Literal["active", "disabled"]


class NewRule(Input, frozen=True):
    """Whoever has this value in this claim holds this role."""

    claim: Claim
    value: Value
    role_id: UUID


RuleList = Annotated[list[NewRule], msgspec.Meta(max_length=200)]


class TriedRules(Input, frozen=True):
    """Rules to be tried."""

    rules: RuleList


class Rules(TriedRules, frozen=True):
    """All rules; whether accounts are made at a first sign-in, and the roles that each of them gets."""

    makes_accounts: bool
    role_ids: RoleIds


class Providers(msgspec.Struct, frozen=True):
    """All of a tenant's."""

    items: list[ShownProvider]


class Attempts(msgspec.Struct, frozen=True):
    """The last sign-ins, newest first."""

    items: list[Attempt]


class SetupLink(msgspec.Struct, frozen=True):
    """A link's path with its token; told once."""

    path: str


@endpoint("GET", "/api/v1/providers", permission="settings:read", summary="Identity providers")
async def list_providers(transaction: Transaction) -> Providers:
    return Providers(await actions.listed(transaction))


@endpoint("POST", "/api/v1/providers", permission="settings:write", fresh=True, summary="Add an identity provider")
async def add_provider(transaction: Transaction, body: NewProvider) -> Created[ShownProvider]:
    made = await actions.add(transaction, name=body.name)
    return Created(made, f"/api/v1/providers/{made.id}")


@endpoint("GET", "/api/v1/providers/{id}", permission="settings:read", summary="An identity provider")
async def get_provider(transaction: Transaction, id: UUID) -> ShownProvider:
    return await actions.shown(transaction, provider_id=id)


@endpoint(
    "PATCH",
    "/api/v1/providers/{id}",
    permission="settings:write",
    part="gate",
    fresh=True,
    precondition="required",
    summary="Change an identity provider",
)
async def change_provider(
    transaction: Transaction, providers: RelyingParty, id: UUID, body: ProviderChange, expected: int
) -> ShownProvider:
    given: dict[str, Any] = {
        name: value for name, value in msgspec.structs.asdict(body).items() if value is not msgspec.UNSET
    }
    secret = given.pop("client_secret", None)
    return await actions.change(transaction, providers, provider_id=id, fields=given, secret=secret, expected=expected)


@endpoint(
    "PUT",
    "/api/v1/providers/{id}/status",
    permission="settings:write",
    fresh=True,
    precondition="required",
    summary="Switch an identity provider on or off",
)
async def set_status(transaction: Transaction, id: UUID, body: NewStatus, expected: int) -> ShownProvider:
    return await actions.set_status(transaction, provider_id=id, status=body.status, expected=expected)


@endpoint(
    "DELETE",
    "/api/v1/providers/{id}",
    permission="settings:write",
    fresh=True,
    precondition="required",
    summary="Remove an identity provider",
)
async def remove_provider(transaction: Transaction, id: UUID, expected: int) -> None:
    await actions.remove(transaction, provider_id=id, expected=expected)


@endpoint(
    "PUT",
    "/api/v1/providers/{id}/rules",
    permission="settings:write",
    fresh=True,
    precondition="required",
    summary="Change which claims give which roles",
)
async def change_rules(transaction: Transaction, id: UUID, body: Rules, expected: int) -> ShownProvider:
    return await actions.change_rules(
        transaction,
        provider_id=id,
        makes_accounts=body.makes_accounts,
        role_ids=body.role_ids,
        rules=_rules(body),
        expected=expected,
    )


@endpoint(
    "POST",
    "/api/v1/providers/{id}/rules/trial",
    permission="settings:write",
    idempotent=False,
    summary="What rules would have given in the last sign-ins",
)
async def try_rules(transaction: Transaction, id: UUID, body: TriedRules) -> Attempts:
    await actions.shown(transaction, provider_id=id)
    return Attempts(await actions.attempts(transaction, provider_id=id, rules=_rules(body)))


@endpoint(
    "GET", "/api/v1/providers/{id}/attempts", permission="settings:write", summary="The last sign-ins by a provider"
)
async def list_attempts(transaction: Transaction, id: UUID) -> Attempts:
    await actions.shown(transaction, provider_id=id)
    return Attempts(await actions.attempts(transaction, provider_id=id))


@endpoint(
    "POST",
    "/api/v1/providers/{id}/setup",
    permission="settings:write",
    fresh=True,
    secret=True,
    precondition="required",
    summary="A link for whoever runs the identity provider",
)
async def begin_setup(transaction: Transaction, id: UUID, expected: int) -> Answer[Literal[201], SetupLink]:
    token = await actions.begin_setup(transaction, provider_id=id, expected=expected)
    return Answer(201, SetupLink(f"/sso/setup?token={token}"))


def _rules(body: TriedRules) -> list[Rule]:
    return [Rule(one.claim, one.value, one.role_id) for one in body.rules]


ENDPOINTS = (
    list_providers,
    add_provider,
    get_provider,
    change_provider,
    set_status,
    remove_provider,
    change_rules,
    try_rules,
    list_attempts,
    begin_setup,
)
