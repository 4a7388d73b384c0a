"""What a hostile SAML provider says, and how it signs and encrypts it: honest as it stands, so that a forgery changes one thing of it.

Signed by hand, step by step, so that it can be signed wrong; nothing here comes from what it is to deceive but the names of the standards.
"""

import hashlib
import hmac
import os
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from lxml import etree

from belsimple.sso.saml.names import (
    ASSERTION,
    BEARER,
    ENCRYPTION,
    ENCRYPTION_11,
    ENVELOPED,
    EXCLUSIVE,
    PROTOCOL,
    SIGNATURE,
    SUCCESS,
)

ISSUER: Final = "https://provider.example/entity"
OTHERS: Final = "https://other.example/entity"
ENTITY: Final = "https://us.example/metadata"
ADDRESS: Final = "https://us.example/response"
LOGOUT_ADDRESS: Final = "https://us.example/single-logout"
REQUEST: Final = "_the-request-that-was-sent"
_OAEP: Final = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303 - what most providers use
MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"


class Keys(msgspec.Struct, frozen=True):
    """The provider's, somebody else's with a certificate of theirs (base64 of DER), and the one that is encrypted for."""

    provider: rsa.RSAPrivateKey
    others: rsa.RSAPrivateKey
    others_certificate: str
    ours: rsa.RSAPublicKey


class Signing(msgspec.Struct, kw_only=True):
    """How something is signed. `key`: bytes for HMAC. `key_info`: what is in KeyInfo, with the prefix `ds`."""

    key: rsa.RSAPrivateKey | bytes
    method: str = f"{MORE}rsa-sha256"
    digest: str = f"{ENCRYPTION}sha256"
    canonical: str = EXCLUSIVE
    transforms: tuple[str, ...] = (ENVELOPED, EXCLUSIVE)
    key_info: str = ""


class Encrypting(msgspec.Struct, kw_only=True):
    """How, and for whom, an assertion is encrypted."""

    key: rsa.RSAPublicKey
    cipher: str = f"{ENCRYPTION_11}aes256-gcm"
    wrap: str = f"{ENCRYPTION}rsa-oaep-mgf1p"


class Answers:
    """An answer to be; a forgery changes some of it.

    `said`: names, None for what is left out. `at`: moments, in seconds from now. `sealed`: what becomes of the assertion once it is
    signed; `as_sent`: of the whole response.
    """

    def __init__(self, keys: Keys, now: float, *, encrypts: bool) -> None:
        self.keys, self.now = keys, now
        self.signing = Signing(key=keys.provider)
        self.signs, self.signs_response = True, False
        self.encrypting = Encrypting(key=keys.ours) if encrypts else None
        self.said: dict[str, str | None] = {
            **dict.fromkeys(("issuer", "response_issuer"), ISSUER),
            **dict.fromkeys(("destination", "recipient"), ADDRESS),
            **dict.fromkeys(("request", "response_request"), REQUEST),
            "audience": ENTITY,
        }
        self.at: dict[str, float] = {
            **dict.fromkeys(("issued", "response_issued", "authenticated"), 0.0),
            **dict.fromkeys(("ends", "confirmed"), 300.0),
            "begins": -30.0,
        }
        self.email: str | None = None
        self.sealed: Callable[[str], str] = str
        self.as_sent: Callable[[str], str | bytes] = str

    def response(self) -> bytes:
        """The document that the browser brings."""
        inner = self.sealed(signed(self.assertion(), self.signing) if self.signs else self.assertion())
        outer = self.around(inner if self.encrypting is None else encrypted(inner, self.encrypting))
        sent = self.as_sent(signed(outer, self.signing) if self.signs_response else outer)
        return sent if isinstance(sent, bytes) else sent.encode()

    def assertion(self) -> str:
        """Not signed yet."""
        data = self._attribute("Recipient", "recipient") + self._attribute("InResponseTo", "request")
        return (
            f'<saml:Assertion xmlns:saml="{ASSERTION}" ID="_assertion" Version="2.0" IssueInstant="{self._moment("issued")}">'
            f"<saml:Issuer>{self.said['issuer']}</saml:Issuer><saml:Subject><saml:NameID>mallory</saml:NameID>"
            f'<saml:SubjectConfirmation Method="{BEARER}"><saml:SubjectConfirmationData{data} '
            f'NotOnOrAfter="{self._moment("confirmed")}"/></saml:SubjectConfirmation></saml:Subject>'
            f'<saml:Conditions NotBefore="{self._moment("begins")}" NotOnOrAfter="{self._moment("ends")}">{self._restriction()}'
            f'</saml:Conditions><saml:AuthnStatement AuthnInstant="{self._moment("authenticated")}" SessionIndex="_session">'
            f"<saml:AuthnContext/></saml:AuthnStatement>{self._attributes()}</saml:Assertion>"
        )

    def around(self, inner: str) -> str:
        """The response, with what stands for an assertion in it."""
        head = self._attribute("Destination", "destination") + self._attribute("InResponseTo", "response_request")
        return (
            f'<samlp:Response xmlns:samlp="{PROTOCOL}" xmlns:saml="{ASSERTION}" ID="_response" Version="2.0" '
            f'IssueInstant="{self._moment("response_issued")}"{head}><saml:Issuer>{self.said["response_issuer"]}</saml:Issuer>'
            f'<samlp:Status><samlp:StatusCode Value="{SUCCESS}"/></samlp:Status>{inner}</samlp:Response>'
        )

    def _attributes(self) -> str:
        value = f"<saml:AttributeValue>{self.email}</saml:AttributeValue>"
        held = f'<saml:Attribute Name="email">{value}</saml:Attribute>'
        return "" if self.email is None else f"<saml:AttributeStatement>{held}</saml:AttributeStatement>"

    def _restriction(self) -> str:
        audience = self.said["audience"]
        held = f"<saml:Audience>{audience}</saml:Audience>"
        return "" if audience is None else f"<saml:AudienceRestriction>{held}</saml:AudienceRestriction>"

    def _attribute(self, name: str, of: str) -> str:
        return "" if self.said[of] is None else f' {name}="{self.said[of]}"'

    def _moment(self, of: str) -> str:
        return moment(self.now + self.at[of])


