"""The client's address: the connection's, unless a trusted proxy says whom it forwards for."""

from ipaddress import IPv4Network, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


class TrustedProxies:
    """Reads ``X-Forwarded-For`` from these networks only; anybody else's is ignored (ASVS 5.0, 4.1.3)."""

    def __init__(self, networks: tuple[Network, ...]) -> None:
        self._networks = networks

    def trusts(self, address: str) -> bool:
        """Whether this address is a trusted proxy's."""
        if not self._networks:
            return False
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        mapped = getattr(parsed, "ipv4_mapped", None) or parsed
        return any(mapped in network for network in self._networks)

    def client(self, peer: str, forwarded: str) -> str:
        """The right-most address that is not a trusted proxy's: what stands left of it, its client may have invented."""
        address = peer
        hops = [hop.strip() for hop in forwarded.split(",")] if forwarded else []
        while hops and self.trusts(address):
            hop = _without_port(hops.pop())
            if hop is None:
                return address
            address = hop
        return address


def _without_port(hop: str) -> str | None:
    if hop.startswith("["):
        hop = hop[1:].partition("]")[0]
    elif hop.count(":") == 1:
        hop = hop.partition(":")[0]
    try:
        parsed = ip_address(hop.partition("%")[0])  # a zone (RFC 4007) means something on the proxy alone
    except ValueError:
        return None
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
