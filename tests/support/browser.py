"""A real browser: Debian's Chromium, driven by Playwright, with contexts that a recorder watches."""

import base64
import hashlib
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from yarl import URL

from .recorder import Recorder
from .service import Service

_ARGUMENTS = (
    "--no-sandbox",  # the tests may run as root, whom Chromium's sandbox refuses; it loads nothing but our own pages
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_AXE_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_RUN_AXE = "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})"


@dataclass(frozen=True)
class Screen:
    """What a person reads on; the size in CSS pixels."""

    width: int = 1440
    height: int = 900
    scheme: Literal["light", "dark"] = "light"
    language: str = "en"
    scripts: bool = True

    def __str__(self) -> str:
        return f"{self.width}-{self.scheme}-{self.language}" + ("" if self.scripts else "-without-scripts")


@asynccontextmanager
async def launched(*services: Service) -> AsyncIterator[Browser]:
    """A Chromium that takes these services' certificates for good, and no other that the machine does not know."""
    program = shutil.which("chromium")
    assert program, "the browser's tests need the package chromium: apt-get install chromium"
    keys = ",".join(_served_key(service) for service in services)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program, args=[*_ARGUMENTS, f"--ignore-certificate-errors-spki-list={keys}"]
        )
        yield browser
        await browser.close()


@asynccontextmanager
async def visiting(browser: Browser, url: str, screen: Screen) -> AsyncIterator[tuple[BrowserContext, Recorder]]:
    """A fresh context for the site at `url`, with nothing kept from another; its recorder has the last word."""
    context = await browser.new_context(
        base_url=url,
        viewport={"width": screen.width, "height": screen.height},
        color_scheme=screen.scheme,
        locale=screen.language,
        java_script_enabled=screen.scripts,
        reduced_motion="reduce",  # a colour half-way through a transition is no colour of the page
        service_workers="block",  # what they fetch would pass the recorder by
    )
    try:
        recorder = Recorder(url)
        await recorder.watch(context)
        yield context, recorder
        await recorder.conclude(context)
    finally:
        await context.close()


async def sign_in(page: Page, service: Service, role: str, tenant: int = 0) -> None:
    """Give the page's context a new session of a demo person; role "operator" is the operator."""
    async with service.operator_signed_in() if role == "operator" else service.signed_in(role, tenant) as client:
        await carry_cookies(page.context, service, client)


async def carry_cookies(context: BrowserContext, service: Service, client: Any) -> None:
    """Give a context the cookies of an API client."""
    for name, cookie in client.cookie_jar.filter_cookies(URL(service.url)).items():
        await context.add_cookies(
            [
                {
                    "name": name,
                    "value": cookie.value,
                    "url": service.url,
                    "httpOnly": True,
                    "secure": True,
                    "sameSite": "Lax",
                }
            ]
        )


async def axe(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA and good practice; one line for each element."""
    await page.evaluate((resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    result = await page.evaluate(_RUN_AXE, _AXE_RULES)
    return [
        f"{violation['id']} ({violation['impact']}): {violation['help']}: {' '.join(map(str, node['target']))}: "
        f"{node['html'][:200]}: {' '.join(node['failureSummary'].split())}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]


def _served_key(service: Service) -> str:
    address = urlsplit(service.url)
    certificate = load_pem_x509_certificate(
        ssl.get_server_certificate((address.hostname or "", service.port), timeout=10).encode()
    )
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()
