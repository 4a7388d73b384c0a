"""Messages of the redirect binding (SAML bindings, 3.4.4): the signature is over the query as it was received, byte for byte."""

import re
import zlib
from typing import Final
from urllib.parse import unquote_to_bytes

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from belsimple.sso.failures import ProviderFailure
from belsimple.sso.saml.departure import Parameter
from belsimple.sso.saml.document import MOST_DOCUMENT, from_base64
from belsimple.sso.saml.names import DEFLATE
from belsimple.sso.saml.own_keys import PublicKey, public_key
from belsimple.sso.saml.provider import SamlProvider, SignatureAlgorithm
from belsimple.sso.saml.signature import METHODS, pinned_for

CARRIERS: Final[tuple[Parameter, ...]] = ("SAMLRequest", "SAMLResponse")
MOST_QUERY: Final = 64 * 1024
_KNOWN: Final = frozenset({"SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature", "SAMLEncoding"})
_PAIR: Final = re.compile(rb"([A-Za-z]{1,20})=([A-Za-z0-9%._~!$'()*+,;:@/?=-]*)")


class QueryMessage(msgspec.Struct, frozen=True):
    """A message whose signature over the query is right."""

    parameter: Parameter
    document: bytes
    relay: str | None


def verified_query(query: bytes, provider: SamlProvider, *, now: float) -> QueryMessage:
    """The message in a query string, without its question mark. Raises ProviderFailure.

    No parameter may be there twice: one would be verified and another be read.
    """
    raw = _parameters(query)
    carrier: list[Parameter] = [name for name in CARRIERS if name in raw]
    if len(carrier) != 1 or _decoded(raw.get("SAMLEncoding", DEFLATE.encode())) != DEFLATE:
        raise ProviderFailure("document")
    if "Signature" not in raw or "SigAlg" not in raw:
        raise ProviderFailure("unsigned")
    order = [name for name in (carrier[0], "RelayState", "SigAlg") if name in raw]
    signed = b"&".join(name.encode() + b"=" + raw[name] for name in order)
    signature = from_base64(_decoded(raw["Signature"]), "signature")
    _check_signature(signed, signature, _decoded(raw["SigAlg"]), provider, now)
    document = _inflated(from_base64(_decoded(raw[carrier[0]]), "document", most=MOST_QUERY))
    return QueryMessage(carrier[0], document, _decoded(raw["RelayState"]) if "RelayState" in raw else None)


def _parameters(query: bytes) -> dict[str, bytes]:
    if len(query) > MOST_QUERY:
        raise ProviderFailure("document")
    found: dict[str, bytes] = {}
    for part in query.split(b"&"):
        pair = _PAIR.fullmatch(part)
        name = "" if pair is None else pair[1].decode()
        if pair is None or name not in _KNOWN or name in found:
            raise ProviderFailure("document")
        found[name] = pair[2]
    return found


def _decoded(raw: bytes) -> str:
    """A parameter's value; a plus is a blank, as forms have it."""
    try:
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise ProviderFailure("document") from None


def _inflated(squeezed: bytes) -> bytes:
    """Bounded: a compression bomb is refused when it is larger than any message may be."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        document = stream.decompress(squeezed, MOST_DOCUMENT + 1)
    except zlib.error:
        raise ProviderFailure("document") from None
    if len(document) > MOST_DOCUMENT or not stream.eof or stream.unused_data:
        raise ProviderFailure("document")
    return document


def _check_signature(signed: bytes, signature: bytes, method: str, provider: SamlProvider, now: float) -> None:
    algorithm = METHODS.get(method)
    if algorithm is None or algorithm not in provider.algorithms:
        raise ProviderFailure("algorithm")
    pinned = pinned_for(algorithm, provider, now)
    if not any(_is_signed_by(public_key(one), algorithm, signed, signature) for one in pinned):
        raise ProviderFailure("signature")


def _is_signed_by(key: PublicKey, algorithm: SignatureAlgorithm, signed: bytes, signature: bytes) -> bool:
    digest = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}[algorithm[-3:]]()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, _padding(algorithm, digest), digest)
        else:
            key.verify(_der(signature, key), signed, ec.ECDSA(digest))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _padding(algorithm: SignatureAlgorithm, digest: hashes.HashAlgorithm) -> padding.AsymmetricPadding:
    if algorithm == "rsa-pss-sha256":
        return padding.PSS(padding.MGF1(digest), digest.digest_size)
    return padding.PKCS1v15()


def _der(signature: bytes, key: ec.EllipticCurvePublicKey) -> bytes:
    """Two numbers side by side (RFC 9231, 2.3.6), or in DER, as Java's providers write it."""
    size = (key.key_size + 7) // 8
    if len(signature) != 2 * size:
        return signature
    return encode_dss_signature(int.from_bytes(signature[:size]), int.from_bytes(signature[size:]))
