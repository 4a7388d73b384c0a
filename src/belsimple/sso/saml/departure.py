"""How the browser carries a message of ours to a provider (SAML bindings, 3.4 and 3.5)."""

import zlib
from base64 import b64encode
from typing import Final, Literal
from urllib.parse import quote

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

from belsimple.sso.saml.document import Element
from belsimple.sso.saml.names import ASSERTION, PROTOCOL, ds, saml, samlp
from belsimple.sso.saml.own_keys import OwnKey, certificate_of
from belsimple.sso.saml.provider import Binding
from belsimple.sso.saml.times import written

Parameter = Literal["SAMLRequest", "SAMLResponse"]
MOST_RELAY: Final = 80
"""Bytes (bindings, 3.4.3)."""
_NAMESPACES: Final = {"samlp": PROTOCOL, "saml": ASSERTION}
_ALGORITHM: Final = SignatureMethod.RSA_SHA256


class Departure(msgspec.Struct, frozen=True):
    """Where the browser goes: by a link to `address`, or, where there are `fields`, by a form that posts them there."""

    address: str
    fields: dict[str, str] | None = None


def message(name: str, *, id: str, issuer: str, destination: str, now: float) -> Element:  # noqa: A002 - the attribute's name
    """A message of ours, with what each has (SAML core, 3.2.1)."""
    root = etree.Element(samlp(name), nsmap=_NAMESPACES)
    root.set("ID", id)
    root.set("Version", "2.0")
    root.set("IssueInstant", written(now))
    root.set("Destination", destination)
    etree.SubElement(root, saml("Issuer")).text = issuer
    return root


def departure(
    root: Element, *, binding: Binding, address: str, parameter: Parameter, relay: str | None, key: OwnKey | None
) -> Departure:
    """The message on its way, signed where a key is given."""
    assert relay is None or len(relay.encode()) <= MOST_RELAY
    if binding == "redirect":
        return Departure(_redirect(etree.tostring(root), address, parameter, relay, key))
    signed = etree.tostring(root if key is None else _enveloped(root, key))
    relayed = {} if relay is None else {"RelayState": relay}
    return Departure(address, {parameter: b64encode(signed).decode("ascii"), **relayed})


def _redirect(document: bytes, address: str, parameter: Parameter, relay: str | None, key: OwnKey | None) -> str:
    """DEFLATE in the query; the signature is over the query as it is sent, not in the message (bindings, 3.4.4.1)."""
    squeezed = zlib.compress(document, 9, wbits=-zlib.MAX_WBITS)
    query = f"{parameter}={_quoted(squeezed)}"
    if relay is not None:
        query += f"&RelayState={quote(relay, safe='')}"
    if key is not None:
        query += f"&SigAlg={quote(_ALGORITHM.value, safe='')}"
        query += f"&Signature={_quoted(key.private().sign(query.encode('ascii'), padding.PKCS1v15(), hashes.SHA256()))}"
    return f"{address}{'&' if '?' in address else '?'}{query}"


def _quoted(data: bytes) -> str:
    return quote(b64encode(data).decode("ascii"), safe="")


def _enveloped(root: Element, key: OwnKey) -> Element:
    """With a signature right after the issuer, where the schema wants it."""
    root.insert(1, root.makeelement(ds("Signature"), {"Id": "placeholder"}, nsmap={"ds": ds("")[1:-1]}))
    signer = XMLSigner(
        signature_algorithm=_ALGORITHM,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    return signer.sign(  # pyright: ignore[reportUnknownMemberType] - its data may be of any kind
        root, key=key.private(), cert=[certificate_of(key.certificate)], reference_uri=f"#{root.get('ID')}"
    )
