"""What the request path must be told by the process that runs it."""

from ipaddress import IPv4Network, IPv6Network

import msgspec

from belsimple.web.flood import Rate

REQUEST_SECONDS = 10.0
"""From the whole body to the answer; a session that ends meanwhile is outlived by no more than this."""


class WebSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``host`` and ``port`` are the public URL's; ``limits_key`` is the same in all processes of a service."""

    host: str
    port: int
    loopback: bool
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    limits_key: bytes
    address_rate: Rate
    account_rate: Rate
    tenant_rate: Rate
    request_seconds: float = REQUEST_SECONDS

    @property
    def origin(self) -> str:
        """The public origin, as browsers write it (RFC 6454)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}" if self.port == 443 else f"https://{host}:{self.port}"
