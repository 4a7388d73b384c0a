"""The certificate that is served: the operator's own pair, or a leaf from the local authority.

What is served is always a copy in `data/tls`, checked before it is put there: a renewal that is half-written, expired
or does not fit its key never reaches a client, and the files that the web part reads never change their place.
"""

import datetime as dt
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from belsimple.atomic import write_atomically
from belsimple.errors import OperatorError
from belsimple.server.authority import issue_leaf, public_key_in, public_key_of
from belsimple.server.settings import Settings

RENEW_BEFORE = dt.timedelta(days=30)


class ServedFiles(NamedTuple):
    """The files that the web part reads (PEM), and the local authority's certificate."""

    certificate: Path
    key: Path
    authority: Path


def served_files(data: Path) -> ServedFiles:
    """Where the served pair lies."""
    folder = data / "tls"
    return ServedFiles(folder / "served.pem", folder / "served.key", folder / "authority.pem")


def refresh(settings: Settings, now: dt.datetime | None = None) -> bool:
    """Bring the served pair up to date; returns whether it changed. Safe to repeat.

    Raises `OperatorError` when the operator's own pair cannot be served; what was served before stays.
    """
    now = now or dt.datetime.now(dt.UTC)
    files = served_files(settings.data)
    files.certificate.parent.mkdir(mode=0o700, exist_ok=True)
    if settings.tls_certificate and settings.tls_key:
        certificate, key = _read_pair(settings.tls_certificate, settings.tls_key, now)
    elif _still_good(files, names_served(settings), now):
        return False
    else:
        certificate, key = issue_leaf(files.authority, names_served(settings), now)
    if _content(files.certificate) == certificate and _content(files.key) == key:
        return False
    write_atomically(files.key, key)
    write_atomically(files.certificate, certificate, mode=0o644)
    return True


def expiry(data: Path) -> float:
    """When the served certificate expires, in seconds since 1970; 0 when there is none that can be read."""
    try:
        leaf = x509.load_pem_x509_certificates(served_files(data).certificate.read_bytes())[0]
    except (OSError, ValueError):
        return 0
    return leaf.not_valid_after_utc.timestamp()


def names_served(settings: Settings) -> tuple[str, ...]:
    """The host names and addresses that the local certificate is for."""
    return tuple(dict.fromkeys(("localhost", "127.0.0.1", "::1", settings.url.host)))


def _read_pair(certificate: Path, key: Path, now: dt.datetime) -> tuple[bytes, bytes]:
    """The operator's pair, after making sure that it can be served."""
    chain_pem, key_pem = _read("BELSIMPLE_TLS_CERT", certificate), _read("BELSIMPLE_TLS_KEY", key)
    try:
        leaf = x509.load_pem_x509_certificates(chain_pem)[0]
    except ValueError:
        raise _refused("CERT", certificate, "holds no certificate in PEM form") from None
    try:
        private = serialization.load_pem_private_key(key_pem, password=None)
    except (ValueError, TypeError):
        raise _refused("KEY", key, "holds no key in PEM form without a passphrase") from None
    if public_key_of(private) != public_key_in(leaf):
        raise _refused("KEY", key, f"does not belong to the certificate {certificate}")
    if not leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc:
        dates = f"{leaf.not_valid_before_utc:%Y-%m-%d} to {leaf.not_valid_after_utc:%Y-%m-%d}"
        raise _refused("CERT", certificate, f"is valid from {dates}, not now")
    return chain_pem, key_pem


def _refused(which: str, path: Path, reason: str) -> OperatorError:
    return OperatorError(f"BELSIMPLE_TLS_{which} ({path}) {reason}", "Give a valid pair, or unset both variables.")


def _read(variable: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise OperatorError(
            f"{variable} names {path}, which cannot be read ({error.strerror})",
            "Give a file that the user who runs the service may read.",
        ) from error


def _still_good(files: ServedFiles, names: tuple[str, ...], now: dt.datetime) -> bool:
    """Whether the served leaf is the local authority's, covers the names, fits its key and is not due."""
    try:
        leaf = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
        key = serialization.load_pem_private_key(files.key.read_bytes(), password=None)
        leaf.verify_directly_issued_by(authority)
    except (OSError, ValueError, TypeError, InvalidSignature):
        return False
    timely = leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc - RENEW_BEFORE
    return timely and public_key_of(key) == public_key_in(leaf) and _names_in(leaf) == set(names)


def _names_in(leaf: x509.Certificate) -> set[str]:
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    return {*names.get_values_for_type(x509.DNSName), *addresses}


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
