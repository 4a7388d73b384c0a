"""Signature wrapping: a signed assertion is carried along where a verifier may find it, and another stands where a reader looks.

The eight classic forms (Somorovsky and others, 2012; SAML Raider's XSW1 to XSW8) are among the combinations of what is moved, where to,
which of both carries the signature, and which id the forged one has.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import product
from typing import Any

from lxml import etree

from belsimple.sso.saml.names import ds, saml, samlp
from tests.support.saml_forgeries import Forgery, forged
from tests.support.saml_messages import Facts, Shape, encrypted
from tests.support.saml_signing import signed

Place = Callable[[Any, Any, Any], None]
"""Puts the third, an assertion or response, somewhere in or around the first, a response, or the second, its assertion."""


def wrapped_assertions(shape: Shape) -> Iterator[Forgery]:
    """XSW3 to XSW8, and their relatives: two assertions, of which one is signed."""
    carriers = ("neither", "forged only", "original only", "both")
    ids = ("same", "new", "none", "other name")
    for (name, place), carrier, id_of, first in product(_PLACES.items(), carriers, ids, ("forged", "original")):
        response, original = _parts(shape)
        evil = _forged(original, id_of)
        _carry(original, evil, carrier)
        main, other = (evil, original) if first == "forged" else (original, evil)
        response.append(main)
        place(response, main, other)
        yield forged(f"{name}, signature on {carrier}, {id_of} id, {first} first", _finish(shape, response))


def wrapped_responses(shape: Shape) -> Iterator[Forgery]:
    """XSW1 and XSW2, and their relatives: a whole signed response within a forged one, or the other way round."""
    for (name, place), id_of, first in product(_PLACES.items(), ("same", "new", "none"), ("forged", "original")):
        original = etree.fromstring(shape.document().encode())
        response, assertion = _parts(shape)
        evil_assertion = _forged(assertion, id_of)
        for signature in evil_assertion.findall(ds("Signature")):
            evil_assertion.remove(signature)
        response.append(evil_assertion)
        if id_of == "new":
            response.set("ID", "_new")
        main, other = (response, original) if first == "forged" else (original, response)
        inner = next((one for one in main if one.tag in (saml("Assertion"), saml("EncryptedAssertion"))), main)
        place(main, inner, other)
        yield forged(f"response {name}, {id_of} id, {first} outside", etree.tostring(main))


def wrapped_plaintexts(shape: Shape) -> Iterator[Forgery]:
    """Wrapping that is encrypted, where decrypting comes first: in one encrypted assertion, or in several."""
    facts = Facts()
    for (name, place), carrier, first in product(_PLACES.items(), ("neither", "original only", "both"), ("f", "o")):
        response, original = _parts(shape)
        evil = _forged(original, "new")
        _carry(original, evil, carrier)
        main, other = (evil, original) if first == "f" else (original, evil)
        response.append(main)
        place(response, main, other)
        whole = [one for one in response if one.tag == saml("Assertion")]
        inner = "".join(encrypted(etree.tostring(one, with_tail=False).decode()) for one in whole)
        hidden = main is whole[0] and other.getparent() is not None and main in other.iterancestors()
        if len(whole) > 1 or hidden:
            yield forged(f"encrypted, {name}, {carrier}, {first}", shape.around(facts, inner))
    one, plain = encrypted(_good(shape)), _good(shape)
    for inner in (one + one, one + plain, plain + one, f"{one}<x/>", encrypted(one), encrypted(f"{plain}{plain}")):
        yield forged("encrypted twice", shape.around(facts, inner))
    unsigned = encrypted(shape.assertion(facts))
    yield forged("encrypted, not signed", shape.around(facts, unsigned))
    yield forged("encrypted, not signed, in a signed response", shape.sign(shape.response(facts, unsigned)))
    yield forged("not signed, in a signed response", shape.sign(shape.response(facts, shape.assertion(facts))))
    if shape.provider.encrypted_only:
        yield forged("signed, in the clear", shape.around(facts, plain))
    response = encrypted(shape.document().partition("?>")[2] or shape.document())
    yield forged("an encrypted response", shape.around(facts, response))


def _good(shape: Shape) -> str:
    return shape.sign(shape.assertion(Facts()))


def _parts(shape: Shape) -> tuple[Any, Any]:
    """A response without an assertion, and a signed assertion."""
    return etree.fromstring(shape.response(Facts(), "").encode()), etree.fromstring(_good(shape).encode())


def _forged(original: Any, id_of: str) -> Any:
    evil = deepcopy(original)
    evil.find(f".//{saml('NameID')}").text = "admin"
    if id_of == "new":
        evil.set("ID", "_evil")
    elif id_of != "same":
        old = evil.attrib.pop("ID")
        if id_of == "other name":
            evil.set("Id", old)
    return evil


def _carry(original: Any, evil: Any, carrier: str) -> None:
    if carrier in ("neither", "original only"):
        evil.remove(evil.find(ds("Signature")))
    if carrier in ("neither", "forged only"):
        original.remove(original.find(ds("Signature")))


def _finish(shape: Shape, response: Any) -> str:
    """Signed again where this provider signs responses: the attacker may be a customer who gets such responses, too."""
    text = etree.tostring(response).decode()
    if not shape.signs_response:
        return text
    position = 1 if response[0].tag == saml("Issuer") else 0
    return signed(text, shape.key, position=position, inclusive=shape.inclusive)


def _inside(*path: str, new: bool = True) -> Place:
    """In an element of the main assertion, which is made when it is not there."""

    def place(_: Any, main: Any, other: Any) -> None:
        holder = main
        for name in path:
            found = None if new and name == path[-1] else holder.find(name)
            holder = etree.SubElement(holder, name) if found is None else found
        holder.append(other)

    return place


def _in_response(*path: str, index: int | None = None) -> Place:
    def place(response: Any, _: Any, other: Any) -> None:
        holder = response
        for name in path:
            found = holder.find(name)
            if found is None:
                found = holder.makeelement(name)
                holder.insert(len(holder) if index is None else index, found)
            holder = found
        holder.append(other)

    return place


def _around(response: Any, main: Any, other: Any) -> None:
    """The other takes the main one's place, and the main one stands within it."""
    response.replace(main, other) if main is not response else None
    if other.tag == saml("Assertion") and main is not response:
        other.append(main)
    else:
        response.append(other)


