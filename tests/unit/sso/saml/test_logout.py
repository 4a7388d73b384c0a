"""Logout messages: signed, for us, of now; the redirect binding's signature is over the bytes that came."""

import base64
import random
import zlib
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
import pytest

from belsimple.sso.failures import ProviderFailure
from belsimple.sso.saml.departure import Departure
from belsimple.sso.saml.logout import (
    LogoutMessage,
    LogoutRequest,
    LogoutResponse,
    logout_request,
    logout_response,
    read_logout,
)
from belsimple.sso.saml.provider import SamlProvider, ServiceProvider
from tests.support.saml_messages import ENTITY, LOGOUT_ADDRESS, NOW, certified, own, provider, rsa_key

ISSUER = "https://idp.example/entity"
# The provider's side is made by our own sending half, with the roles exchanged.
THEIRS = msgspec.structs.replace(own(), entity_id=ISSUER, logout_address="https://idp.example/slo")
KNOWN = msgspec.structs.replace(provider(ISSUER, rsa_key()), certificates=(THEIRS.keys[0].certificate,))


def sent(binding: Any = "redirect", *, sender: ServiceProvider = THEIRS, now: float = NOW, **changed: Any) -> Departure:
    us = msgspec.structs.replace(KNOWN, logout_address=changed.pop("to", LOGOUT_ADDRESS), logout_binding=binding)
    facts: dict[str, Any] = {"id": "_1", "name_id": "anna", "name_id_format": None, "session": "s1", "relay": "r"}
    return logout_request(us, sender, now=now, **{**facts, **changed})


def received(departure: Departure) -> LogoutMessage:
    if departure.fields is not None:
        return LogoutMessage("post", form=departure.fields)
    return LogoutMessage("redirect", query=urlsplit(departure.address).query.encode())


def read(message: LogoutMessage, *, now: float = NOW, known: SamlProvider = KNOWN) -> LogoutRequest | LogoutResponse:
    return read_logout(message, known, own(), now=now)


def refusal(message: LogoutMessage, **changed: Any) -> str:
    with pytest.raises(ProviderFailure) as failure:
        read(message, **changed)
    return failure.value.reason


@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_a_request_and_its_answer(binding: Any) -> None:
    request = read(received(sent(binding)))
    assert request == LogoutRequest("_1", "anna", None, ("s1",), NOW + 300, "r")
    us = msgspec.structs.replace(KNOWN, logout_address=LOGOUT_ADDRESS, logout_binding=binding)
    answer = read(received(logout_response(us, THEIRS, in_response_to="_0", relay=None, now=NOW)))
    assert isinstance(answer, LogoutResponse)
    assert (answer.in_response_to, answer.success, answer.relay) == ("_0", True, None)


@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_what_is_not_for_us_of_now_from_them_is_refused(binding: Any) -> None:
    assert refusal(received(sent(binding, to="https://other.example/slo"))) == "destination"
    assert refusal(received(sent(binding, now=NOW - 700))) == "expired"
    assert refusal(received(sent(binding, now=NOW + 61))) == "expired"
    assert refusal(received(sent(binding)), now=NOW + 361) == "expired"
    assert refusal(received(sent(binding, sender=msgspec.structs.replace(THEIRS, entity_id=ENTITY)))) == "issuer"
    assert refusal(received(sent(binding, name_id=" "))) == "subject"
    assert refusal(received(sent(binding, session=""))) == "subject"


@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_what_others_have_signed_is_refused(binding: Any) -> None:
    evil = msgspec.structs.replace(THEIRS, keys=THEIRS.keys[1:])
    assert refusal(received(sent(binding, sender=evil))) in ("signature", "key")
    other = msgspec.structs.replace(KNOWN, algorithms=("rsa-sha512",))
    assert refusal(received(sent(binding)), known=other) == "algorithm"
    old = msgspec.structs.replace(KNOWN, certificates=(certified(THEIRS.keys[0].private(), now=NOW - 90 * 86_400),))
    assert refusal(received(sent(binding)), known=old) in ("certificate_over", "key")


