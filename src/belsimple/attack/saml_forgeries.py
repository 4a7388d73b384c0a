"""Forged SAML answers, by the guard that each is refused by."""

from collections.abc import Callable, Mapping
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from belsimple.attack.saml_answers import MORE, OTHERS, Answers, Signing, encrypted, signed
from belsimple.attack.saml_wrapping import WRAPPED
from belsimple.sso.saml.names import ENCRYPTION, ENVELOPED, EXCLUSIVE, SIGNATURE

Forge = Callable[[Answers], None]
_COMMENTED: Final = f"{EXCLUSIVE}WithComments"
_XPATH: Final = "http://www.w3.org/TR/1999/REC-xpath-19991116"
_XSLT: Final = "http://www.w3.org/TR/1999/REC-xslt-19991116"
_END_OF_STATUS: Final = "</samlp:Status>"


def _unsigned(answers: Answers) -> None:
    answers.signs = False


def _response_only(answers: Answers) -> None:
    answers.signs, answers.signs_response = False, True


def _others_key(answers: Answers) -> None:
    answers.signing.key = answers.keys.others


def _brings_its_key(answers: Answers) -> None:
    certificate = f"<ds:X509Certificate>{answers.keys.others_certificate}</ds:X509Certificate>"
    answers.signing = Signing(key=answers.keys.others, key_info=f"<ds:X509Data>{certificate}</ds:X509Data>")


def _sealed(change: Callable[[str], str]) -> Forge:
    """Something happens to the assertion after it was signed."""
    return lambda answers: setattr(answers, "sealed", change)


def _sent(change: Callable[[str], str | bytes]) -> Forge:
    """Or to the whole response."""
    return lambda answers: setattr(answers, "as_sent", change)


def _value(change: Callable[[str], str]) -> Forge:
    """The signature's value is another."""

    def changed(document: str) -> str:
        head, _, rest = document.partition("<ds:SignatureValue>")
        value, _, tail = rest.partition("</ds:SignatureValue>")
        return f"{head}<ds:SignatureValue>{change(value)}</ds:SignatureValue>{tail}"

    return _sealed(changed)


def _signed_by(**how: str | tuple[str, ...]) -> Forge:
    """By the provider's own key, in a way that is not allowed."""

    def forge(answers: Answers) -> None:
        for name, value in how.items():
            setattr(answers.signing, name, value)

    return forge


def _with_the_public_key(answers: Answers) -> None:
    public = answers.keys.provider.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    answers.signing = Signing(key=public, method=f"{MORE}hmac-sha256")


def _entities(declared: str) -> Forge:
    """An answer that declares entities, and uses one where no signature reaches."""
    used = f"<samlp:StatusMessage>&b;</samlp:StatusMessage>{_END_OF_STATUS}"
    return _sent(lambda document: f"<!DOCTYPE x [{declared}]>{document.replace(_END_OF_STATUS, used)}")


def _name(written: str) -> Forge:
    return _sent(lambda document: document.replace(">mallory<", f">{written}<"))


def _said(**names: str | None) -> Forge:
    return lambda answers: answers.said.update(names)


def _at(**moments: float) -> Forge:
    return lambda answers: answers.at.update(moments)


def _in_the_clear(answers: Answers) -> None:
    answers.encrypting = None


def _for_another(answers: Answers) -> None:
    assert answers.encrypting is not None
    answers.encrypting.key = answers.keys.others.public_key()


def _encrypted_twice(answers: Answers) -> None:
    assert answers.encrypting is not None
    how = answers.encrypting
    answers.sealed = lambda assertion: encrypted(assertion, how)


def _two_in_one(answers: Answers) -> None:
    unsigned = answers.assertion().replace("_assertion", "_evil")
    answers.as_sent = lambda _: _wrapped(answers, unsigned)


def _wrapped(answers: Answers, unsigned: str) -> str:
    """What is encrypted is not signed, and holds what is."""
    assert answers.encrypting is not None
    whole = signed(answers.assertion(), answers.signing)
    inner = unsigned.replace("</saml:Assertion>", f"{whole}</saml:Assertion>")
    return answers.around(encrypted(inner, answers.encrypting))


def _encrypted_by(**how: str) -> Forge:
    def forge(answers: Answers) -> None:
        for name, value in how.items():
            setattr(answers.encrypting, name, value)

    return forge


