"""The pages of a SAML provider: its metadata with what they would change, what it is trusted for, our keys. Served by part gate."""

from typing import Annotated, Any
from uuid import UUID

import msgspec

from belsimple.database.transaction import Transaction
from belsimple.language import marked as _
from belsimple.sso import saml_providers as actions
from belsimple.sso.provider_pages import NameForm
from belsimple.sso.provider_routes import Address, Name
from belsimple.sso.saml.provider import ALGORITHMS, Binding
from belsimple.sso.saml_party import SamlParty
from belsimple.sso.saml_proposals import Change, Trust
from belsimple.sso.saml_provider_routes import (
    KEYS,
    METADATA,
    Attribute,
    Certificate,
    Document,
    Issuer,
    SignatureAlgorithms,
)
from belsimple.sso.saml_providers import SamlProviderShown
from belsimple.web.answers import Redirect, View, view
from belsimple.web.endpoint import page
from belsimple.web.inputs import Form


class MetadataForm(Form, frozen=True, kw_only=True):
    """A provider's metadata, or the address where they are."""

    document: Document | None = None
    address: Address | None = None


class SamlConfigurationForm(Form, frozen=True, kw_only=True):
    """All that a SAML provider is trusted for. An empty field for a certificate is one less."""

    name: Name
    issuer: Issuer
    sign_on_address: Address
    sign_on_binding: Binding = "redirect"
    logout_address: Address | None = None
    logout_binding: Binding = "redirect"
    certificates: Annotated[list[Certificate], msgspec.Meta(min_length=1, max_length=4)]
    algorithms: SignatureAlgorithms
    subject_attribute: Attribute | None = None
    signs_requests: bool = False
    idp_initiated: bool = False
    encrypted_only: bool = False
    version: int


@page(
    "GET",
    "/settings/saml-providers/new",
    permission="settings:write",
    part="gate",
    summary="The form of a new SAML provider",
)
async def new_form() -> View:
    return view("saml_provider_new.html")


@page(
    "POST",
    "/settings/saml-providers",
    permission="settings:write",
    part="gate",
    fresh=True,
    limits=(KEYS,),
    form="/settings/saml-providers/new",
    summary="Add a SAML provider on a page",
)
async def add(transaction: Transaction, saml: SamlParty, body: NameForm) -> Redirect:
    made = await actions.add(transaction, saml, name=body.name)
    return Redirect(f"/settings/saml-providers/{made.id}/metadata")


@page(
    "GET",
    "/settings/saml-providers/{id}/metadata",
    permission="settings:write",
    part="gate",
    summary="Where a SAML provider's metadata are given",
)
async def metadata_form(transaction: Transaction, saml: SamlParty, id: UUID) -> View:
    shown = await actions.shown(transaction, saml, provider_id=id)
    return view("saml_metadata.html", provider=shown)


@page(
    "POST",
    "/settings/saml-providers/{id}/metadata",
    permission="settings:write",
    part="gate",
    limits=(METADATA,),
    summary="What a SAML provider's metadata would change, on a page",
)
async def look_at_metadata(transaction: Transaction, saml: SamlParty, id: UUID, body: MetadataForm) -> View:
    shown = await actions.shown(transaction, saml, provider_id=id)
    seen = await actions.preview(transaction, saml, provider_id=id, document=body.document, address=body.address)
    return _configuration(shown, seen.found, seen.changes)


@page(
    "GET",
    "/settings/saml-providers/{id}/configuration",
    permission="settings:write",
    part="gate",
    summary="The form of a SAML provider",
)
async def configuration(transaction: Transaction, saml: SamlParty, id: UUID) -> View:
    shown = await actions.shown(transaction, saml, provider_id=id)
    return _configuration(shown, shown.trust, None)


def _configuration(shown: SamlProviderShown, trust: Trust, changes: list[Change] | None) -> View:
    return view(
        "saml_configuration.html",
        provider=shown,
        trust=trust,
        certificates=[actions.shown_certificate(one) for one in trust.certificates],
        changes=changes,
        algorithms=ALGORITHMS,
    )


@page(
    "POST",
    "/settings/saml-providers/{id}/configuration",
    permission="settings:write",
    part="gate",
    fresh=True,
    summary="Change a SAML provider on a page",
    done=_("The provider is saved. Test the sign-in if it says so."),
)
async def configure(transaction: Transaction, saml: SamlParty, id: UUID, body: SamlConfigurationForm) -> Redirect:
    fields: dict[str, Any] = msgspec.structs.asdict(body)
    expected = fields.pop("version")
    await actions.change(transaction, saml, provider_id=id, fields=fields, expected=expected)
    return Redirect(f"/settings/providers/{id}")


@page(
    "POST",
    "/settings/saml-providers/{id}/keys",
    permission="settings:write",
    part="gate",
    fresh=True,
    limits=(KEYS,),
    form="/settings/providers/{id}",
    summary="Add a key of ours for a SAML provider, on a page",
    done=_("The new key stands in the metadata. Let it sign once the provider has read them."),
)
async def add_key(transaction: Transaction, saml: SamlParty, id: UUID) -> Redirect:
    await actions.add_key(transaction, saml, provider_id=id)
    return Redirect(f"/settings/providers/{id}")


@page(
    "POST",
    "/settings/saml-providers/{id}/keys/{key_id}/signing",
    permission="settings:write",
    part="gate",
    fresh=True,
    form="/settings/providers/{id}",
    summary="Let another key of ours sign, on a page",
    done=_("The key signs from now on."),
)
async def sign_with(transaction: Transaction, saml: SamlParty, id: UUID, key_id: UUID) -> Redirect:
    await actions.sign_with(transaction, saml, provider_id=id, key_id=key_id)
    return Redirect(f"/settings/providers/{id}")


@page(
    "POST",
    "/settings/saml-providers/{id}/keys/{key_id}/removal",
    permission="settings:write",
    part="gate",
    fresh=True,
    form="/settings/providers/{id}",
    summary="Remove a key of ours that does not sign, on a page",
    done=_("The key is removed."),
)
async def remove_key(transaction: Transaction, id: UUID, key_id: UUID) -> Redirect:
    await actions.remove_key(transaction, provider_id=id, key_id=key_id)
    return Redirect(f"/settings/providers/{id}")


ENDPOINTS = (new_form, add, metadata_form, look_at_metadata, configuration, configure, add_key, sign_with, remove_key)