def moment(seconds: float) -> str:
    """As messages have it; seconds since 1970."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def signed(document: str, how: Signing) -> str:
    """With an enveloped signature after the issuer."""
    root = etree.fromstring(document.encode())
    steps = "".join(f'<ds:Transform Algorithm="{one}"/>' for one in how.transforms)
    hashed = hashlib.new(how.digest.rpartition("#")[2], _canonical(root, how.canonical)).digest()
    signature = etree.fromstring(
        f'<ds:Signature xmlns:ds="{SIGNATURE}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{how.canonical}"/>'
        f'<ds:SignatureMethod Algorithm="{how.method}"/><ds:Reference URI="#{root.get("ID")}"><ds:Transforms>{steps}</ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{how.digest}"/><ds:DigestValue>{text(hashed)}</ds:DigestValue></ds:Reference></ds:SignedInfo>'
        f"<ds:SignatureValue/>{how.key_info and f'<ds:KeyInfo>{how.key_info}</ds:KeyInfo>'}</ds:Signature>"
    )
    root.insert(1, signature)
    signature[1].text = text(sign(_canonical(signature[0], how.canonical), how.key, how.method))
    return etree.tostring(root).decode()


def sign(data: bytes, key: rsa.RSAPrivateKey | bytes, method: str) -> bytes:
    """The value of a signature."""
    if isinstance(key, bytes):
        return hmac.digest(key, data, "sha256")
    return key.sign(data, padding.PKCS1v15(), hashes.SHA1() if method.endswith("sha1") else hashes.SHA256())  # noqa: S303 - a forgery's


def _canonical(element: Any, method: str) -> bytes:
    write: Any = etree.tostring
    exclusive, comments = method.startswith(EXCLUSIVE), method.endswith("WithComments")
    return write(element, method="c14n", exclusive=exclusive, with_comments=comments, with_tail=False)


def encrypted(plain: str, how: Encrypting) -> str:
    """As XML Encryption 1.1 has it."""
    key = os.urandom(32)
    data = _cbc(key, plain.encode()) if how.cipher.endswith("cbc") else _gcm(key, plain.encode())
    wrapped = how.key.encrypt(key, padding.PKCS1v15() if how.wrap.endswith("1_5") else _OAEP)
    return (
        f'<saml:EncryptedAssertion xmlns:saml="{ASSERTION}"><xenc:EncryptedData xmlns:xenc="{ENCRYPTION}" Type="{ENCRYPTION}Element">'
        f'<xenc:EncryptionMethod Algorithm="{how.cipher}"/><ds:KeyInfo xmlns:ds="{SIGNATURE}"><xenc:EncryptedKey>'
        f'<xenc:EncryptionMethod Algorithm="{how.wrap}"/>{_cipher_data(wrapped)}</xenc:EncryptedKey></ds:KeyInfo>'
        f"{_cipher_data(data)}</xenc:EncryptedData></saml:EncryptedAssertion>"
    )


def _cipher_data(data: bytes) -> str:
    return f"<xenc:CipherData><xenc:CipherValue>{text(data)}</xenc:CipherValue></xenc:CipherData>"


def _gcm(key: bytes, plain: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, plain, None)


def _cbc(key: bytes, plain: bytes) -> bytes:
    begin, padder = os.urandom(16), PKCS7(128).padder()
    encryptor = Cipher(AES(key), CBC(begin)).encryptor()
    return begin + encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()


def text(data: bytes) -> str:
    """In base64."""
    return b64encode(data).decode()