_PLACES: dict[str, Place] = {
    "first in the response": lambda response, _, other: response.insert(0, other),
    "before": lambda response, main, other: response.insert(max(0, len(response) - 1), other),
    "after": lambda response, _, other: response.append(other),
    "around": _around,
    "within": lambda _, main, other: main.append(other),
    "within, first": lambda _, main, other: main.insert(0, other),
    "in Extensions": _in_response(samlp("Extensions"), index=1),
    "in Extensions at the end": _in_response(samlp("Extensions")),
    "in StatusDetail": _in_response(samlp("Status"), samlp("StatusDetail")),
    "in StatusMessage": _in_response(samlp("Status"), samlp("StatusMessage")),
    "in StatusCode": _in_response(samlp("Status"), samlp("StatusCode")),
    "in the response's Signature's Object": _in_response(ds("Signature"), ds("Object")),
    "in the Issuer": _in_response(saml("Issuer")),
    "in Signature": _inside(ds("Signature"), new=False),
    "in Signature's Object": _inside(ds("Signature"), ds("Object")),
    "in Signature's KeyInfo": _inside(ds("Signature"), ds("KeyInfo")),
    "in SignedInfo": _inside(ds("Signature"), ds("SignedInfo"), new=False),
    "in Advice": _inside(saml("Advice")),
    "in Subject": _inside(saml("Subject"), new=False),
    "in SubjectConfirmationData": _inside(
        saml("Subject"), saml("SubjectConfirmation"), saml("SubjectConfirmationData"), new=False
    ),
    "in Conditions": _inside(saml("Conditions"), new=False),
    "in AuthnContext": _inside(saml("AuthnStatement"), saml("AuthnContext"), new=False),
    "in an AttributeValue": _inside(saml("AttributeStatement"), saml("Attribute"), saml("AttributeValue"), new=False),
    "in an unknown element": _inside("{https://x.example}x"),
}
ALL = (wrapped_assertions, wrapped_responses, wrapped_plaintexts)
