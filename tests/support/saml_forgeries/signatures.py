"""Signatures that are missing, broken, made by others, or made in a way that nobody should take."""

import base64
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from belsimple.sso.saml.names import EXCLUSIVE, SIGNATURE, ds, saml
from tests.support.saml_forgeries import Forgery, forged
from tests.support.saml_messages import Facts, Shape, certified, curve_key, encrypted, rsa_key
from tests.support.saml_signing import MORE, signed

_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_C14N_11 = "http://www.w3.org/2006/12/xml-c14n11"
_ENVELOPED = f"{SIGNATURE}enveloped-signature"
_TRANSFORMS = (
    (),
    (_ENVELOPED,),
    (EXCLUSIVE,),
    (EXCLUSIVE, _ENVELOPED),
    (_ENVELOPED, EXCLUSIVE, EXCLUSIVE),
    (_ENVELOPED, _ENVELOPED, EXCLUSIVE),
    (_ENVELOPED, _C14N),
    (_ENVELOPED, f"{EXCLUSIVE}WithComments"),
    (_ENVELOPED, _C14N_11),
    (_ENVELOPED, f"{SIGNATURE}base64"),
    (_ENVELOPED, f"{SIGNATURE}base64", EXCLUSIVE),
    (_ENVELOPED, "http://www.w3.org/TR/1999/REC-xpath-19991116"),
    (_ENVELOPED, "http://www.w3.org/2002/06/xmldsig-filter2"),
    (_ENVELOPED, "http://www.w3.org/TR/1999/REC-xslt-19991116"),
    (_ENVELOPED, "http://www.w3.org/TR/1999/REC-xslt-19991116", EXCLUSIVE),
    (_ENVELOPED, "http://www.w3.org/TR/1999/REC-xpath-19991116", EXCLUSIVE),
    (_ENVELOPED, "urn:unknown"),
    (_ENVELOPED, ""),
    ("", EXCLUSIVE),
)


def other_algorithms(shape: Shape) -> Iterator[Forgery]:
    """By the right key, in the wrong way; and by a shared secret that is no secret (the certificate, the public key)."""
    family = "rsa" if hasattr(shape.key, "decrypt") else "ecdsa"
    weak = f"{SIGNATURE}rsa-sha1" if family == "rsa" else f"{MORE}ecdsa-sha1"
    for method in (weak, f"{MORE}{family}-sha384", f"{MORE}{family}-sha512", "urn:unknown", ""):
        yield from _made(shape, f"method {method}", method=method)
    mgf1 = "http://www.w3.org/2007/05/xmldsig-more#"
    for name in ("sha1-rsa-MGF1", "sha256-rsa-MGF1", "sha512-rsa-MGF1") if family == "rsa" else ():
        yield from _made(shape, f"method {name}", method=f"{mgf1}{name}")
    public, pinned = shape.key.public_key(), shape.provider.certificates[0]
    secrets = [public.public_bytes(*form) for form in ((Encoding.PEM, _INFO), (Encoding.DER, _INFO))]
    secrets += [pinned.encode(), base64.b64decode(pinned), b"", b"secret"]
    for secret in secrets:
        for name in (f"{SIGNATURE}hmac-sha1", f"{MORE}hmac-sha256", f"{MORE}hmac-sha512"):
            yield from _made(shape, f"{name} {secret[:12]!r}", key=secret, method=name)
    for digest in (
        f"{SIGNATURE}sha1",
        f"{MORE}md5",
        f"{MORE}sha224",
        "http://www.w3.org/2007/05/xmldsig-more#sha3-256",
    ):
        yield from _made(shape, f"digest {digest}", digest=digest)
    for canonical in (f"{EXCLUSIVE}WithComments", _C14N, f"{_C14N}#WithComments", _C14N_11, f"{_C14N_11}#WithComments"):
        yield from _made(shape, f"canonical {canonical}", canonical=canonical)
    for transforms in _TRANSFORMS:
        yield from _made(shape, f"transforms {transforms}", transforms=transforms)
    for uri in ("", "#", "#_other", "_a0123456789abcdef", "#xpointer(/)", "#xpointer(id('_a0123456789abcdef'))"):
        yield from _made(shape, f"reference {uri}", reference=uri)
    for uri in ("#_A0123456789abcdef", "##_a0123456789abcdef", "https://evil.example/a", "file:///etc/passwd"):
        yield from _made(shape, f"reference {uri}", reference=uri)
    for position in (0, 2, 3, 4, 5):
        yield from _made(shape, f"at {position}", position=position)


