"""Where a request may go: what an address means, and which addresses of the internet are everybody's."""

import ipaddress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final, TypeAlias

import msgspec
from yarl import URL

from belsimple.language import marked as _
from belsimple.outbound.trouble import OutboundTrouble

Address: TypeAlias = IPv4Address | IPv6Address
MAX_URL: Final = 2000

# Beside what Python takes for not global, whose list is as old as its release (RFC 6890 and IANA's special-purpose registries).
_NOT_PUBLIC_4: Final = tuple(map(IPv4Network, ("192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "224.0.0.0/3")))
_UNICAST_6: Final = IPv6Network("2000::/3")
_NOT_PUBLIC_6: Final = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
_NAT64: Final = IPv6Network("64:ff9b::/96")


class Allowed(msgspec.Struct, frozen=True):
    """A host and port that the operator named: it may have a private address, for an identity provider inside its own network."""

    host: str
    port: int


class Place(msgspec.Struct, frozen=True):
    """Where a request goes. `url` is what the client is given: one parser decides what an address means."""

    url: URL
    host: str
    port: int


def place_of(address: str | URL) -> Place:
    """Where an address points. Raises OutboundTrouble for anything but ``https://host[:port]/...``."""
    try:
        url = URL(address)
        host, port = (url.raw_host or "").rstrip(".").lower(), url.port
    except ValueError:
        raise _no_address() from None
    if url.scheme != "https":
        raise OutboundTrouble("scheme", _("The address must begin with https://."))
    # Names and passwords in an address deceive whoever reads it.
    if not host or not port or url.user or url.password or url.fragment or len(str(url)) > MAX_URL:
        raise _no_address()
    return Place(url, host, port)


def is_public(address: Address) -> bool:
    """Whether an address is one that anybody on the internet could have. What wraps another address counts as that one."""
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _NOT_PUBLIC_4)
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    return address in _UNICAST_6 and address.is_global and not any(address in network for network in _NOT_PUBLIC_6)


def is_metadata(address: Address) -> bool:
    """Whether it is where clouds tell a machine its credentials, or a neighbour on the wire: refused even where a name is allowed."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_link_local or address == IPv6Address("fd00:ec2::254")


def parsed(text: str) -> Address:
    """An address as the resolver says it."""
    return ipaddress.ip_address(text)


def _no_address() -> OutboundTrouble:
    return OutboundTrouble("address", _("This is not an address such as https://login.example.com."))
