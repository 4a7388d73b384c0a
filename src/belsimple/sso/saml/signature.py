"""Enveloped signatures (SAML core, 5.4): one profile, verified by signxml with pinned keys. Only what was verified is read further.

The verifier is given the signed element alone, as a document of its own and without the key that the message brings: there is nothing
else in it that a reference could mean (signature wrapping), and no key to trust but ours.
"""

import re
from datetime import UTC, datetime
from typing import Final

from cryptography.exceptions import InvalidSignature as WrongSignature
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import Certificate
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from belsimple.sso.failures import ProviderFailure
from belsimple.sso.saml.document import (
    Element,
    at_most_one,
    check_content,
    children,
    from_base64,
    isolated,
    only,
    parsed,
    parser,
    text_of,
)
from belsimple.sso.saml.names import ENVELOPED, EXCLUSIVE, ds, saml
from belsimple.sso.saml.own_keys import certificate_of, is_current
from belsimple.sso.saml.provider import SamlProvider, SignatureAlgorithm

METHODS: Final[dict[str, SignatureAlgorithm]] = {
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256": "rsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": "rsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": "rsa-sha512",
    "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1": "rsa-pss-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256": "ecdsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384": "ecdsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512": "ecdsa-sha512",
}
_NAMES: Final = {short: name for name, short in METHODS.items()}
DIGESTS: Final = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
_DIGEST_NAMES: Final = frozenset(one.value for one in DIGESTS)
_PREFIXES: Final = re.compile(r"(?:#default|[A-Za-z_][A-Za-z0-9._-]*)(?: (?:#default|[A-Za-z_][A-Za-z0-9._-]*)){0,15}")
_NONE: Final[frozenset[str]] = frozenset()
_TROUBLE: Final = (
    SignXMLException,
    etree.LxmlError,
    WrongSignature,
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    NotImplementedError,
)


def is_signed(element: Element) -> bool:
    """Whether there is a signature that must verify."""
    return bool(children(element, ds("Signature")))


def verified(element: Element, provider: SamlProvider, *, now: float) -> Element:
    """The element as the provider signed it, parsed from the bytes that its signature covers. Raises ProviderFailure.

    `unsigned` when there is no signature, `wrapping` when one is where it should not be, or covers anything else than this element.
    """
    root = parsed(isolated(element))
    signature = _signature_of(root)
    algorithm = _check_profile(signature, root.get("ID", ""))
    if algorithm not in provider.algorithms:
        raise ProviderFailure("algorithm")
    _cut_key_info(signature, provider)
    covered = parsed(_covered_bytes(isolated(root), algorithm, provider, now))
    # What is believed is exactly the element that was asked about, and the signature is no longer in it.
    if covered.tag != root.tag or covered.get("ID") != root.get("ID") or is_signed(covered):
        raise ProviderFailure("wrapping")
    return covered


def _signature_of(root: Element) -> Element:
    """The only signature of this element: a child of it, right after the issuer (core schema)."""
    if not is_signed(root):
        raise ProviderFailure("unsigned")
    signature = only(root, ds("Signature"), "wrapping")
    if root.index(signature) != 1 or root[0].tag != saml("Issuer"):
        raise ProviderFailure("wrapping")
    check_content(signature, frozenset({ds("SignedInfo"), ds("SignatureValue"), ds("KeyInfo")}), frozenset({"Id"}))
    return signature


def _check_profile(signature: Element, signed_id: str) -> SignatureAlgorithm:
    """SAML core, 5.4: one reference to the parent, two transforms, exclusive canonicalisation without comments. The algorithm."""
    info = only(signature, ds("SignedInfo"), "wrapping")
    check_content(
        info, frozenset({ds("CanonicalizationMethod"), ds("SignatureMethod"), ds("Reference")}), frozenset({"Id"})
    )
    _check_canonical(only(info, ds("CanonicalizationMethod")))
    reference = only(info, ds("Reference"), "wrapping")
    if not signed_id or reference.get("URI") != f"#{signed_id}":
        raise ProviderFailure("wrapping")
    _check_reference(reference)
    from_base64(text_of(only(signature, ds("SignatureValue"))), "signature")
    method = only(info, ds("SignatureMethod"))
    check_content(method, _NONE, frozenset({"Algorithm"}))  # no HMACOutputLength, no parameters
    algorithm = METHODS.get(method.get("Algorithm", ""))
    if algorithm is None:  # SHA-1, HMAC with our copy of the public key, whatever else
        raise ProviderFailure("algorithm")
    return algorithm


