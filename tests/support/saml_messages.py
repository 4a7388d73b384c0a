"""Responses as three kinds of identity providers write them, in memory: valid, signed and of now. What attacks begin with.

`entra`: the assertion alone is signed, in default namespaces. `okta`: response and assertion are signed, with InclusiveNamespaces.
`shibboleth`: an encrypted assertion, signed with a key on a curve.
"""

import base64
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key
from cryptography.x509.oid import NameOID
from lxml import etree

from belsimple.sso.saml.names import ASSERTION, PROTOCOL
from belsimple.sso.saml.own_keys import OwnKey
from belsimple.sso.saml.provider import SamlProvider, ServiceProvider

from .saml_signing import sealed, signed

NOW = 1_800_000_000.0
REQUEST = "_the-request-that-was-sent"
ADDRESS = "https://localhost:8443/sso/saml/response"
LOGOUT_ADDRESS = "https://localhost:8443/sso/saml/logout"
ENTITY = "https://localhost:8443/sso/saml/metadata"
XS = "http://www.w3.org/2001/XMLSchema"
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def certified(key: Any, *, now: float = NOW, days: int = 30, name: str = "provider") -> str:
    """A certificate for a key, as base64 of DER."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = datetime.fromtimestamp(now, UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(made.public_bytes(Encoding.DER)).decode()


@cache
def rsa_key(name: str = "provider", bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key that is made once in this process for each name."""
    return rsa.generate_private_key(65537, bits)


@cache
def curve_key(name: str = "provider") -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def own() -> ServiceProvider:
    return ServiceProvider(
        entity_id=ENTITY,
        response_address=ADDRESS,
        logout_address=LOGOUT_ADDRESS,
        keys=(OwnKey.new("old", now=NOW), OwnKey.new("new", now=NOW)),
    )


def provider(issuer: str, key: Any, **changed: Any) -> SamlProvider:
    """As an admin sets it up by default."""
    algorithm: Any = "rsa-sha256" if isinstance(key, rsa.RSAPrivateKey) else "ecdsa-sha256"
    facts: dict[str, Any] = {
        "tenant_id": UUID(int=1),
        "id": UUID(int=2),
        "version": 1,
        "name": "Brouwer",
        "issuer": issuer,
        "sign_on_address": "https://idp.example/sso",
        "sign_on_binding": "redirect",
        "logout_address": "https://idp.example/slo",
        "logout_binding": "redirect",
        "certificates": (certified(key),),
        "algorithms": (algorithm,),
        "subject_attribute": None,
        "signs_requests": True,
        "idp_initiated": False,
        "encrypted_only": False,
    }
    return SamlProvider(**{**facts, **changed})


@dataclass(frozen=True)
class Facts:
    """What a response says; None leaves it out."""

    issuer: str = "https://idp.example/entity"
    response_issuer: str | None = "https://idp.example/entity"
    destination: str | None = ADDRESS
    response_request: str | None = REQUEST
    response_issued: str = moment(NOW)
    status: str = "urn:oasis:names:tc:SAML:2.0:status:Success"
    sub_status: str | None = None
    version: str = "2.0"
    response_id: str = "_r0123456789abcdef"
    assertion_id: str = "_a0123456789abcdef"
    issued: str = moment(NOW)
    name_id: str = "anna-4711"
    name_id_format: str | None = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
    method: str = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
    recipient: str | None = ADDRESS
    request: str | None = REQUEST
    confirmed_until: str | None = moment(NOW + 300)
    confirmed_from: str | None = None
    begins: str | None = moment(NOW - 30)
    ends: str | None = moment(NOW + 3600)
    audiences: tuple[str, ...] = (ENTITY,)
    authenticated: str = moment(NOW - 5)
    session: str | None = "_session-1"
    session_until: str | None = None
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = field(
        default=(
            ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", ("anna@brouwer.example",)),
            ("urn:oid:2.16.840.1.113730.3.1.241", ("Anna Peeters",)),
            ("urn:oid:2.5.4.42", ("Anna",)),
            ("surname", ("Peeters",)),
            ("groups", ("staff", "boss")),
        )
    )
    extra_subject: str = ""
    extra_condition: str = ""
    extra_statement: str = ""
    extra_response: str = ""


def attribute(name: str, value: str | None) -> str:
    return "" if value is None else f' {name}="{value}"'


