"""Keys and certificates of SAML. A certificate is a wrapper for its key, which is trusted because it is pinned, not for who issued it."""

import binascii
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from cryptography.x509.oid import NameOID

from belsimple.sso.failures import ProviderFailure

RSA_BITS: Final = 2048
"""The least that a provider's key may have (NIST SP 800-131A)."""
OWN_BITS: Final = 3072
YEARS: Final = 5
_MOST_CERTIFICATE: Final = 16 * 1024
_MOST_NAME: Final = 64
_CURVES: Final = ("secp256r1", "secp384r1", "secp521r1")
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


class CertificateFacts(msgspec.Struct, frozen=True):
    """What an admin compares with what their provider shows. `key`: kind and size."""

    subject: str
    not_after: datetime
    fingerprint: str
    key: str


class OwnKey(msgspec.Struct, frozen=True):
    """A private key of ours (PKCS #8, DER, to be sealed where it is kept) and its certificate (base64 of DER)."""

    private_key_der: bytes
    certificate: str

    @classmethod
    def new(cls, name: str, *, now: float, years: int = YEARS) -> "OwnKey":
        """An RSA key of 3072 bits and a certificate that it signed itself, as SAML metadata carry it."""
        private = rsa.generate_private_key(65537, OWN_BITS)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:_MOST_NAME])])
        begin = datetime.fromtimestamp(now, UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin - timedelta(days=1))
            .not_valid_after(begin + timedelta(days=365 * years))
            .sign(private, hashes.SHA256())
        )
        der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return cls(der, b64encode(made.public_bytes(Encoding.DER)).decode("ascii"))

    def private(self) -> rsa.RSAPrivateKey:
        """The key itself. It is one that we made, so that its primes need no proving, which takes a tenth of a second."""
        key = load_der_private_key(self.private_key_der, None, unsafe_skip_rsa_key_validation=True)
        assert isinstance(key, rsa.RSAPrivateKey)
        return key


@lru_cache(maxsize=256)
def certificate_of(encoded: str) -> x509.Certificate:
    """The certificate, if it is one with a key that can be trusted. Raises ProviderFailure."""
    try:
        if len(encoded) > _MOST_CERTIFICATE:
            raise ProviderFailure("certificate_unreadable")
        certificate = x509.load_der_x509_certificate(b64decode("".join(encoded.split()), validate=True))
        certificate.not_valid_after_utc  # noqa: B018 - a date that no calendar has shows only when it is read
        certificate.subject.rfc4514_string()
        key = certificate.public_key()
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        raise ProviderFailure("certificate_unreadable") from None
    _check_strength(key)
    return certificate


def public_key(certificate: x509.Certificate) -> PublicKey:
    """The key of a certificate that `certificate_of` let pass."""
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)
    return key


def fingerprint(certificate: str) -> str:
    """SHA-256 over the DER, in hexadecimal with colons, as consoles of providers show it. Raises ProviderFailure."""
    return certificate_of(certificate).fingerprint(hashes.SHA256()).hex(":").upper()


def certificate_facts(certificate: str) -> CertificateFacts:
    """What is in it. Raises ProviderFailure for what is none, or has a key too weak."""
    read = certificate_of(certificate)
    key = public_key(read)
    kind = f"RSA {key.key_size}" if isinstance(key, rsa.RSAPublicKey) else f"EC {key.curve.name}"
    return CertificateFacts(read.subject.rfc4514_string(), read.not_valid_after_utc, fingerprint(certificate), kind)


def is_current(certificate: x509.Certificate, now: float) -> bool:
    """Whether it is within its dates."""
    return certificate.not_valid_before_utc <= datetime.fromtimestamp(now, UTC) <= certificate.not_valid_after_utc


def _check_strength(key: object) -> None:
    """RSA from 2048 bits with a usual exponent, and the NIST curves: what the signature algorithms can be used with."""
    strong_rsa = isinstance(key, rsa.RSAPublicKey) and key.key_size >= RSA_BITS and key.public_numbers().e >= 65537
    strong_curve = isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES
    if not (strong_rsa or strong_curve):
        raise ProviderFailure("certificate_weak")
