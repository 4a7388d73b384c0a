"""A browser for each session, a watched context for each test."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.support.browser import Screen, carry_cookies, launched, sign_in, visiting
from tests.support.dossiers import Dossiers
from tests.support.newcomers import Newcomer, newcomer
from tests.support.recorder import Recorder
from tests.support.service import Service

expect.set_options(timeout=20_000)  # a password is hashed on purpose slowly, and here on a machine that is busy
SignIn = Callable[..., Awaitable[None]]


@pytest_asyncio.fixture(scope="session")
async def browser(service: Service) -> AsyncIterator[Browser]:
    """One Chromium, which trusts the shared service."""
    async with launched(service) as browser:
        yield browser


@pytest.fixture
def screen() -> Screen:
    """A desk's, light and English; a test that wants another parametrizes `screen`."""
    return Screen()


@pytest_asyncio.fixture
async def visit(browser: Browser, service: Service, screen: Screen) -> AsyncIterator[tuple[BrowserContext, Recorder]]:
    """A context of one's own; what the recorder saw in it fails the test at its end."""
    async with visiting(browser, service.url, screen) as visit:
        yield visit


@pytest.fixture
def context(visit: tuple[BrowserContext, Recorder]) -> BrowserContext:
    """The context, for further pages in the same session."""
    return visit[0]


@pytest.fixture
def recorder(visit: tuple[BrowserContext, Recorder]) -> Recorder:
    """What the context did so far; `expect` names the faults that a test provokes."""
    return visit[1]


@pytest_asyncio.fixture
async def page(context: BrowserContext) -> Page:
    """A page of nobody's, without an address yet."""
    return await context.new_page()


@pytest.fixture(name="sign_in")
def bound_sign_in(service: Service) -> SignIn:
    """`await sign_in(page, "owner")`: that page's context is a demo person's from then on."""

    async def signed_in(page: Page, role: str, tenant: int = 0) -> None:
        await sign_in(page, service, role, tenant)

    return signed_in


@pytest_asyncio.fixture
async def dossiers(service: Service, context: BrowserContext) -> AsyncIterator[Dossiers]:
    """The context is a member's from then on, with dossiers of this test's own."""
    async with service.signed_in("member") as client:
        await carry_cookies(context, service, client)
        made = Dossiers(client)
        try:
            yield made
        finally:
            await made.clean_up()


@pytest_asyncio.fixture(name="someone")
async def bound_newcomer(service: Service) -> Newcomer:
    """Somebody of one's own."""
    return await newcomer(service)
