"""Settings: every environment variable the service reads, checked once; a refusal names its variable.

A secret may also come from a file: ``BELSIMPLE_DATABASE_URL_FILE`` holds the path of a file with the value.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from belsimple.errors import OperatorError
from belsimple.files.place import Bucket
from belsimple.outbound.places import Allowed
from belsimple.server import values
from belsimple.server.values import ListenAddress, LogLevel, Network, PublicUrl, SmtpServer

Value = TypeVar("Value")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the environment says, checked. Paths are absolute; rates are requests per second."""

    data: Path
    host: str
    port: int
    http_port: int
    url: PublicUrl
    database_url: str | None
    tls_certificate: Path | None
    tls_key: Path | None
    trusted_proxies: tuple[Network, ...]
    smtp: SmtpServer | None
    smtp_authority: Path | None
    mail_from: str
    keys: Path | None
    operator_key: bytes | None
    blobs: Path | Bucket | None
    blob_retention_days: int
    document_limit: int
    outbound_allowed: tuple[Allowed, ...]
    outbound_authority: Path | None
    metrics: ListenAddress | None
    workers: int
    log_level: LogLevel
    run: Path | None
    argon2_memory_mib: int | None
    argon2_passes: int | None
    address_rate: float
    account_rate: float
    tenant_rate: float

    @property
    def loopback(self) -> bool:
        """Whether the service listens on this machine only: the one place where demo data is allowed."""
        return values.is_loopback(self.host)


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read and check the settings; raises `OperatorError` naming the first variable that is wrong."""
    read = _Reader(environment)
    port = read("BELSIMPLE_PORT", values.port, "8443")
    url = read("BELSIMPLE_URL", values.public_url, f"https://localhost:{port}")
    settings = Settings(
        data=read("BELSIMPLE_DATA", values.path, "./var"),
        host=read("BELSIMPLE_HOST", values.host, "127.0.0.1"),
        port=port,
        http_port=read("BELSIMPLE_HTTP_PORT", values.port, "8080"),
        url=url,
        database_url=read.secret("BELSIMPLE_DATABASE_URL", values.database_url),
        tls_certificate=read.optional("BELSIMPLE_TLS_CERT", values.path),
        tls_key=read.optional("BELSIMPLE_TLS_KEY", values.path),
        trusted_proxies=read("BELSIMPLE_TRUSTED_PROXIES", values.networks, ""),
        smtp=read.secret("BELSIMPLE_SMTP_URL", values.smtp_server),
        smtp_authority=read.optional("BELSIMPLE_SMTP_CA", values.path),
        mail_from=read("BELSIMPLE_MAIL_FROM", values.mailbox, _default_sender(url)),
        keys=read.optional("BELSIMPLE_KEYS", values.path),
        operator_key=read.secret("BELSIMPLE_OPERATOR_KEY", values.key_256),
        blobs=_blobs(read),
        blob_retention_days=read("BELSIMPLE_BLOB_RETENTION_DAYS", values.days, "35"),
        document_limit=read("BELSIMPLE_DOCUMENT_LIMIT", values.mebibytes, "5120"),
        outbound_allowed=read("BELSIMPLE_OUTBOUND_ALLOWED", values.allowed_hosts, ""),
        outbound_authority=read.optional("BELSIMPLE_OUTBOUND_CA", values.path),
        metrics=read.optional("BELSIMPLE_METRICS", values.local_address),
        workers=read("BELSIMPLE_WORKERS", values.workers, str(max(1, (os.cpu_count() or 1) // 2))),
        log_level=read("BELSIMPLE_LOG_LEVEL", values.log_level, "info"),
        run=read.optional("BELSIMPLE_RUN", values.path),
        argon2_memory_mib=read.optional("BELSIMPLE_ARGON2_MEMORY_MIB", values.argon2_memory_mib),
        argon2_passes=read.optional("BELSIMPLE_ARGON2_PASSES", values.argon2_passes),
        address_rate=read("BELSIMPLE_ADDRESS_RATE", values.rate, "300"),
        account_rate=read("BELSIMPLE_ACCOUNT_RATE", values.rate, "100"),
        tenant_rate=read("BELSIMPLE_TENANT_RATE", values.rate, "1000"),
    )
    _check_together(settings)
    return settings


def _default_sender(url: PublicUrl) -> str:
    """An address has no number behind its @, save in brackets that few relays like."""
    return f"belsimple@{'localhost' if url.loopback or ':' in url.host else url.host}"


def _blobs(read: "_Reader") -> Path | Bucket | None:
    """A folder, or an S3-compatible store whose credentials are settings of their own: an address is shown in messages."""
    place = read.secret("BELSIMPLE_BLOBS", values.blob_place)  # somebody will write the credentials into the address
    if not isinstance(place, Bucket):
        return place
    key_id = read.secret("BELSIMPLE_BLOBS_KEY_ID", str)
    secret = read.secret("BELSIMPLE_BLOBS_SECRET", str)
    if key_id is None or secret is None:
        raise OperatorError(
            "BELSIMPLE_BLOBS names an object store, and its credentials are not set",
            "Set BELSIMPLE_BLOBS_KEY_ID and BELSIMPLE_BLOBS_SECRET, or BELSIMPLE_BLOBS_SECRET_FILE.",
        )
    return msgspec.structs.replace(place, key_id=key_id, secret=secret)


def _check_together(settings: Settings) -> None:
    if settings.port == settings.http_port:
        raise OperatorError(
            f"BELSIMPLE_PORT and BELSIMPLE_HTTP_PORT are both {settings.port}",
            "Give HTTPS and the plain HTTP redirect a port of their own.",
        )
    if (settings.argon2_memory_mib is None) != (settings.argon2_passes is None):
        raise OperatorError(
            "One of BELSIMPLE_ARGON2_MEMORY_MIB and BELSIMPLE_ARGON2_PASSES is set", "Set both, or neither."
        )
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        missing = "BELSIMPLE_TLS_KEY" if settings.tls_key is None else "BELSIMPLE_TLS_CERT"
        raise OperatorError(
            f"{missing} is not set, but the other half of the pair is",
            "Set both BELSIMPLE_TLS_CERT and BELSIMPLE_TLS_KEY, or neither.",
        )


class _Reader:
    """Reads one variable at a time and turns a parser's refusal into the operator's one line."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def __call__(self, name: str, parse: Callable[[str], Value], default: str) -> Value:
        text = self._environment.get(name, "").strip()
        try:
            return parse(text or default)
        except ValueError as error:
            raise OperatorError(f"{name} is {text!r}", f"Set it to {error}.") from None

    def optional(self, name: str, parse: Callable[[str], Value]) -> Value | None:
        """The value, or None when the variable is unset or empty."""
        return self(name, parse, "") if self._environment.get(name, "").strip() else None

    def secret(self, name: str, parse: Callable[[str], Value]) -> Value | None:
        """A value that is never repeated in a message, from NAME or from the file that NAME_FILE names."""
        text = self._environment.get(name, "").strip()
        file = self.optional(f"{name}_FILE", values.path)
        if text and file:
            raise OperatorError(f"{name} and {name}_FILE are both set", "Set one of them.")
        if file:
            name, text = f"{name}_FILE", _read_secret(f"{name}_FILE", file)
        try:
            return parse(text) if text else None
        except ValueError as error:
            raise OperatorError(f"{name} cannot be used", f"Set it to {error}.") from None


def _read_secret(name: str, file: Path) -> str:
    try:
        text = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"{name} names {file}, which cannot be read", "Give a readable text file.") from error
    if not text:
        raise OperatorError(f"{name} names {file}, which is empty", "Put the secret in it, or unset the variable.")
    return text
