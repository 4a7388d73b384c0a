"""The local authority, its leaf and its renewal; what is refused of an operator's own pair."""

import datetime as dt
import ssl
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from belsimple.errors import OperatorError
from belsimple.server.settings import Settings, load_settings
from belsimple.server.tls import refresh, served_files
from tests.support.certificates import write_pair

_NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"BELSIMPLE_DATA": str(tmp_path), "BELSIMPLE_URL": "https://app.example.com"})


def leaf(settings: Settings) -> x509.Certificate:
    return x509.load_pem_x509_certificate(served_files(settings.data).certificate.read_bytes())


def authority(settings: Settings) -> x509.Certificate:
    return x509.load_pem_x509_certificate(served_files(settings.data).authority.read_bytes())


def test_the_first_start_makes_an_authority_and_a_leaf_for_ninety_days(settings: Settings) -> None:
    assert refresh(settings, _NOW)
    made = leaf(settings)
    made.verify_directly_issued_by(authority(settings))
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "app.example.com"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    assert made.not_valid_after_utc - _NOW == dt.timedelta(days=90)


def test_the_authority_can_vouch_for_nothing_else(settings: Settings) -> None:
    refresh(settings, _NOW)
    found = authority(settings).extensions
    constraints = found.get_extension_for_oid(ExtensionOID.NAME_CONSTRAINTS)
    assert constraints.critical
    assert isinstance(constraints.value, x509.NameConstraints)
    assert {str(name.value) for name in constraints.value.permitted_subtrees or ()} == {
        "localhost",
        "app.example.com",
        "127.0.0.1/32",
        "::1/128",
    }
    basic = found.get_extension_for_class(x509.BasicConstraints).value
    assert (basic.ca, basic.path_length) == (True, 0)


def test_keys_are_for_the_service_alone(settings: Settings) -> None:
    refresh(settings, _NOW)
    keys = list((settings.data / "tls").glob("*.key"))
    assert len(keys) == 2
    assert {key.stat().st_mode & 0o777 for key in keys} == {0o600}


def test_a_leaf_is_kept_until_thirty_days_before_its_end_and_then_renewed(settings: Settings) -> None:
    refresh(settings, _NOW)
    first, root = leaf(settings), authority(settings)
    assert not refresh(settings, _NOW + dt.timedelta(days=59))
    assert leaf(settings) == first
    assert refresh(settings, _NOW + dt.timedelta(days=61))
    assert leaf(settings).serial_number != first.serial_number
    assert authority(settings) == root  # who trusted it need do nothing
    leaf(settings).verify_directly_issued_by(root)


def test_another_public_name_makes_an_authority_that_covers_it(settings: Settings) -> None:
    refresh(settings, _NOW)
    renamed = msgspec.structs.replace(settings, url=msgspec.structs.replace(settings.url, host="other.example.com"))
    assert refresh(renamed, _NOW)
    context = ssl.create_default_context(cafile=served_files(settings.data).authority)
    assert len(context.get_ca_certs()) == 1
    leaf(renamed).verify_directly_issued_by(authority(renamed))


def test_a_clock_that_was_wrong_is_put_right(settings: Settings) -> None:
    refresh(settings, _NOW + dt.timedelta(days=4000))
    assert refresh(settings, _NOW)
    assert leaf(settings).not_valid_before_utc < _NOW


@pytest.fixture
def own_pair(settings: Settings, tmp_path: Path) -> Settings:
    certificate, key = tmp_path / "own.pem", tmp_path / "own.key"
    write_pair(certificate, key)
    return msgspec.structs.replace(settings, tls_certificate=certificate, tls_key=key)


def test_an_operators_pair_is_served_as_it_is(own_pair: Settings) -> None:
    assert own_pair.tls_certificate
    assert refresh(own_pair)
    assert served_files(own_pair.data).certificate.read_bytes() == own_pair.tls_certificate.read_bytes()
    assert not refresh(own_pair)


@pytest.mark.parametrize("fault", ["expired", "other key", "no certificate", "no key", "missing"])
def test_a_pair_that_cannot_work_is_refused_and_the_old_one_stays(
    own_pair: Settings, tmp_path: Path, fault: str
) -> None:
    certificate, key = own_pair.tls_certificate, own_pair.tls_key
    assert certificate
    assert key
    refresh(own_pair)
    before = served_files(own_pair.data).certificate.read_bytes()
    if fault == "expired":
        write_pair(certificate, key, days=0)
        with pytest.raises(OperatorError, match="not now"):
            refresh(own_pair, dt.datetime.now(dt.UTC) + dt.timedelta(days=1))
    else:
        if fault == "other key":
            write_pair(tmp_path / "x.pem", key)
        elif fault == "missing":
            key.unlink()
        else:
            (certificate if fault == "no certificate" else key).write_text("nothing")
        with pytest.raises(OperatorError, match="BELSIMPLE_TLS"):
            refresh(own_pair)
    assert served_files(own_pair.data).certificate.read_bytes() == before
