"""What holds for every page of the service, those of modules too. A new page is in here by itself."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, Response

from tests.support.browser import Screen, axe
from tests.support.pages import SitePage, Visitors, site_pages
from tests.support.recorder import Recorder
from tests.support.service import Service

LANGUAGES = ("en", "nl", "fr", "de")
PHONE = 360
HEAVIEST = 60_000
"""Bytes of a first visit: the page and all that it loads, with headers, nothing being in the cache."""

pytestmark = pytest.mark.parametrize("site_page", site_pages(), ids=str)


@pytest_asyncio.fixture(scope="session")
async def visitors(service: Service) -> AsyncIterator[Visitors]:
    """A session for each kind of person, opened once."""
    async with Visitors.of(service) as visitors:
        yield visitors


@pytest_asyncio.fixture
async def answer(page: Page, visitors: Visitors, site_page: SitePage, screen: Screen) -> Response:
    """The page's answer, after it is shown."""
    await visitors.become(site_page.viewer, page.context)
    answer = await page.goto(await visitors.address(site_page, screen.language))
    assert answer
    assert answer.status == site_page.status
    assert page.url == answer.request.url
    return answer


async def test_it_is_light_and_accessible(answer: Response, page: Page, recorder: Recorder) -> None:
    await page.wait_for_load_state("networkidle")
    sizes = [await request.sizes() for request in recorder.requests]
    assert sum(size["responseHeadersSize"] + size["responseBodySize"] for size in sizes) < HEAVIEST
    assert await axe(page) == []


@pytest.mark.parametrize("screen", [Screen(width=PHONE)], ids=str)
async def test_it_fits_a_phone(answer: Response, page: Page) -> None:
    assert await page.evaluate("document.scrollingElement.scrollWidth") <= PHONE


@pytest.mark.slow
@pytest.mark.parametrize("screen", [Screen(language=language, scheme="dark") for language in LANGUAGES], ids=str)
async def test_it_is_accessible_in_the_dark_in_every_language(answer: Response, page: Page, screen: Screen) -> None:
    assert await page.evaluate("document.documentElement.lang") == screen.language
    assert await axe(page) == []
