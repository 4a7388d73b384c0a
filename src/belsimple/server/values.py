"""Parsers for the values of settings: each returns the checked value or raises `ValueError` saying what is expected."""

import ipaddress
import os
import re
from base64 import b64decode
from email.utils import formataddr, parseaddr
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal, TypeAlias, cast, get_args
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import msgspec

from belsimple.files.place import Bucket
from belsimple.mail.relay import SmtpServer
from belsimple.outbound.places import Allowed

LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]
Network: TypeAlias = IPv4Network | IPv6Network

_HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")


class PublicUrl(msgspec.Struct, frozen=True):
    """The address people type: an https URL with a host and a port, and nothing behind them."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}" if self.port == 443 else f"https://{host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it; then no HSTS is sent."""
        return is_loopback(self.host)


class ListenAddress(msgspec.Struct, frozen=True):
    """An address and port to listen on."""

    host: str
    port: int


def port(text: str) -> int:
    """A TCP port."""
    return int(_number(text, 1, 65535, "a port number from 1 to 65535"))


def workers(text: str) -> int:
    """How many processes serve requests."""
    return int(_number(text, 1, 256, "a number of processes from 1 to 256"))


def argon2_memory_mib(text: str) -> int:
    """Argon2id's memory in MiB; the floor is RFC 9106's second recommended setting."""
    return int(_number(text, 64, 4096, "a number of MiB from 64 to 4096"))


def argon2_passes(text: str) -> int:
    """Argon2id's passes; the same floor."""
    return int(_number(text, 3, 100, "a number of passes from 3 to 100"))


def rate(text: str) -> float:
    """Requests per second."""
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value <= 1_000_000:
        raise ValueError("a number of requests per second above 0 and up to 1000000")
    return value


def path(text: str) -> Path:
    """An absolute path; a relative one starts at the current folder."""
    if "\0" in text or "\n" in text:
        raise ValueError("a path")
    return Path(os.path.abspath(Path(text).expanduser()))  # noqa: PTH100 - a link in it is followed later, as the service's user


def host(text: str) -> str:
    """An address to listen on: an IP address, or ``localhost``."""
    if text == "localhost":
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError("an IP address to listen on, such as 127.0.0.1 or 0.0.0.0") from None


def public_url(text: str) -> PublicUrl:
    """The public base URL: ``https://host`` or ``https://host:port``."""
    expected = "an address such as https://www.example.com, with no path"
    try:
        parts = urlsplit(text)
        name, number = (parts.hostname or "").lower(), parts.port or 443
    except ValueError:
        raise ValueError(expected) from None
    rest = (parts.username, parts.password, parts.path.strip("/"), parts.query, parts.fragment)
    if parts.scheme != "https" or any(rest) or not (_HOST_NAME.fullmatch(name) or _is_address(name)):
        raise ValueError(expected)
    return PublicUrl(name, number)


def networks(text: str) -> tuple[Network, ...]:
    """Addresses or networks, separated by commas."""
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError("a list of addresses or networks such as 10.0.0.2,192.168.1.0/24") from None


def allowed_hosts(text: str) -> tuple[Allowed, ...]:
    """Hosts of private networks that may be reached, separated by commas: ``host`` or ``host:port``; 443 where none is given."""
    return tuple(_allowed_host(part.strip().lower()) for part in text.split(",") if part.strip())


def log_level(text: str) -> LogLevel:
    """How much is logged."""
    if text not in get_args(LogLevel):
        raise ValueError("one of debug, info, warning, error")
    return cast("LogLevel", text)


def database_url(text: str) -> str:
    """A PostgreSQL URL; to another machine only with TLS that verifies who answers."""
    expected = "a URL such as postgresql://user:password@host:5432/database"
    try:
        parts = urlsplit(text)
        _ = parts.port if "," not in parts.netloc else None
    except ValueError:
        raise ValueError(expected) from None
    hosts, options = _database_hosts(parts), parse_qs(parts.query)
    # Without a host, or with a service file, the environment would say where the passwords go.
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/") or not hosts or "service" in options:
        raise ValueError(expected)
    # An observer or impostor on the network would read every tenant: "require" encrypts, but to whoever answers.
    if options.get("sslmode") != ["verify-full"] and not all(map(_is_local, hosts)):
        raise ValueError("a URL with sslmode=verify-full, because the database is on another machine")
    return text