_INFO = PublicFormat.SubjectPublicKeyInfo


def other_keys(shape: Shape) -> Iterator[Forgery]:
    """By somebody else, who brings their key along in every way there is."""
    for name, key in (("rsa", rsa_key("evil")), ("curve", curve_key("evil"))):
        certificate = certified(key)
        modulus = base64.b64encode(key.public_key().public_bytes(Encoding.DER, _INFO)).decode()
        infos = {
            "nothing": "",
            "KeyName": f'<x:KeyName xmlns:x="{SIGNATURE}">provider</x:KeyName>',
            "KeyValue": f'<x:KeyValue xmlns:x="{SIGNATURE}"><x:RSAKeyValue><x:Modulus>{modulus}</x:Modulus>'
            "<x:Exponent>AQAB</x:Exponent></x:RSAKeyValue></x:KeyValue>",
            "DER": f'<y:DEREncodedKeyValue xmlns:y="http://www.w3.org/2009/xmldsig11#">{modulus}</y:DEREncodedKeyValue>',
            "RetrievalMethod": f'<x:RetrievalMethod xmlns:x="{SIGNATURE}" URI="https://evil.example/key"/>',
        }
        for kind, info in infos.items():
            yield from _made(shape, f"{name} {kind}", key=key, key_info=info)
            yield from _made(shape, f"{name} {kind} and certificate", key=key, key_info=info, certificate=certificate)
        yield from _made(
            shape, f"{name} with the pinned certificate", key=key, certificate=shape.provider.certificates[0]
        )
        both = "".join(
            f"<x:X509Certificate>{one}</x:X509Certificate>" for one in (certificate, shape.provider.certificates[0])
        )
        yield from _made(
            shape, f"{name}, both", key=key, key_info=f'<x:X509Data xmlns:x="{SIGNATURE}">{both}</x:X509Data>'
        )
    yield from _made(shape, "ours", key=rsa_key("evil"), certificate=shape.own.keys[0].certificate)


def broken_parts(shape: Shape) -> Iterator[Forgery]:
    """Each element of a signature taken away, doubled, emptied, renamed or moved; each attribute changed."""
    good = etree.fromstring(shape.sign(shape.assertion(Facts())).encode())
    count = len(list(good.find(ds("Signature")).iter()))  # pyright: ignore[reportOptionalMemberAccess]
    for index in range(count):
        for name, change in _CHANGES.items():
            root = deepcopy(good)
            element: Any = list(root.find(ds("Signature")).iter())[index]  # pyright: ignore[reportOptionalMemberAccess]
            label = f"{etree.QName(element).localname} {name}"
            if change(element) and etree.tostring(root) != etree.tostring(good):
                yield forged(label, _whole(shape, root))
        for attribute in list(good.find(ds("Signature")).iter())[index].attrib:  # pyright: ignore[reportOptionalMemberAccess]
            for value in (None, "", " ", "x", "#", "urn:x"):
                root = deepcopy(good)
                element = list(root.find(ds("Signature")).iter())[index]  # pyright: ignore[reportOptionalMemberAccess]
                element.attrib.pop(attribute) if value is None else element.set(attribute, value)
                yield forged(f"{etree.QName(element).localname}@{attribute} = {value!r}", _whole(shape, root))


def _remove(element: Any) -> bool:
    element.getparent().remove(element)
    return True


def _double(element: Any) -> bool:
    element.addnext(deepcopy(element))
    return True


def _empty(element: Any) -> bool:
    something = len(element) > 0 or bool(element.text)
    del element[:]
    element.text = None
    return something


