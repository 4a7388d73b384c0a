"""Parsers for the values of settings: each returns the checked value or raises `ValueError` saying what is expected."""

import ipaddress
import os
import re
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal, TypeAlias, cast, get_args
from urllib.parse import SplitResult, parse_qs, urlsplit

import msgspec

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


def is_loopback(name: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    return _is_address(name) and ipaddress.ip_address(name).is_loopback


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
