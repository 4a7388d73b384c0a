"""Metadata of providers, in every shape that admins paste, and our own."""

import pytest

from belsimple.sso.failures import ProviderFailure
from belsimple.sso.saml.metadata import ProviderMetadata, own_metadata, read_metadata
from belsimple.sso.saml.names import METADATA, POST_BINDING, PROTOCOL, REDIRECT_BINDING, SIGNATURE
from tests.support.saml_messages import ADDRESS, ENTITY, NOW, certified, curve_key, own, rsa_key

ONE, TWO = certified(rsa_key()), certified(curve_key())


def key(certificate: str, use: str = ' use="signing"') -> str:
    body = "\n".join(certificate[start : start + 64] for start in range(0, len(certificate), 64))
    return (
        f'<KeyDescriptor{use}><KeyInfo xmlns="{SIGNATURE}"><X509Data><X509Certificate>\n{body}\n</X509Certificate>'
        "</X509Data></KeyInfo></KeyDescriptor>"
    )


def service(name: str, binding: str, address: str) -> str:
    return f'<{name} Binding="{binding}" Location="{address}"/>'


SIGN_ON = service("SingleSignOnService", POST_BINDING, "https://idp.example/post") + service(
    "SingleSignOnService", REDIRECT_BINDING, "https://idp.example/sso"
)


def entity(
    inside: str = key(ONE) + SIGN_ON, *, attributes: str = "", role: str = "", issuer: str = "https://idp.example/e"
) -> str:
    return (
        f'<EntityDescriptor xmlns="{METADATA}" entityID="{issuer}"{attributes}>'
        f'<IDPSSODescriptor protocolSupportEnumeration="{PROTOCOL}"{role}>{inside}</IDPSSODescriptor></EntityDescriptor>'
    )


def read(document: str | bytes) -> ProviderMetadata:
    return read_metadata(document if isinstance(document, bytes) else document.encode(), now=NOW)


def refusal(document: str | bytes) -> str:
    with pytest.raises(ProviderFailure) as failure:
        read(document)
    return failure.value.reason


def test_what_is_taken_over() -> None:
    logout = service("SingleLogoutService", POST_BINDING, "https://idp.example/slo")
    found = read(entity(key(ONE) + key(TWO, "") + key(certified(rsa_key("x")), ' use="encryption"') + logout + SIGN_ON))
    assert found.issuer == "https://idp.example/e"
    assert (found.sign_on_address, found.sign_on_binding) == ("https://idp.example/sso", "redirect")
    assert (found.logout_address, found.logout_binding) == ("https://idp.example/slo", "post")
    assert found.certificates == (ONE, TWO)


def test_a_certificate_that_is_there_twice_counts_once() -> None:
    assert read(entity(key(ONE) + key(ONE) + SIGN_ON)).certificates == (ONE,)


def test_marks_comments_and_foreign_elements_do_not_matter() -> None:
    document = entity(f'<!-- a comment --><Extensions><x xmlns="urn:x"/></Extensions>{key(ONE)}{SIGN_ON}')
    assert read(b"\xef\xbb\xbf" + f'<?xml version="1.0" encoding="UTF-8"?>\n{document}'.encode()) == read(document)


def test_one_provider_among_services_is_found() -> None:
    other = f'<EntityDescriptor entityID="https://sp.example"><SPSSODescriptor protocolSupportEnumeration="{PROTOCOL}"/></EntityDescriptor>'
    both = f'<EntitiesDescriptor xmlns="{METADATA}">{other}{entity()}</EntitiesDescriptor>'
    assert read(both).issuer == "https://idp.example/e"
    assert refusal(both.replace(other, entity(issuer="https://other.example"))) == "metadata_several"
    assert refusal(f'<EntitiesDescriptor xmlns="{METADATA}">{other}</EntitiesDescriptor>') == "metadata_document"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("", "metadata_document"),
        ("<html></html>", "metadata_document"),
        ("<x", "metadata_document"),
        ("<!DOCTYPE x>" + entity(), "metadata_document"),
        (entity().encode("utf-16"), "metadata_document"),
        ("<!-- " * 3 + entity(), "metadata_document"),
        (entity(issuer=""), "metadata_document"),
        (entity(attributes=' validUntil="2020-01-01T00:00:00Z"'), "metadata_over"),
        (entity(role=' validUntil="2027-01-15T08:00:00Z"'), "metadata_over"),
        (entity(role=' validUntil="soon"'), "metadata_document"),
        (entity().replace(PROTOCOL, "urn:oasis:names:tc:SAML:1.1:protocol"), "metadata_document"),
        (entity(key(ONE)), "metadata_sign_on"),
        (entity(key(ONE) + service("SingleSignOnService", "urn:x", "https://idp.example")), "metadata_sign_on"),
        (entity().replace("https://idp.example/sso", "http://idp.example/sso"), "scheme"),
        (entity().replace("https://idp.example/sso", "javascript:alert(1)"), "scheme"),
        (entity().replace("https://idp.example/sso", "https://idp.example/ x"), "address"),
        (entity(SIGN_ON), "metadata_certificates"),
        (entity(key(ONE, ' use="encryption"') + SIGN_ON), "metadata_certificates"),
        (entity("".join(key(certified(rsa_key())) for _ in range(5)) + SIGN_ON), "metadata_certificates"),
        (entity(key("AAAA") + SIGN_ON), "certificate_unreadable"),
        (entity() + "x", "metadata_document"),
    ],
)
def test_what_is_not_metadata_of_one_provider_says_why(document: str | bytes, reason: str) -> None:
    assert refusal(document) == reason


def test_an_address_that_is_not_https_is_refused_for_logout_too() -> None:
    logout = service("SingleLogoutService", REDIRECT_BINDING, "http://idp.example/slo")
    assert refusal(entity(key(ONE) + logout + SIGN_ON)) == "scheme"


def test_our_own_hold_both_keys_for_both_uses() -> None:
    document = own_metadata(own()).decode()
    assert document.count("X509Certificate>") == 8
    assert f'entityID="{ENTITY}"' in document
    assert document.count(ADDRESS) == 1
    assert "AuthnRequestsSigned" in document
    assert own_metadata(own(), wants_encryption=False).decode().count('use="encryption"') == 0