def _check_reference(reference: Element) -> None:
    allowed = frozenset({ds("Transforms"), ds("DigestMethod"), ds("DigestValue")})
    check_content(reference, allowed, frozenset({"URI", "Id", "Type"}))
    transforms = only(reference, ds("Transforms"))
    check_content(transforms, frozenset({ds("Transform")}), _NONE)
    found = list(transforms)
    # XPath, XSLT and base64 transforms choose what is hashed, and may run programs (XML Signature Best Practices, 2).
    if len(found) != 2 or found[0].get("Algorithm") != ENVELOPED:
        raise ProviderFailure("algorithm")
    check_content(found[0], _NONE, frozenset({"Algorithm"}))
    _check_canonical(found[1])
    digest = only(reference, ds("DigestMethod"))
    check_content(digest, _NONE, frozenset({"Algorithm"}))
    if digest.get("Algorithm") not in _DIGEST_NAMES:
        raise ProviderFailure("algorithm")
    from_base64(text_of(only(reference, ds("DigestValue"))), "signature")


def _check_canonical(method: Element) -> None:
    if method.get("Algorithm") != EXCLUSIVE:  # with comments, or inclusive: other bytes than those that are read
        raise ProviderFailure("algorithm")
    inclusive = f"{{{EXCLUSIVE}}}InclusiveNamespaces"
    check_content(method, frozenset({inclusive}), frozenset({"Algorithm"}))
    namespaces = at_most_one(method, inclusive)
    if namespaces is not None:
        check_content(namespaces, _NONE, frozenset({"PrefixList"}))
        if not _PREFIXES.fullmatch(namespaces.get("PrefixList", "")):
            raise ProviderFailure("algorithm")


def _cut_key_info(signature: Element, provider: SamlProvider) -> None:
    """Take the key away that the message brings. It is believed for nothing; another than the pinned only tells the admin what is wrong."""
    info = at_most_one(signature, ds("KeyInfo"))
    if info is None:
        return
    brought = {"".join((one.text or "").split()) for one in info.iter(ds("X509Certificate"))}
    if brought and brought.isdisjoint("".join(one.split()) for one in provider.certificates):
        raise ProviderFailure("key")
    signature.remove(info)


def _covered_bytes(document: bytes, algorithm: SignatureAlgorithm, provider: SamlProvider, now: float) -> bytes:
    """The bytes that the signature covers, by the first pinned key that fits. Raises ProviderFailure."""
    configuration = SignatureConfiguration(
        location="./",
        signature_methods=frozenset({SignatureMethod(_NAMES[algorithm])}),
        digest_algorithms=DIGESTS,
        expect_references=1,
        verification_time=datetime.fromtimestamp(now, UTC),
    )
    for certificate in pinned_for(algorithm, provider, now):
        try:
            result = XMLVerifier().verify(  # pyright: ignore[reportUnknownMemberType] - its data may be of any kind
                document, x509_cert=certificate, parser=parser(), expect_config=configuration
            )
        except _TROUBLE:
            continue
        assert not isinstance(result, list)
        return result.signed_data
    raise ProviderFailure("signature")


def pinned_for(algorithm: SignatureAlgorithm, provider: SamlProvider, now: float) -> list[Certificate]:
    """The pinned certificates of the kind that an algorithm is for, within their dates. Raises ProviderFailure when there is none."""
    kind = ec.EllipticCurvePublicKey if algorithm.startswith("ecdsa") else rsa.RSAPublicKey
    fitting = [one for one in map(certificate_of, provider.certificates) if isinstance(one.public_key(), kind)]
    if not fitting:
        raise ProviderFailure("key")
    current = [one for one in fitting if is_current(one, now)]
    if not current:
        raise ProviderFailure("certificate_over")
    return current
