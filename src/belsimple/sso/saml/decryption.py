"""Encrypted assertions (SAML core, 2.3.4; XML Encryption 1.1): AES-GCM under a key that RSA-OAEP wraps, and nothing else.

AES-CBC lets whoever can send messages read them (Jager and Somorovsky, 2011), as RSA PKCS #1 1.5 does (Bleichenbacher). What is
decrypted is believed no more than what came in the clear: anybody can encrypt for us.
"""

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from belsimple.sso.failures import ProviderFailure
from belsimple.sso.saml.document import (
    Element,
    at_most_one,
    check_content,
    check_leaf,
    from_base64,
    only,
    parsed,
    text_of,
)
from belsimple.sso.saml.names import ENCRYPTION, ENCRYPTION_11, SIGNATURE, ds, saml, xenc, xenc11
from belsimple.sso.saml.own_keys import OwnKey
from belsimple.sso.saml.provider import ServiceProvider

_CIPHERS: Final = {f"{ENCRYPTION_11}aes128-gcm": 16, f"{ENCRYPTION_11}aes256-gcm": 32}
"""Key lengths in bytes."""
_OAEP_MGF1: Final = f"{ENCRYPTION}rsa-oaep-mgf1p"
_OAEP: Final = f"{ENCRYPTION_11}rsa-oaep"
# SHA-1 within OAEP needs no resistance to collisions, and is the default that most providers use (RFC 8017, 7.1).
_HASHES: Final[dict[str | None, type[hashes.HashAlgorithm]]] = {
    None: hashes.SHA1,
    f"{SIGNATURE}sha1": hashes.SHA1,
    f"{ENCRYPTION}sha256": hashes.SHA256,
    f"{ENCRYPTION}sha512": hashes.SHA512,
}
_MASKS: Final[dict[str | None, type[hashes.HashAlgorithm]]] = {
    None: hashes.SHA1,
    f"{ENCRYPTION_11}mgf1sha1": hashes.SHA1,
    f"{ENCRYPTION_11}mgf1sha256": hashes.SHA256,
    f"{ENCRYPTION_11}mgf1sha512": hashes.SHA512,
}
_NONCE: Final = 12
_TAG: Final = 16
_ELEMENT: Final = f"{ENCRYPTION}Element"
_NONE: Final[frozenset[str]] = frozenset()


def decrypted(encrypted: Element, own: ServiceProvider) -> Element:
    """The assertion in an EncryptedAssertion, read by the one parser; its signature is still to be verified.

    Raises ProviderFailure: `encryption_algorithm` for an algorithm that is named and not allowed; `encryption` for anything else that
    goes wrong, so that the answer tells nothing about a key or a padding.
    """
    check_content(encrypted, frozenset({xenc("EncryptedData")}), _NONE)
    data = only(encrypted, xenc("EncryptedData"))
    _check_parts(data, frozenset({"Type", "Id", "MimeType", "Encoding"}))
    if data.get("Type", _ELEMENT) != _ELEMENT:
        raise ProviderFailure("encryption")
    length = _cipher_length(data)
    wrapped, scheme = _wrapped_key(data)
    sealed = _cipher_value(data)
    for key in own.keys:
        plain = _opened(sealed, _unwrapped(key, wrapped, scheme, length))
        if plain is not None:
            return _assertion(plain)
    raise ProviderFailure("encryption")


def _check_parts(data: Element, attributes: frozenset[str]) -> None:
    """No properties, no names of keys elsewhere: nothing that leads out of this element."""
    parts = {xenc("EncryptionMethod"), ds("KeyInfo"), xenc("CipherData"), xenc("CarriedKeyName"), xenc("ReferenceList")}
    check_content(data, frozenset(parts), attributes)


def _cipher_length(data: Element) -> int:
    method = only(data, xenc("EncryptionMethod"))
    check_leaf(method, frozenset({"Algorithm"}))
    length = _CIPHERS.get(method.get("Algorithm", ""))
    if length is None:
        raise ProviderFailure("encryption_algorithm")
    return length


def _wrapped_key(data: Element) -> tuple[bytes, padding.OAEP]:
    """The one key, which stands within the data: none is fetched (RetrievalMethod), none stands elsewhere."""
    info = only(data, ds("KeyInfo"))
    check_content(info, frozenset({xenc("EncryptedKey")}))
    key = only(info, xenc("EncryptedKey"))
    _check_parts(key, frozenset({"Id", "Recipient", "Type", "MimeType", "Encoding"}))
    inner = at_most_one(key, ds("KeyInfo"))
    if inner is not None:  # which of our certificates is meant; all our keys are tried
        check_content(inner, frozenset({ds("X509Data"), ds("KeyName"), ds("KeyValue")}))
    return _cipher_value(key), _scheme(only(key, xenc("EncryptionMethod")))


def _scheme(method: Element) -> padding.OAEP:
    check_content(method, frozenset({ds("DigestMethod"), xenc11("MGF")}), frozenset({"Algorithm"}))
    algorithm = method.get("Algorithm")
    digest, mask = (_algorithm(method, name) for name in (ds("DigestMethod"), xenc11("MGF")))
    if algorithm not in (_OAEP, _OAEP_MGF1) or digest not in _HASHES or mask not in _MASKS:
        raise ProviderFailure("encryption_algorithm")
    if algorithm == _OAEP_MGF1 and _MASKS[mask] is not hashes.SHA1:  # the older name says SHA-1 for the mask
        raise ProviderFailure("encryption_algorithm")
    return padding.OAEP(padding.MGF1(_MASKS[mask]()), _HASHES[digest](), None)


def _algorithm(method: Element, name: str) -> str | None:
    found = at_most_one(method, name)
    if found is None:
        return None
    check_leaf(found, frozenset({"Algorithm"}))
    return found.get("Algorithm", "")


def _cipher_value(data: Element) -> bytes:
    """What is encrypted, from this very place: no CipherReference."""
    holder = only(data, xenc("CipherData"))
    check_content(holder, frozenset({xenc("CipherValue")}), _NONE)
    return from_base64(text_of(only(holder, xenc("CipherValue"))), "encryption")


def _unwrapped(key: OwnKey, wrapped: bytes, scheme: padding.OAEP, length: int) -> bytes:
    """The content key; a random one when it does not unwrap, so that both go the same way (Manger 2001)."""
    try:
        content = key.private().decrypt(wrapped, scheme)
    except ValueError:
        content = b""
    return content if len(content) == length else os.urandom(length)


def _opened(sealed: bytes, key: bytes) -> bytes | None:
    if len(sealed) <= _NONCE + _TAG:
        return None
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
    except InvalidTag:
        return None


def _assertion(plain: bytes) -> Element:
    root = parsed(plain)
    if root.tag != saml("Assertion"):
        raise ProviderFailure("wrapping")
    return root
