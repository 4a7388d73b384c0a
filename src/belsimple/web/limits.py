"""Rate limits of sensitive endpoints: named, declared on the endpoint, exact across processes.

Each is a GCRA (generic cell rate algorithm) kept by the database in an unlogged table; see flood.py for the general
guard that each process keeps in its own memory. (ASVS 5.0, 6.3.1 and 2.4.1.)
"""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

import msgspec

from belsimple.web.inputs import Caller

Subject = Callable[[Caller, msgspec.Struct | None], str]


@dataclass(frozen=True, kw_only=True)
class Limit:
    """At most ``times`` in ``seconds`` for one subject, of which ``burst`` may come at once."""

    name: str
    times: int
    seconds: int
    burst: int
    subject: Subject

    @property
    def every_us(self) -> int:
        """Microseconds that one request uses up."""
        return self.seconds * 1_000_000 // self.times


def network_of(address: str) -> str:
    """The address, or the /64 of an IPv6 address: one customer of a provider has a whole /64 to come from."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped) if parsed.ipv4_mapped else f"{IPv6Address(int(parsed) >> 64 << 64)}/64"


def by_address(caller: Caller, _body: msgspec.Struct | None) -> str:
    """Subject: the client's address."""
    return network_of(caller.address)


def by_session(caller: Caller, _body: msgspec.Struct | None) -> str:
    """Subject: the session presented; with none, the address."""
    return caller.token.hex() if caller.token else network_of(caller.address)


@dataclass(frozen=True)
class ByFields:
    """Subject: these text fields of the body, case-folded, so that ``A@x`` and ``a@x`` are counted together."""

    names: tuple[str, ...]

    def __call__(self, _caller: Caller, body: msgspec.Struct | None) -> str:
        """The fields' values as one text."""
        values = [str(getattr(body, name)).strip().casefold() for name in self.names]
        return msgspec.json.encode(values).decode()  # not joined: no separator may move from one value to the next


@dataclass(frozen=True)
class ByFieldsAndAddress(ByFields):
    """The same, counted for each address apart."""

    def __call__(self, caller: Caller, body: msgspec.Struct | None) -> str:
        """The fields' values and the address as one text."""
        return f"{super().__call__(caller, body)}|{network_of(caller.address)}"


def by_fields_and_address(*names: str) -> ByFieldsAndAddress:
    """Subject: these text fields of the body, from this address."""
    return ByFieldsAndAddress(names)


def by_fields(*names: str) -> ByFields:
    """Subject: these text fields of the body, which the endpoint's body must have."""
    return ByFields(names)
