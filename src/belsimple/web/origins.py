"""Whose request is it: the Host it asks for, and the site whose page caused it."""

from belsimple.web.exchange import Exchange
from belsimple.web.problems import CrossOrigin, Misdirected
from belsimple.web.settings import WebSettings

_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_SAFE = frozenset(("GET", "HEAD"))
_OURS = frozenset((b"same-origin", b"none"))
_BROWSER = (b"sec-fetch-mode", b"sec-fetch-dest", b"sec-ch-ua", b"referer", b"upgrade-insecure-requests")


class Origins:
    """What counts as this service."""

    def __init__(self, settings: WebSettings) -> None:
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        names = (host, *_LOOPBACK) if settings.loopback else (host,)
        self._hosts = frozenset(name.encode("ascii") for name in names)
        port = "" if settings.port == 443 else f":{settings.port}"
        self._origins = frozenset(f"https://{name}{port}".encode("ascii") for name in names)

    def check_host(self, exchange: Exchange) -> None:
        """Raises Misdirected for a Host that is not ours: DNS rebinding, poisoned caches and links (ASVS 5.0, 4.1.1)."""
        name = exchange.headers.get(b"host", b"")
        if name in self._hosts:
            return
        host, colon, port = name.rpartition(b":")
        if not (colon and port.isdigit() and host.lower() in self._hosts) and name.lower() not in self._hosts:
            raise Misdirected

    def check_origin(self, exchange: Exchange) -> None:
        """Raises CrossOrigin when another site's page caused a change (ASVS 5.0, 3.5.1).

        A browser tells by Sec-Fetch-Site, an older one by Origin. What sends neither is no browser and carries no
        person's cookie by itself; it passes unless something else gives a browser away.
        """
        if exchange.method in _SAFE:
            return
        headers = exchange.headers
        origin = headers.get(b"origin")
        if origin == b"null":
            raise CrossOrigin  # a sandboxed frame or a redirect across sites
        site = headers.get(b"sec-fetch-site")
        if site in _OURS or (origin is not None and origin in self._origins):
            return
        if site is not None or origin is not None or _looks_like_a_browser(exchange):
            raise CrossOrigin


def _looks_like_a_browser(exchange: Exchange) -> bool:
    headers = exchange.headers
    return any(name in headers for name in _BROWSER) or headers.get(b"user-agent", b"").startswith(b"Mozilla/")
