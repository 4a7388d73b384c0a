"""Signatures and encryption as a provider makes them, step by step, so that they can be made wrong."""

import base64
import hashlib
import hmac
import os
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

from belsimple.sso.saml.names import ASSERTION, ENCRYPTION, ENCRYPTION_11, EXCLUSIVE, SIGNATURE

MORE = "http://www.w3.org/2001/04/xmldsig-more#"


def signed(
    document: str,
    key: Any,
    *,
    method: str | None = None,
    digest: str = f"{ENCRYPTION}sha256",
    canonical: str = EXCLUSIVE,
    transforms: tuple[str, ...] | None = None,
    reference: str | None = None,
    prefix: str | None = "ds",
    inclusive: tuple[str, ...] = (),
    key_info: str = "",
    certificate: str | None = None,
    position: int = 1,
) -> str:
    """With an enveloped signature; made here, step by step, so that it can be made wrong, and is not signxml's own work."""
    root = etree.fromstring(document.encode(), etree.XMLParser(strip_cdata=False, resolve_entities=False))
    uri = reference if reference is not None else f"#{root.get('ID')}"
    if method is None:
        method = f"{MORE}{'rsa' if isinstance(key, rsa.RSAPrivateKey) else 'ecdsa'}-sha256"
    d = f"{prefix}:" if prefix else ""
    listed = f'<c:InclusiveNamespaces xmlns:c="{EXCLUSIVE}" PrefixList="{" ".join(inclusive)}"/>' if inclusive else ""
    named = transforms if transforms is not None else (f"{SIGNATURE}enveloped-signature", canonical)
    steps = "".join(
        f'<{d}Transform Algorithm="{one}">{listed if one == EXCLUSIVE else ""}</{d}Transform>' for one in named
    )
    hashed = base64.b64encode(_hash(digest, _canonical(root, canonical, inclusive))).decode()
    if certificate is not None:
        key_info += f"<{d}X509Data><{d}X509Certificate>{certificate}</{d}X509Certificate></{d}X509Data>"
    signature = etree.fromstring(
        f'<{d}Signature xmlns{":" + prefix if prefix else ""}="{SIGNATURE}"><{d}SignedInfo>'
        f'<{d}CanonicalizationMethod Algorithm="{canonical}"/><{d}SignatureMethod Algorithm="{method}"/>'
        f'<{d}Reference URI="{uri}"><{d}Transforms>{steps}</{d}Transforms><{d}DigestMethod Algorithm="{digest}"/>'
        f"<{d}DigestValue>{hashed}</{d}DigestValue></{d}Reference></{d}SignedInfo><{d}SignatureValue/>"
        + (f"<{d}KeyInfo>{key_info}</{d}KeyInfo>" if key_info else "")
        + f"</{d}Signature>"
    )
    root.insert(position, signature)
    value = base64.b64encode(_sign(method, key, _canonical(signature[0], canonical, ()))).decode()
    signature[1].text = value
    return etree.tostring(root).decode()


def _canonical(element: Any, method: str, inclusive: tuple[str, ...]) -> bytes:
    write: Any = etree.tostring
    return write(
        element,
        method="c14n",
        exclusive=method.startswith(EXCLUSIVE),
        with_comments=method.endswith("#WithComments"),
        inclusive_ns_prefixes=list(inclusive) or None,
        with_tail=False,
    )


def _hash(uri: str, data: bytes) -> bytes:
    return hashlib.new(uri.rpartition("#")[2].replace("sha3-", "sha3_"), data).digest()


def _sign(method: str, key: Any, data: bytes) -> bytes:
    name = method.rpartition("#")[2].lower()
    digest: Any = next(
        (
            kind()
            for size, kind in (("256", hashes.SHA256), ("384", hashes.SHA384), ("512", hashes.SHA512))
            if size in name
        ),
        hashes.SHA1(),
    )
    if name.startswith("hmac"):
        return hmac.digest(key, data, digest.name)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
        size = (key.key_size + 7) // 8
        return r.to_bytes(size) + s.to_bytes(size)
    scheme = padding.PSS(padding.MGF1(digest), digest.digest_size) if name.endswith("mgf1") else padding.PKCS1v15()
    return key.sign(data, scheme, digest)


def sealed(
    plain: str,
    *,
    certificate: str,
    cipher: str = f"{ENCRYPTION_11}aes256-gcm",
    wrap: str = f"{ENCRYPTION}rsa-oaep-mgf1p",
    size: int = 32,
    oaep: Any = hashes.SHA1,
    mask: Any = hashes.SHA1,
    method: str = f'<ds:DigestMethod Algorithm="{SIGNATURE}sha1"/>',
    container: str = "Assertion",
) -> str:
    """Encrypted for us, as XML Encryption 1.1 has it."""
    public: Any = x509.load_der_x509_certificate(base64.b64decode(certificate)).public_key()
    key, nonce = os.urandom(size), os.urandom(12)
    data = nonce + AESGCM(key).encrypt(nonce, plain.encode(), None)
    wrapped = public.encrypt(key, padding.OAEP(padding.MGF1(mask()), oaep(), None))
    return (
        f'<e:Encrypted{container} xmlns:e="{ASSERTION}"><xenc:EncryptedData xmlns:xenc="{ENCRYPTION}" Id="_e1" '
        f'Type="{ENCRYPTION}Element"><xenc:EncryptionMethod Algorithm="{cipher}"/><ds:KeyInfo xmlns:ds="{SIGNATURE}">'
        f'<xenc:EncryptedKey Id="_k1"><xenc:EncryptionMethod Algorithm="{wrap}">{method}</xenc:EncryptionMethod>'
        f"<xenc:CipherData><xenc:CipherValue>{base64.b64encode(wrapped).decode()}</xenc:CipherValue></xenc:CipherData>"
        f"</xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue>{base64.b64encode(data).decode()}"
        f"</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></e:Encrypted{container}>"
    )