def query_of(document: bytes, *, extra: str = "") -> LogoutMessage:
    """As the provider would sign it, whatever it holds."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    packed = quote(base64.b64encode(document).decode(), safe="")
    query = f"SAMLRequest={packed}&SigAlg={quote('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', safe='')}"
    signature = THEIRS.keys[0].private().sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
    return LogoutMessage(
        "redirect", query=f"{query}&Signature={quote(base64.b64encode(signature).decode(), safe='')}{extra}".encode()
    )


def test_a_compression_bomb_is_not_unpacked() -> None:
    small = zlib.compress(b"<x>" + b" " * 30_000_000, 9, wbits=-15)
    assert refusal(query_of(small)) == "document"


def test_what_is_packed_otherwise_is_refused() -> None:
    plain = b"<x/>"
    for data in (
        plain,
        zlib.compress(plain),
        zlib.compress(plain, wbits=-15) + b"x",
        zlib.compress(plain, wbits=-15)[:-1],
        b"\0",
    ):
        assert refusal(query_of(data)) == "document"


def test_no_parameter_may_be_there_twice_or_be_unknown() -> None:
    good = received(sent()).query.decode()
    names = ("SAMLRequest", "RelayState", "SigAlg", "Signature")
    pairs = dict(pair.split("=", 1) for pair in good.split("&"))
    for name in names:
        assert refusal(LogoutMessage("redirect", query=f"{good}&{name}={pairs[name]}".encode())) == "document"
        assert refusal(LogoutMessage("redirect", query=f"{name}={pairs[name]}&{good}".encode())) == "document"
        left = "&".join(f"{other}={value}" for other, value in pairs.items() if other != name)
        assert refusal(LogoutMessage("redirect", query=left.encode())) in ("document", "unsigned", "signature")
    for extra in ("x=y", "SAMLResponse=x", "SAMLEncoding=x", "&", "x", "=", "S%41MLRequest=x", "samlrequest=x"):
        assert refusal(LogoutMessage("redirect", query=f"{good}&{extra}".encode())) == "document"


def test_the_signature_is_over_the_bytes_that_came() -> None:
    good = received(sent()).query
    assert isinstance(read(LogoutMessage("redirect", query=good)), LogoutRequest)
    assert refusal(LogoutMessage("redirect", query=good.replace(b"RelayState=r", b"RelayState=%72"))) == "signature"
    # In whichever order they stand, the signature is over one order (bindings, 3.4.4.1).
    parts = good.split(b"&")
    assert isinstance(read(LogoutMessage("redirect", query=b"&".join(reversed(parts)))), LogoutRequest)


def test_no_changed_byte_passes() -> None:
    chance = random.Random(1)
    good = received(sent()).query
    original = read(LogoutMessage("redirect", query=good))
    for at in range(len(good)):
        changed = good[:at] + bytes([good[at] ^ 1 << chance.randrange(7)]) + good[at + 1 :]
        try:
            taken = read(LogoutMessage("redirect", query=changed))
        except ProviderFailure:
            continue
        # An escape may be written in two ways where nothing is signed: in the signature itself.
        assert taken == original
        assert at > good.index(b"&Signature=")
        assert changed.lower() == good.lower()


def test_a_form_holds_one_message_that_is_signed() -> None:
    fields = sent("post").fields
    assert fields is not None
    assert refusal(LogoutMessage("post", form={})) == "document"
    assert refusal(LogoutMessage("post", form={**fields, "SAMLResponse": fields["SAMLRequest"]})) == "document"
    assert refusal(LogoutMessage("post", form={"SAMLResponse": fields["SAMLRequest"]})) == "document"
    document = base64.b64decode(fields["SAMLRequest"]).decode()
    start, end = document.index("<ds:Signature"), document.index("</ds:Signature>") + len("</ds:Signature>")
    bare = base64.b64encode((document[:start] + document[end:]).encode()).decode()
    assert refusal(LogoutMessage("post", form={"SAMLRequest": bare})) == "unsigned"
    changed = base64.b64encode(document.replace(">anna<", ">bram<").encode()).decode()
    assert refusal(LogoutMessage("post", form={"SAMLRequest": changed})) == "signature"
