"""Certificates that may be pinned, and keys of our own."""

import base64
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from belsimple.sso.failures import ProviderFailure
from belsimple.sso.saml.own_keys import OwnKey, certificate_facts, fingerprint
from tests.support.saml_messages import NOW, certified, curve_key, own, rsa_key


def test_a_key_of_our_own() -> None:
    key = own().keys[0]
    facts = certificate_facts(key.certificate)
    assert facts.key == "RSA 3072"
    assert facts.subject == "CN=old"
    assert facts.not_after > datetime.fromtimestamp(NOW, UTC)
    assert key.private().public_key().key_size == 3072


def test_two_keys_of_the_same_name_are_two() -> None:
    assert OwnKey.new("same", now=NOW).certificate != OwnKey.new("same", now=NOW).certificate


def test_a_fingerprint_is_written_as_consoles_show_it() -> None:
    shown = fingerprint(certified(rsa_key()))
    assert len(shown) == 95
    assert set(shown) <= set("0123456789ABCDEF:")


def test_line_breaks_in_a_certificate_mean_nothing() -> None:
    certificate = certified(curve_key())
    broken = "\n".join(certificate[start : start + 64] for start in range(0, len(certificate), 64))
    assert fingerprint(broken) == fingerprint(certificate)
    assert certificate_facts(broken).key == "EC secp256r1"


@pytest.mark.parametrize("text", ["", "x", "AAAA", "-----BEGIN CERTIFICATE-----", "é", "A" * 20_000])
def test_what_is_no_certificate_is_refused(text: str) -> None:
    with pytest.raises(ProviderFailure, match="certificate_unreadable"):
        certificate_facts(text)


def test_a_certificate_with_something_after_it_is_refused() -> None:
    data = base64.b64decode(certified(rsa_key())) + b"\0"
    with pytest.raises(ProviderFailure, match="certificate_unreadable"):
        certificate_facts(base64.b64encode(data).decode())


def test_weak_and_unknown_keys_are_refused() -> None:
    weak = (
        rsa.generate_private_key(65537, 1024),
        rsa.generate_private_key(3, 2048),
        ec.generate_private_key(ec.SECP256K1()),
    )
    for key in weak:
        with pytest.raises(ProviderFailure, match="certificate_weak"):
            certificate_facts(certified(key))


def test_a_kind_of_key_that_no_allowed_algorithm_is_for_is_refused() -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([])
    moment = datetime.fromtimestamp(NOW, UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, moment, moment.replace(year=2030)).sign(key, None)
    with pytest.raises(ProviderFailure, match="certificate_weak"):
        certificate_facts(base64.b64encode(made.public_bytes(Encoding.DER)).decode())
