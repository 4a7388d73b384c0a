"""Whether the service answers, asked the way its clients do: over TLS, on its own port."""

import asyncio
import ipaddress
import ssl
import time
from collections.abc import Callable, Iterable
from typing import Final

import aiohttp

from belsimple.errors import OperatorError
from belsimple.server import tls
from belsimple.server.children import Child
from belsimple.server.settings import Settings

_PATIENCE_SECONDS: Final = 60.0
_TOO_MANY_STARTS: Final = 6


def local_url(settings: Settings) -> str:
    """The service's address as reached from this machine, whatever its public one."""
    host = settings.host
    if ipaddress.ip_address(host).is_unspecified:
        host = "::1" if ":" in host else "127.0.0.1"
    return f"https://[{host}]:{settings.port}" if ":" in host else f"https://{host}:{settings.port}"


def pinned_context(settings: Settings) -> ssl.SSLContext:
    """Trusts the very certificate that is served, and no other: an operator's may come from an authority unknown here."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.check_hostname = False  # the certificate is known, so its names prove nothing more
    context.load_verify_locations(tls.served_files(settings.data).certificate)
    return context


async def wait_until_ready(settings: Settings, children: Callable[[], Iterable[Child]]) -> None:
    """Return when `/readyz` answers 200. Raises `OperatorError` when a part keeps ending, or nothing answers in time."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    timeout, headers = aiohttp.ClientTimeout(total=5), {"Host": str(settings.url).removeprefix("https://")}
    async with aiohttp.ClientSession(timeout=timeout, headers=headers) as client:
        while not await _answers(client, f"{local_url(settings)}/readyz", pinned_context(settings)):
            ending = [child.name for child in children() if child.starts >= _TOO_MANY_STARTS]
            if ending or time.monotonic() > deadline:
                what = f"Part {ending[0]} keeps ending" if ending else "The service does not answer"
                raise OperatorError(what, "The log lines above say why.")
            await asyncio.sleep(0.05)


async def _answers(client: aiohttp.ClientSession, url: str, context: ssl.SSLContext) -> bool:
    try:
        async with client.get(url, ssl=context) as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False
