"""The mutations of what a SAML provider's messages must be."""

import zlib
from base64 import b64decode
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

from belsimple.attack.mutating import mutant, original, replace
from belsimple.sso.saml.names import ds, saml


def _believing(*reasons: str) -> None:
    """An element is believed although its signature is not as it must be."""
    verify, failure = original("sso.saml.signature:verified"), original("sso.failures:ProviderFailure")

    def trusting(element: Any, provider: Any, *, now: float) -> Any:
        try:
            return verify(element, provider, now=now)
        except failure as refused:
            if refused.reason not in reasons:
                raise
            return _without_signature(element)

    replace("sso.saml.signature:verified", trusting)


def _without_signature(element: Any) -> Any:
    read, isolated = original("sso.saml.document:parsed"), original("sso.saml.document:isolated")
    copy = read(isolated(element))
    for signature in copy.findall(ds("Signature")):
        copy.remove(signature)
    return copy


@mutant
def _saml_signature(_: str) -> None:
    _believing("unsigned", "signature", "key")


@mutant
def _saml_algorithm(_: str) -> None:
    _believing("algorithm")


@mutant
def _saml_wrapping(_: str) -> None:
    """Something in the document is signed: good enough for whatever is read of it."""
    replace("sso.saml.document:_check_ids", _nothing)
    verify, failure = original("sso.saml.signature:verified"), original("sso.failures:ProviderFailure")

    def verifies(element: Any, provider: Any, now: float) -> bool:
        try:
            verify(element, provider, now=now)
        except failure:
            return False
        return True

    def trusting(element: Any, provider: Any, *, now: float) -> Any:
        if any(verifies(one, provider, now) for one in element.getroottree().iter(saml("Assertion"))):
            return _without_signature(element)
        return verify(element, provider, now=now)

    replace("sso.saml.signature:verified", trusting)
    replace("sso.saml.response:_check_sole", _nothing)


@mutant
def _saml_document(_: str) -> None:
    """The document is read by a parser as it comes, which does all that XML can do."""
    replace("sso.saml.document:_plain", lambda document, **_: document)  # pyright: ignore[reportUnknownLambdaType]
    replace(
        "sso.saml.document:parser",
        lambda **_: etree.XMLParser(resolve_entities=True, remove_comments=True, remove_pis=True, strip_cdata=True),  # pyright: ignore[reportUnknownLambdaType]
    )


@mutant
def _saml_names(_: str) -> None:
    """Whatever a message names is what it should have named."""
    envelope = original("sso.saml.messages:check_envelope")
    replace("sso.saml.messages:check_issuer", _nothing)

    def any_destination(message: Any, provider: Any, _: str, *, now: float) -> float:
        return envelope(message, provider, message.get("Destination"), now=now)

    replace("sso.saml.messages:check_envelope", any_destination)
    _any_audience_and_recipient()
    check = original("sso.saml.response:_check_response")

    def any_request(response: Any, *arguments: Any) -> None:
        check(response, *arguments)
        response.attrib.pop("InResponseTo", None)
        for data in response.iter(saml("SubjectConfirmationData")):
            response.attrib.update({name: value for name, value in data.attrib.items() if name == "InResponseTo"})

    replace("sso.saml.response:_check_response", any_request)


def _any_audience_and_recipient() -> None:
    conditions = original("sso.saml.assertion:_conditions")
    confirmation = original("sso.saml.assertion:_confirmation")

    def any_audience(element: Any, own: Any, now: float) -> float:
        named = element.findtext(f".//{saml('Audience')}")
        return conditions(element, msgspec.structs.replace(own, entity_id=named), now)

    def any_recipient(subject: Any, provider: Any, own: Any, now: float) -> Any:
        named = subject.find(f".//{saml('SubjectConfirmationData')}").get("Recipient")
        provider = msgspec.structs.replace(provider, idp_initiated=True)
        return confirmation(subject, provider, msgspec.structs.replace(own, response_address=named), now)

    replace("sso.saml.assertion:_conditions", any_audience)
    replace("sso.saml.assertion:_confirmation", any_recipient)


@mutant
def _saml_times(_: str) -> None:
    for name in ("check_begun", "check_not_over"):
        replace(f"sso.saml.times:{name}", _nothing)


@mutant
def _saml_encryption(_: str) -> None:
    """Who can encrypt for us is believed; and whoever does not encrypt, too."""
    _believing("unsigned", "signature")
    read = original("sso.saml.response:read_response")

    def lax(encoded: str, provider: Any, own: Any, *, now: float) -> Any:
        return read(encoded, msgspec.structs.replace(provider, encrypted_only=False), own, now=now)

    replace("sso.saml.response:read_response", lax)


@mutant
def _saml_ciphers(_: str) -> None:
    scheme = original("sso.saml.decryption:_scheme")

    def any_scheme(method: Any) -> Any:
        return padding.PKCS1v15() if method.get("Algorithm", "").endswith("rsa-1_5") else scheme(method)

    replace("sso.saml.decryption:_scheme", any_scheme)


@mutant
def _saml_logout(_: str) -> None:
    """The query is read as forms are, and nobody asks for its signature."""
    message = original("sso.saml.query:QueryMessage")

    def unverified(query: bytes, *_: Any, **__: Any) -> Any:
        fields = dict(parse_qsl(query.decode()))
        carrier = "SAMLRequest" if "SAMLRequest" in fields else "SAMLResponse"
        document = zlib.decompress(b64decode(fields[carrier]), -zlib.MAX_WBITS)
        return message(carrier, document, fields.get("RelayState"))

    replace("sso.saml.query:verified_query", unverified)


def _nothing(*_: Any, **__: Any) -> None:
    """Takes the place of a check."""