@dataclass(frozen=True)
class Shape:
    """A kind of provider: how it lays out its messages, and with what it signs."""

    name: str
    p: str
    """Prefixes of the protocol's and the assertion's namespace with their colon; empty for a default namespace."""
    a: str
    key: Any
    provider: SamlProvider
    signs_response: bool = False
    encrypts: bool = False
    typed: bool = False
    inclusive: tuple[str, ...] = ()
    gap: str = ""
    signature_prefix: str | None = "ds"

    @property
    def own(self) -> ServiceProvider:
        return own()

    def assertion(self, facts: Facts) -> str:
        """Not signed yet."""
        a, gap = self.a, self.gap
        space = f'xmlns{":" + a[:-1] if a else ""}="{ASSERTION}"'
        kinds = f' xmlns:xs="{XS}" xmlns:xsi="{XSI}"' if self.typed else ""
        value_type = ' xsi:type="xs:string"' if self.typed else ""
        values = "".join(
            f'<{a}Attribute Name="{name}">'
            + "".join(f"<{a}AttributeValue{value_type}>{value}</{a}AttributeValue>" for value in them)
            + f"</{a}Attribute>"
            for name, them in facts.attributes
        )
        data = (
            attribute("InResponseTo", facts.request)
            + attribute("NotBefore", facts.confirmed_from)
            + attribute("NotOnOrAfter", facts.confirmed_until)
            + attribute("Recipient", facts.recipient)
        )
        audiences = "".join(f"<{a}Audience>{one}</{a}Audience>" for one in facts.audiences)
        session = attribute("SessionIndex", facts.session) + attribute("SessionNotOnOrAfter", facts.session_until)
        return (
            f'<{a}Assertion {space}{kinds} ID="{facts.assertion_id}" IssueInstant="{facts.issued}" Version="{facts.version}">{gap}'
            f"<{a}Issuer>{facts.issuer}</{a}Issuer>{gap}"
            f"<{a}Subject><{a}NameID{attribute('Format', facts.name_id_format)}>{facts.name_id}</{a}NameID>"
            f'<{a}SubjectConfirmation Method="{facts.method}"><{a}SubjectConfirmationData{data}/></{a}SubjectConfirmation>'
            f"{facts.extra_subject}</{a}Subject>{gap}"
            f"<{a}Conditions{attribute('NotBefore', facts.begins)}{attribute('NotOnOrAfter', facts.ends)}>"
            f"<{a}AudienceRestriction>{audiences}</{a}AudienceRestriction>{facts.extra_condition}</{a}Conditions>{gap}"
            f'<{a}AuthnStatement AuthnInstant="{facts.authenticated}"{session}><{a}AuthnContext><{a}AuthnContextClassRef>'
            f"urn:oasis:names:tc:SAML:2.0:ac:classes:Password</{a}AuthnContextClassRef></{a}AuthnContext></{a}AuthnStatement>"
            f"{gap}<{a}AttributeStatement>{values}</{a}AttributeStatement>{facts.extra_statement}{gap}</{a}Assertion>"
        )

    def response(self, facts: Facts, inner: str) -> str:
        """Around what is given, not signed yet."""
        p, gap = self.p, self.gap
        attributes = attribute("Destination", facts.destination) + attribute("InResponseTo", facts.response_request)
        prefix = self.a or "s:"
        issuer = (
            ""
            if facts.response_issuer is None
            else f'<{prefix}Issuer xmlns:{prefix[:-1]}="{ASSERTION}">{facts.response_issuer}</{prefix}Issuer>'
        )
        second = "" if facts.sub_status is None else f'<{p}StatusCode Value="{facts.sub_status}"/>'
        return (
            f'<{p}Response xmlns:{p[:-1]}="{PROTOCOL}" ID="{facts.response_id}" Version="{facts.version}" '
            f'IssueInstant="{facts.response_issued}"{attributes}>{gap}{issuer}{gap}'
            f'<{p}Status><{p}StatusCode Value="{facts.status}">{second}</{p}StatusCode></{p}Status>{gap}'
            f"{facts.extra_response}{inner}{gap}</{p}Response>"
        )

    def sign(self, document: str, **changed: Any) -> str:
        """With an enveloped signature after the issuer, as this provider makes it."""
        return signed(
            document,
            changed.pop("key", self.key),
            prefix=self.signature_prefix,
            inclusive=self.inclusive,
            **changed,
        )

    def document(self, facts: Facts | None = None, **changed: Any) -> str:
        """A whole valid response, if the facts are."""
        facts = replace(facts or Facts(), **changed)
        inner = self.sign(self.assertion(facts))
        return self.around(facts, encrypted(inner) if self.encrypts else inner)

    def around(self, facts: Facts, inner: str) -> str:
        """The response around a finished assertion, signed where this provider signs it."""
        outer = self.response(facts, inner)
        try:
            return self.sign(outer) if self.signs_response else outer
        except etree.XMLSyntaxError:  # what is no XML cannot be signed
            return outer


def encrypted(plain: str, *, certificate: str | None = None, **changed: Any) -> str:
    """Encrypted for us, or for whose certificate it is."""
    return sealed(plain, certificate=certificate or own().keys[0].certificate, **changed)


def own_private(index: int = 0) -> rsa.RSAPrivateKey:
    key = load_der_private_key(own().keys[index].private_key_der, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def encoded(document: str | bytes) -> str:
    return base64.b64encode(document if isinstance(document, bytes) else document.encode()).decode()


@cache
def shapes() -> dict[str, Shape]:
    issuer = Facts().issuer
    entra = Shape("entra", "samlp:", "", rsa_key(), provider(issuer, rsa_key()), signature_prefix=None)
    okta = Shape(
        "okta",
        "saml2p:",
        "saml2:",
        rsa_key("okta"),
        provider(issuer, rsa_key("okta")),
        signs_response=True,
        typed=True,
        inclusive=("xs",),
    )
    shibboleth = Shape(
        "shibboleth",
        "saml2p:",
        "saml2:",
        curve_key(),
        provider(issuer, curve_key(), encrypted_only=True),
        encrypts=True,
        typed=True,
        gap="\n  ",
    )
    return {shape.name: shape for shape in (entra, okta, shibboleth)}
