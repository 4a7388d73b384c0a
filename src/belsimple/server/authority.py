"""The local certificate authority: made on first start, so that a fresh installation is never served without TLS.

People may trust it on their machine; it is therefore constrained to the names this service serves (RFC 5280, 4.2.1.10).
"""

import datetime as dt
import ipaddress
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from belsimple.atomic import write_atomically

AUTHORITY_LIFE = dt.timedelta(days=3650)
LEAF_LIFE = dt.timedelta(days=90)
_CLOCKS_DIFFER = dt.timedelta(minutes=10)  # a client whose clock is a little late must not refuse a fresh certificate

PrivateKey = ec.EllipticCurvePrivateKey


def issue_leaf(authority_path: Path, names: Sequence[str], now: dt.datetime) -> tuple[bytes, bytes]:
    """A fresh certificate and key (PEM) for `names`, from the authority at `authority_path`, which is made if need be."""
    authority, signer = _authority(authority_path, names, now)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "belsimple")])
    leaf = (
        _builder(subject, key, now, LEAF_LIFE)
        .issuer_name(authority.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return leaf.public_bytes(serialization.Encoding.PEM), _key_pem(key)


def public_key_of(key: PrivateKeyTypes) -> bytes:
    """The public half of a key, comparable with `public_key_in`."""
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def public_key_in(certificate: x509.Certificate) -> bytes:
    """The public key that a certificate is for."""
    encoding = serialization.Encoding.DER
    return certificate.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)


def _authority(path: Path, names: Sequence[str], now: dt.datetime) -> tuple[x509.Certificate, PrivateKey]:
    """The authority, made anew when it cannot vouch for these names as long as a leaf lives."""
    try:
        authority = x509.load_pem_x509_certificate(path.read_bytes())
        key = serialization.load_pem_private_key(path.with_suffix(".key").read_bytes(), password=None)
        constraints = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    except (OSError, ValueError, TypeError, x509.ExtensionNotFound):
        return _make_authority(path, names, now)
    covered = set(constraints.permitted_subtrees or ()) >= {_constraint(name) for name in names}
    lives = authority.not_valid_before_utc <= now < authority.not_valid_after_utc - LEAF_LIFE
    if covered and lives and isinstance(key, PrivateKey) and public_key_of(key) == public_key_in(authority):
        return authority, key
    return _make_authority(path, names, now)


def _make_authority(path: Path, names: Sequence[str], now: dt.datetime) -> tuple[x509.Certificate, PrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"belsimple local authority {now:%Y-%m-%d %H:%M:%S}")])
    constraints = x509.NameConstraints([_constraint(name) for name in names], excluded_subtrees=None)
    authority = (
        _builder(subject, key, now, AUTHORITY_LIFE)
        .issuer_name(subject)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(constraints, critical=True)
        .sign(key, hashes.SHA256())
    )
    write_atomically(path.with_suffix(".key"), _key_pem(key))
    write_atomically(path, authority.public_bytes(serialization.Encoding.PEM), mode=0o644)
    return authority, key


def _builder(subject: x509.Name, key: PrivateKey, now: dt.datetime, life: dt.timedelta) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_DIFFER)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _constraint(name: str) -> x509.GeneralName:
    """In a name constraint an address is a network."""
    try:
        return x509.IPAddress(ipaddress.ip_network(name))
    except ValueError:
        return x509.DNSName(name)


def _key_pem(key: PrivateKey) -> bytes:
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(pem, form, serialization.NoEncryption())