FORGERIES: Final[Mapping[str, Mapping[str, Forge]]] = {
    "saml_signature": {
        "none": _unsigned,
        "of the response only": _response_only,
        "by another key": _others_key,
        "by a key that it brings": _brings_its_key,
        "altered": _sealed(lambda assertion: assertion.replace(">mallory<", ">victim<")),
        "cut short": _value(lambda value: value[:-8]),
        "empty": _value(lambda _: ""),
        "of zeros": _value(lambda value: "A" * (len(value) - 2) + "=="),
        "one bit changed": _value(lambda value: ("B" if value[0] == "A" else "A") + value[1:]),
    },
    "saml_algorithm": {
        "SHA-1": _signed_by(method=f"{SIGNATURE}rsa-sha1"),
        "a digest by SHA-1": _signed_by(digest=f"{SIGNATURE}sha1"),
        "the public key as a secret": _with_the_public_key,
        "with comments": _signed_by(canonical=_COMMENTED, transforms=(ENVELOPED, _COMMENTED)),
        "inclusive": _signed_by(transforms=(ENVELOPED, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315")),
        "XPath": _signed_by(transforms=(ENVELOPED, _XPATH, EXCLUSIVE)),
        "XSLT": _signed_by(transforms=(ENVELOPED, _XSLT)),
        "once more": _signed_by(transforms=(ENVELOPED, EXCLUSIVE, EXCLUSIVE)),
        "no transforms": _signed_by(transforms=()),
    },
    "saml_wrapping": WRAPPED,
    "saml_document": {
        "a document type": _sent(lambda document: f"<!DOCTYPE x>{document}"),
        "entities that grow": _entities(f'<!ENTITY a "{"a" * 99}"><!ENTITY b "{"&a;" * 99}">'),
        "an entity in a file": _entities('<!ENTITY b SYSTEM "file:///etc/hostname">'),
        "an entity elsewhere": _entities('<!ENTITY b SYSTEM "https://127.0.0.1:1/b">'),
        "a document type elsewhere": _sent(lambda document: f'<!DOCTYPE x SYSTEM "https://127.0.0.1:1/d">{document}'),
        "a comment within the name": _name("mal<!-- -->lory"),
        "CDATA within the name": _name("<![CDATA[mal]]>lory"),
        "a processing instruction": _sent(lambda document: f"<?x y?>{document}"),
        "another encoding": _sent(lambda document: document.encode("utf-16")),
        "another encoding, said": _sent(lambda document: f'<?xml version="1.0" encoding="utf-7"?>{document}'),
        "no XML": _sent(lambda document: document.replace("</saml:Issuer>", "", 1)),
        "something after it": _sent(lambda document: f"{document}{document}"),
        "nothing": _sent(lambda _: ""),
    },
    "saml_names": {
        "another issuer": _said(issuer=OTHERS, response_issuer=OTHERS),
        "another issuer of the assertion": _said(issuer=OTHERS),
        "another issuer around it": _said(response_issuer=OTHERS),
        "another audience": _said(audience=OTHERS),
        "no audience": _said(audience=None),
        "another recipient": _said(recipient=OTHERS),
        "no recipient": _said(recipient=None),
        "another destination": _said(destination=OTHERS),
        "no destination": _said(destination=None),
        "another request around it": _said(response_request="_another"),
        "no request around it": _said(response_request=None),
        "another request within": _said(request="_another"),
        "no request within": _said(request=None),
        "no request at all": _said(request=None, response_request=None),
    },
    "saml_times": {
        "over": _at(ends=-61),
        "the confirmation over": _at(confirmed=-61),
        "not yet": _at(begins=90),
        "too old": _at(issued=-700),
        "too old around it": _at(response_issued=-700),
        "from later": _at(issued=90, response_issued=90),
        "signed in later": _at(authenticated=90),
    },
    "saml_encryption": {
        "in the clear": _in_the_clear,
        "not signed within": _unsigned,
        "signed around it only": _response_only,
        "altered before": _sealed(lambda assertion: assertion.replace(">mallory<", ">victim<")),
        "signed by another": _others_key,
        "for another": _for_another,
        "twice": _encrypted_twice,
        "another around the signed one": _two_in_one,
    },
    "saml_ciphers": {
        "PKCS #1 1.5": _encrypted_by(wrap=f"{ENCRYPTION}rsa-1_5"),
        "CBC": _encrypted_by(cipher=f"{ENCRYPTION}aes256-cbc"),
        "both": _encrypted_by(wrap=f"{ENCRYPTION}rsa-1_5", cipher=f"{ENCRYPTION}aes256-cbc"),
    },
}
"""By the guard that each is refused by."""
ENCRYPTED: Final = frozenset({"saml_encryption", "saml_ciphers"})
"""Whose provider encrypts, and may not do otherwise."""