def smtp_server(text: str) -> SmtpServer:
    """A mail relay: TLS from the first byte or by STARTTLS; none only on loopback."""
    expected = "a URL such as smtp://user:password@mail.example.com:587 or smtps://mail.example.com"
    try:
        parts = urlsplit(text)
        options = parse_qs(parts.query, strict_parsing=bool(parts.query))
        name, number = (parts.hostname or "").lower(), parts.port or {"smtp": 587, "smtps": 465}.get(parts.scheme, 0)
    except ValueError:
        raise ValueError(expected) from None
    plain = options.pop("tls", None)
    wrong = parts.scheme not in {"smtp", "smtps"} or not name or parts.path.strip("/") or options or parts.fragment
    if wrong or plain not in (None, ["none"]) or (plain and parts.scheme == "smtps"):
        raise ValueError(expected)
    if plain and not is_loopback(name):  # a reset's link would cross the network in clear
        raise ValueError("a URL without tls=none, because the relay is on another machine")
    tls = "implicit" if parts.scheme == "smtps" else "none" if plain else "starttls"
    user, password = (unquote(part) if part else None for part in (parts.username, parts.password))
    return SmtpServer(name, number, user, password, tls)


def mailbox(text: str) -> str:
    """A sender: an address, with or without a name before it."""
    name, address = parseaddr(text)
    if not re.fullmatch(r"[^@\s<>\"]+@[^@\s<>\"]+", address) or re.search(r"[\x00-\x1f\x7f]", text):
        raise ValueError('a sender such as no-reply@example.com or "Example <no-reply@example.com>"')
    return formataddr((name, address))


def key_256(text: str) -> bytes:
    """32 random bytes, in base64."""
    try:
        key = b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ValueError("32 random bytes in base64, as `openssl rand -base64 32` prints")
    return key


def blob_place(text: str) -> Path | Bucket:
    """A folder, or ``s3://bucket/prefix?endpoint=https://host&region=name``."""
    if not text.startswith("s3://"):
        return path(text)
    expected = "a folder, or an address such as s3://bucket/prefix?endpoint=https://s3.example.com&region=eu-1"
    try:
        parts = urlsplit(text)
        options = parse_qs(parts.query, strict_parsing=bool(parts.query))
        endpoint, region = options.pop("endpoint", [None])[0], options.pop("region", ["us-east-1"])[0]
        target = urlsplit(endpoint or "https://s3.amazonaws.com")
    except ValueError:
        raise ValueError(expected) from None
    if (
        not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", parts.netloc)
        or options
        or not target.hostname
        or "@" in target.netloc
    ):
        raise ValueError(expected)
    if target.scheme != "https" and not (target.scheme == "http" and is_loopback(target.hostname)):
        raise ValueError("an address whose endpoint is https, because the store is on another machine")
    return Bucket(parts.netloc, parts.path.strip("/"), endpoint, region)


def days(text: str) -> int:
    """A number of days."""
    return int(_number(text, 1, 3650, "a number of days from 1 to 3650"))


def mebibytes(text: str) -> int:
    """MiB, returned as bytes."""
    return int(_number(text, 1, 1 << 20, "a number of MiB from 1 to 1048576")) << 20


def local_address(text: str) -> ListenAddress:
    """``host:port``, for what must not face the world."""
    name, _, number = text.rpartition(":")
    try:
        return ListenAddress(host(name.strip("[]")), port(number))
    except ValueError:
        raise ValueError("an address and a port such as 127.0.0.1:9464") from None


def is_loopback(name: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    return _is_address(name) and ipaddress.ip_address(name).is_loopback


def _allowed_host(text: str) -> Allowed:
    expected = "a list of hosts such as login.example.com,idp.example.com:8443"
    try:
        parts = urlsplit(f"//{text}")
        name, number = parts.hostname or "", parts.port or 443
    except ValueError:
        raise ValueError(expected) from None
    if parts.netloc != text or "@" in text or not (_HOST_NAME.fullmatch(name) or _is_address(name)):
        raise ValueError(expected)
    return Allowed(name, number)


def _database_hosts(parts: SplitResult) -> list[str]:
    """Every host a client may try: in the query string, which wins, or several in the address."""
    given = parse_qs(parts.query)
    listed = [*given.get("host", []), *given.get("hostaddr", []), parts.netloc.rpartition("@")[2]]
    names = [part.strip() for value in listed for part in value.split(",")]
    return [re.sub(r":\d+$", "", name).strip("[]") for name in names if name and not name.startswith(":")]


def _is_local(name: str) -> bool:
    return name.startswith(("/", "%2F", "%2f")) or is_loopback(name)


def _is_address(name: str) -> bool:
    try:
        _ = ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _number(text: str, low: int, high: int, expected: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not low <= int(text) <= high:
        raise ValueError(expected)
    return int(text)
