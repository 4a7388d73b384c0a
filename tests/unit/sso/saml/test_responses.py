"""Responses that are taken, and what is read from them. What is refused: `tests/saml`."""

from typing import Any

import msgspec
import pytest

from belsimple.sso.failures import REASONS, ProviderFailure
from belsimple.sso.saml.response import Assertion, read_response
from tests.support.saml_messages import (
    NOW,
    REQUEST,
    Facts,
    Shape,
    certified,
    encoded,
    encrypted,
    moment,
    own,
    rsa_key,
    shapes,
)
from tests.support.saml_signing import MORE

_UID = "urn:oid:0.9.2342.19200300.100.1.1"


def read(shape: Shape, document: str, *, now: float = NOW, **changed: Any) -> Assertion:
    return read_response(encoded(document), msgspec.structs.replace(shape.provider, **changed), shape.own, now=now)


@pytest.fixture(params=["entra", "okta", "shibboleth"])
def shape(request: pytest.FixtureRequest) -> Shape:
    return shapes()[request.param]


def test_who_it_is_and_what_is_said_of_them(shape: Shape) -> None:
    found = read(shape, shape.document(session_until=moment(NOW + 60)))
    assert (found.subject, found.name_id, found.session) == ("anna-4711", "anna-4711", "_session-1")
    assert found.in_response_to == REQUEST
    assert found.id == Facts().assertion_id
    assert found.claims["email"] == "anna@brouwer.example"
    assert found.claims["given_name"] == "Anna"
    assert found.claims["groups"] == ["staff", "boss"]
    assert found.claims["name_id"] == "anna-4711"
    assert found.expires_at == NOW + 300
    assert found.authenticated_at == NOW - 5
    assert found.session_expires_at == NOW + 60


def test_line_breaks_in_base64_mean_nothing(shape: Shape) -> None:
    text = encoded(shape.document())
    broken = "\r\n".join(text[start : start + 76] for start in range(0, len(text), 76))
    assert read_response(broken, shape.provider, shape.own, now=NOW).subject == "anna-4711"


def test_clocks_may_differ_by_a_minute(shape: Shape) -> None:
    for offset in (-59, 59):
        issued = moment(NOW + offset)
        facts: dict[str, Any] = {"issued": issued, "response_issued": issued, "begins": issued, "authenticated": issued}
        assert read(shape, shape.document(**facts)).subject
    assert read(shape, shape.document(confirmed_until=moment(NOW - 59), ends=moment(NOW - 59))).subject


def test_moments_may_have_fractions_and_zones(shape: Shape) -> None:
    for text in ("2027-01-15T08:00:00Z", "2027-01-15T09:00:00+01:00", "2027-01-15T02:30:00.1234567-05:30"):
        assert read(shape, shape.document(issued=text)).subject


def test_an_old_certificate_and_a_new_one_while_they_change(shape: Shape) -> None:
    other = certified(rsa_key("next"))
    for certificates in ((other, *shape.provider.certificates), (*shape.provider.certificates, other)):
        assert read(shape, shape.document(), certificates=certificates).subject
    with pytest.raises(ProviderFailure) as failure:
        read(shape, shape.document(), certificates=(other,))
    assert failure.value.reason in ("signature", "key")


def test_a_certificate_that_is_over_says_so(shape: Shape) -> None:
    old = certified(shape.key, now=NOW - 60 * 86_400)
    with pytest.raises(ProviderFailure, match="certificate_over"):
        read(shape, shape.document(), certificates=(old,))


def test_the_certificate_in_a_message_is_believed_for_nothing_but_the_reason() -> None:
    entra = shapes()["entra"]
    plain = entra.assertion(Facts())
    good = entra.sign(plain, certificate=entra.provider.certificates[0])
    assert read(entra, entra.response(Facts(), good)).subject
    evil = entra.sign(plain, key=rsa_key("evil"), certificate=certified(rsa_key("evil")))
    with pytest.raises(ProviderFailure, match="key"):
        read(entra, entra.response(Facts(), evil))


@pytest.mark.parametrize("algorithm", ["rsa-sha384", "rsa-sha512", "rsa-pss-sha256"])
def test_other_algorithms_are_taken_where_they_are_allowed(algorithm: Any) -> None:
    entra = shapes()["entra"]
    uri = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1" if "pss" in algorithm else f"{MORE}{algorithm}"
    document = entra.response(Facts(), entra.sign(entra.assertion(Facts()), method=uri))
    assert read(entra, document, algorithms=(algorithm,)).subject
    with pytest.raises(ProviderFailure, match="algorithm"):
        read(entra, document)


def test_an_attribute_can_be_the_subject(shape: Shape) -> None:
    one, many = (((_UID, values),) for values in (("u1",), ("u1", "u2")))
    transient = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
    document = shape.document(attributes=one, name_id_format=transient)
    assert read(shape, document, subject_attribute=_UID).subject == "u1"
    for attributes in (many, (), ((_UID, (" u1",)),), ((_UID, ("",)),)):
        with pytest.raises(ProviderFailure, match="subject_attribute"):
            read(shape, shape.document(attributes=attributes), subject_attribute=_UID)


def test_somebody_whom_nobody_asked_for_comes_in_only_where_that_is_allowed(shape: Shape) -> None:
    document = shape.document(request=None, response_request=None)
    assert read(shape, document, idp_initiated=True).in_response_to is None
    with pytest.raises(ProviderFailure, match="in_response_to"):
        read(shape, document)
    assert read(shape, shape.document(), idp_initiated=True).in_response_to == REQUEST


def test_what_is_in_the_clear_is_refused_where_encryption_is_wanted() -> None:
    okta = shapes()["okta"]
    with pytest.raises(ProviderFailure, match="not_encrypted"):
        read(okta, okta.document(), encrypted_only=True)


def test_a_refusal_tells_the_admin_what_was_verified(shape: Shape) -> None:
    with pytest.raises(ProviderFailure) as failure:
        read(shape, shape.document(audiences=("https://other.example",)))
    assert failure.value.claims["email"] == "anna@brouwer.example"
    with pytest.raises(ProviderFailure) as failure:
        read(shape, shape.document().replace("Assertion", "Assertio"))
    assert failure.value.claims == {}


def test_attributes_keep_their_order_and_merge(shape: Shape) -> None:
    attributes = (
        ("a", ("2", "1")),
        ("b", ("x",)),
        ("a", ("3",)),
        ("memberOf", ("one",)),
        ("name_id", ("admin",)),
        ("e", ("",)),
    )
    claims = read(shape, shape.document(attributes=attributes)).claims
    assert claims["a"] == ["2", "1", "3"]
    assert claims["b"] == "x"
    assert claims["groups"] == ["one"]
    assert claims["name_id"] == "anna-4711"
    assert "e" not in claims


def test_a_value_that_holds_elements_is_left_out(shape: Shape) -> None:
    value = f"<{shape.a}NameID>admin</{shape.a}NameID>"
    claims = read(shape, shape.document(attributes=(("a", (value,)), ("b", ("x",))))).claims
    assert "a" not in claims
    assert claims["b"] == "x"


@pytest.mark.parametrize("index", [0, 1])
def test_each_of_our_keys_decrypts(index: int) -> None:
    shibboleth = shapes()["shibboleth"]
    inner = encrypted(shibboleth.sign(shibboleth.assertion(Facts())), certificate=own().keys[index].certificate)
    assert read(shibboleth, shibboleth.around(Facts(), inner)).subject == "anna-4711"


def test_every_reason_has_a_text() -> None:
    assert {"document", "wrapping", "recipient", "replayed", "metadata_over"} <= REASONS.keys()
