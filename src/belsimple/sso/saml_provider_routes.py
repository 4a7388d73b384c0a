"""A tenant's SAML providers over the API: what only this kind has. Served by part gate, which alone can seal our keys."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec

from belsimple.database.transaction import Transaction
from belsimple.language import marked as _
from belsimple.sso import saml_providers as actions
from belsimple.sso.provider_routes import Address, Name, NewProvider
from belsimple.sso.saml.provider import Binding, SignatureAlgorithm
from belsimple.sso.saml_party import SamlParty
from belsimple.sso.saml_proposals import Preview
from belsimple.sso.saml_providers import SamlProviderShown
from belsimple.web.answers import Answer, Created
from belsimple.web.endpoint import endpoint
from belsimple.web.form_errors import SAID
from belsimple.web.inputs import Input
from belsimple.web.limits import Limit, by_session

# A key pair costs half a second of the processor, and metadata are fetched from wherever the caller says.
KEYS: Final = Limit(name="provider-keys", times=10, seconds=60, burst=10, subject=by_session)
METADATA: Final = Limit(name="provider-metadata", times=20, seconds=60, burst=20, subject=by_session)
Issuer = Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=r"^[!-~]+$")]
Certificate = Annotated[str, msgspec.Meta(min_length=1, max_length=10_000)]
Certificates = Annotated[list[Certificate], msgspec.Meta(min_length=1, max_length=4)]
SignatureAlgorithms = Annotated[list[SignatureAlgorithm], msgspec.Meta(min_length=1, max_length=10)]
Attribute = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=100,
        pattern=r"^[!-~]+$",
        extra={SAID: _("Write the attribute's name as the provider sends it.")},
    ),
]
Document = Annotated[str, msgspec.Meta(min_length=1, max_length=500_000)]


class SamlProviderChange(Input, frozen=True):
    """What changes; a field left out stays. `certificates`: base64 of DER, or PEM."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    issuer: Issuer | msgspec.UnsetType = msgspec.UNSET
    sign_on_address: Address | msgspec.UnsetType = msgspec.UNSET
    sign_on_binding: Binding | msgspec.UnsetType = msgspec.UNSET
    logout_address: Address | msgspec.UnsetType | None = msgspec.UNSET
    logout_binding: Binding | msgspec.UnsetType = msgspec.UNSET
    certificates: Certificates | msgspec.UnsetType = msgspec.UNSET
    algorithms: SignatureAlgorithms | msgspec.UnsetType = msgspec.UNSET
    subject_attribute: Attribute | msgspec.UnsetType | None = msgspec.UNSET
    signs_requests: bool | msgspec.UnsetType = msgspec.UNSET
    idp_initiated: bool | msgspec.UnsetType = msgspec.UNSET
    encrypted_only: bool | msgspec.UnsetType = msgspec.UNSET


class SamlMetadata(Input, frozen=True):
    """A provider's metadata, or the address where they are: one of both."""

    document: Document | None = None
    address: Address | None = None


class SigningKey(Input, frozen=True):
    """Which key signs."""

    key_id: UUID


@endpoint(
    "POST",
    "/api/v1/saml-providers",
    permission="settings:write",
    part="gate",
    fresh=True,
    limits=(KEYS,),
    summary="Add a SAML provider",
)
async def add_saml_provider(transaction: Transaction, saml: SamlParty, body: NewProvider) -> Created[SamlProviderShown]:
    made = await actions.add(transaction, saml, name=body.name)
    return Created(made, f"/api/v1/saml-providers/{made.id}")


@endpoint("GET", "/api/v1/saml-providers/{id}", permission="settings:read", part="gate", summary="A SAML provider")
async def get_saml_provider(transaction: Transaction, saml: SamlParty, id: UUID) -> SamlProviderShown:
    return await actions.shown(transaction, saml, provider_id=id)


@endpoint(
    "PATCH",
    "/api/v1/saml-providers/{id}",
    permission="settings:write",
    part="gate",
    fresh=True,
    precondition="required",
    summary="Change a SAML provider",
)
async def change_saml_provider(
    transaction: Transaction, saml: SamlParty, id: UUID, body: SamlProviderChange, expected: int
) -> SamlProviderShown:
    given: dict[str, Any] = {
        name: value for name, value in msgspec.structs.asdict(body).items() if value is not msgspec.UNSET
    }
    return await actions.change(transaction, saml, provider_id=id, fields=given, expected=expected)


@endpoint(
    "POST",
    "/api/v1/saml-providers/{id}/metadata",
    permission="settings:write",
    part="gate",
    idempotent=False,
    limits=(METADATA,),
    summary="What a SAML provider's metadata would change",
)
async def preview_saml_metadata(transaction: Transaction, saml: SamlParty, id: UUID, body: SamlMetadata) -> Preview:
    return await actions.preview(transaction, saml, provider_id=id, document=body.document, address=body.address)


@endpoint(
    "POST",
    "/api/v1/saml-providers/{id}/keys",
    permission="settings:write",
    part="gate",
    fresh=True,
    limits=(KEYS,),
    summary="Add a key of ours for a SAML provider",
)
async def add_saml_key(transaction: Transaction, saml: SamlParty, id: UUID) -> Answer[Literal[201], SamlProviderShown]:
    return Answer(201, await actions.add_key(transaction, saml, provider_id=id))


@endpoint(
    "PUT",
    "/api/v1/saml-providers/{id}/signing-key",
    permission="settings:write",
    part="gate",
    fresh=True,
    summary="Let another key of ours sign",
)
async def choose_saml_key(transaction: Transaction, saml: SamlParty, id: UUID, body: SigningKey) -> SamlProviderShown:
    return await actions.sign_with(transaction, saml, provider_id=id, key_id=body.key_id)


@endpoint(
    "DELETE",
    "/api/v1/saml-providers/{id}/keys/{key_id}",
    permission="settings:write",
    part="gate",
    fresh=True,
    summary="Remove a key of ours that does not sign",
)
async def remove_saml_key(transaction: Transaction, id: UUID, key_id: UUID) -> None:
    await actions.remove_key(transaction, provider_id=id, key_id=key_id)


ENDPOINTS = (
    add_saml_provider,
    get_saml_provider,
    change_saml_provider,
    preview_saml_metadata,
    add_saml_key,
    choose_saml_key,
    remove_saml_key,
)
