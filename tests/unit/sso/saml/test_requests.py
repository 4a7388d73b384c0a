"""Requests to sign in: what they say, how they travel, and that they are signed."""

import base64
import re
import zlib
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

from belsimple.sso.saml.departure import Departure
from belsimple.sso.saml.names import ds, saml, samlp
from belsimple.sso.saml.requests import authentication_request, request_id
from belsimple.sso.saml.signature import verified
from tests.support.saml_messages import ADDRESS, ENTITY, NOW, own, provider, rsa_key

KNOWN = provider("https://idp.example/entity", rsa_key())


def departed(*, fresh: bool = False, relay: str | None = "handle", **changed: Any) -> Departure:
    known = msgspec.structs.replace(KNOWN, **changed)
    return authentication_request(known, own(), id=request_id(b"t"), now=NOW, fresh=fresh, relay=relay)


def inflated(departure: Departure) -> Any:
    query = parse_qs(urlsplit(departure.address).query)
    return etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), wbits=-15))


def test_a_request_says_who_asks_and_where_to_answer() -> None:
    root = inflated(departed())
    assert root.tag == samlp("AuthnRequest")
    assert root.get("ID") == request_id(b"t")
    assert root.get("AssertionConsumerServiceURL") == ADDRESS
    assert root.get("Destination") == KNOWN.sign_on_address
    assert root.get("IssueInstant") == "2027-01-15T08:00:00Z"
    assert root.findtext(saml("Issuer")) == ENTITY
    assert root.get("ForceAuthn") is None


def test_the_person_is_asked_anew_where_that_is_wanted() -> None:
    assert inflated(departed(fresh=True)).get("ForceAuthn") == "true"


def test_the_query_is_signed_as_it_is_sent() -> None:
    departure = departed()
    query = urlsplit(departure.address).query
    signed, _, _ = query.partition("&Signature=")
    fields = dict(parse_qsl(query))
    assert list(fields) == ["SAMLRequest", "RelayState", "SigAlg", "Signature"]
    assert departure.fields is None
    key = own().keys[0].private().public_key()
    key.verify(base64.b64decode(fields["Signature"]), signed.encode(), padding.PKCS1v15(), hashes.SHA256())


def test_a_form_is_signed_within_the_message() -> None:
    departure = departed(sign_on_binding="post")
    assert departure.address == KNOWN.sign_on_address
    assert departure.fields is not None
    assert departure.fields["RelayState"] == "handle"
    root = etree.fromstring(base64.b64decode(departure.fields["SAMLRequest"]))
    mirror = msgspec.structs.replace(KNOWN, certificates=(own().keys[0].certificate,))
    assert verified(root, mirror, now=NOW).get("ID") == request_id(b"t")
    assert root[1].tag == ds("Signature")


@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_it_is_not_signed_where_the_provider_does_not_want_that(binding: Any) -> None:
    departure = departed(sign_on_binding=binding, signs_requests=False, relay=None)
    assert "Signature" not in departure.address
    assert "RelayState" not in departure.address
    if departure.fields is not None:
        assert list(departure.fields) == ["SAMLRequest"]
        assert b"Signature" not in base64.b64decode(departure.fields["SAMLRequest"])


def test_an_address_keeps_its_own_query() -> None:
    assert departed(sign_on_address="https://idp.example/sso?idp=1").address.startswith(
        "https://idp.example/sso?idp=1&SAMLRequest="
    )


def test_an_id_belongs_to_one_token_and_tells_nothing_of_it() -> None:
    assert re.fullmatch(r"_[A-Za-z0-9_-]{43}", request_id(b"one"))
    assert request_id(b"one") == request_id(b"one") != request_id(b"two")