def _rename(namespace: str) -> Any:
    def change(element: Any) -> bool:
        element.tag = (
            f"{{{namespace}}}{etree.QName(element).localname}" if namespace else etree.QName(element).localname
        )
        return True

    return change


def _last(element: Any) -> bool:
    parent = element.getparent()
    if element.getnext() is None:
        return False
    parent.append(element)
    return True


def _text(text: str) -> Any:
    def change(element: Any) -> bool:
        if len(element):
            return False
        element.text = text
        return True

    return change


def _tail(element: Any) -> bool:
    element.tail = "text"
    return True


def _junk(element: Any) -> bool:
    """Characters that lax base64 decoders pass over."""
    if len(element) or not element.text:
        return False
    element.text = f"{element.text[:8]}-_!{element.text[8:]}"
    return True


def _loose(element: Any) -> bool:
    """The last character of base64 with a bit that stands for nothing: another text for the same bytes."""
    if len(element) or not (element.text or "").endswith("="):
        return False
    packed = element.text.rstrip("=")
    element.text = packed[:-1] + LETTERS[LETTERS.index(packed[-1]) ^ 1] + "=" * (len(element.text) - len(packed))
    return True


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_CHANGES: dict[str, Any] = {
    "removed": _remove,
    "doubled": _double,
    "emptied": _empty,
    "of another namespace": _rename("urn:x"),
    "of no namespace": _rename(""),
    "of the assertion's namespace": _rename(saml("")[1:-1]),
    "moved to the end": _last,
    "with text after it": _tail,
    "with blank text": _text(" "),
    "with other base64": _text("AAAA"),
    "with zeros": _text("A" * 344),
    "with no base64": _text("???"),
    "with junk in it": _junk,
    "with loose bits": _loose,
    "with an element": lambda element: etree.SubElement(element, ds("Object")) is not None,
}


def taken_away(shape: Shape) -> Iterator[Forgery]:
    """Not signed, or signed elsewhere."""
    facts = Facts()
    plain = shape.assertion(facts)
    yield forged("not signed", _around(shape, plain))
    yield forged("empty signature", _around(shape, plain.replace("</", f'<s:Signature xmlns:s="{SIGNATURE}"/></', 1)))
    signed_response = signed(shape.response(facts, encrypted(plain) if shape.encrypts else plain), shape.key)
    yield forged("only the response is signed", signed_response)
    good = shape.sign(plain)
    for length in range(1, 60, 3):
        start = good.index("SignatureValue>") + len("SignatureValue>")
        yield forged(f"cut by {length}", _around(shape, good[:start] + good[start + length :]))
    for character in "AZaz09+/":
        start = good.index("SignatureValue>") + len("SignatureValue>")
        if good[start] != character:
            yield forged(f"begins with {character}", _around(shape, good[:start] + character + good[start + 1 :]))
    other = shape.sign(shape.assertion(Facts(name_id="bob")))
    cut = good.index("SignedInfo>")
    end = good.rindex("SignatureValue>")
    yield forged(
        "another's signature",
        _around(shape, good[:cut] + other[other.index("SignedInfo>") : other.rindex("SignatureValue>")] + good[end:]),
    )


def _made(shape: Shape, name: str, **changed: Any) -> Iterator[Forgery]:
    """The assertion signed like that; where responses are signed, once more with the response signed like that."""
    facts = Facts()
    yield forged(f"assertion: {name}", _around(shape, shape.sign(shape.assertion(facts), **changed)))
    if shape.signs_response and "reference" not in changed:
        outer = shape.response(facts, shape.sign(shape.assertion(facts)))
        yield forged(f"response: {name}", shape.sign(outer, **changed))


def _whole(shape: Shape, assertion: Any) -> str:
    return _around(shape, etree.tostring(assertion).decode())


def _around(shape: Shape, assertion: str) -> str:
    return shape.around(Facts(), encrypted(assertion) if shape.encrypts else assertion)


ALL = (other_algorithms, other_keys, broken_parts, taken_away)
