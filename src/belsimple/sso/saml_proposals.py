"""What a SAML provider's metadata say, as a proposal: compared with what is trusted now, and taken over by nobody but its admin."""

import msgspec

from belsimple.language import marked as _
from belsimple.sso.failures import REASONS, ProviderFailure
from belsimple.sso.saml.metadata import ProviderMetadata
from belsimple.sso.saml.own_keys import certificate_facts
from belsimple.sso.saml.provider import Binding
from belsimple.sso.saml_party import SamlParty
from belsimple.web.problems import Unprocessable


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says of itself in its metadata, and whatever of it is trusted."""

    issuer: str | None
    sign_on_address: str | None
    sign_on_binding: Binding
    logout_address: str | None
    logout_binding: Binding
    certificates: tuple[str, ...]


class Change(msgspec.Struct, frozen=True):
    """What would change: the values of one field before and after."""

    field: str
    before: list[str]
    after: list[str]


class Preview(msgspec.Struct, frozen=True):
    """What metadata say, and what would change if it were taken over; nothing has been changed."""

    found: Trust
    changes: list[Change]


async def metadata_of(party: SamlParty, *, document: str | None, address: str | None) -> Trust:
    """What metadata say. Raises Unprocessable."""
    if (document is None) == (address is None):
        raise Unprocessable([("/document", _("Give the metadata, or the address where they are."))])
    try:
        found = party.read(document.encode()) if document is not None else await party.fetch(address or "")
    except ProviderFailure as failure:
        field = "/document" if document is not None else "/address"
        raise Unprocessable([(field, REASONS[failure.reason])]) from None
    return _trust(found)


def _trust(found: ProviderMetadata) -> Trust:
    return Trust(
        issuer=found.issuer,
        sign_on_address=found.sign_on_address,
        sign_on_binding=found.sign_on_binding,
        logout_address=found.logout_address,
        logout_binding=found.logout_binding,
        certificates=found.certificates,
    )


def changes(before: Trust, after: Trust) -> list[Change]:
    """The fields that differ; certificates by their fingerprints."""
    pairs = ((name, _said(before, name), _said(after, name)) for name in Trust.__struct_fields__)
    return [Change(name, old, new) for name, old, new in pairs if old != new]


def _said(trust: Trust, name: str) -> list[str]:
    value = getattr(trust, name)
    if name == "certificates":
        return sorted(certificate_facts(one).fingerprint for one in value)
    return [] if value is None else [value]
