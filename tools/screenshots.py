"""`make screenshots [ARGS=FOLDER]`: every page of the service with demo data, on three screens, light and dark, as PNG files."""

import asyncio
import sys
from itertools import product
from pathlib import Path

from playwright.async_api import Browser

from tests.support.browser import Screen, launched, visiting
from tests.support.pages import SitePage, Visitors, site_pages
from tests.support.service import Service, running_service

_FOLDER = Path("build/screenshots")
_SCREENS = tuple(
    Screen(width=width, height=height, scheme=scheme)
    for (width, height), scheme in product(((360, 740), (768, 1024), (1440, 900)), ("light", "dark"))
)


def main() -> int:
    """Start a service, take the pictures, stop it. A page that breaks a rule of every page is named, and the exit code is 1."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with running_service() as service:
        faults = asyncio.run(_take(service, folder))
    print(*faults, f"The pictures are in {folder.resolve()}.", sep="\n")
    return 1 if faults else 0


async def _take(service: Service, folder: Path) -> list[str]:
    faults: list[str] = []
    async with launched(service) as browser, Visitors.of(service) as visitors:
        for page, screen in product(site_pages(), _SCREENS):
            try:
                await _take_one(browser, service, visitors, page, screen, folder / f"{page.name}-{screen}.png")
            except AssertionError as fault:
                faults.append(f"{page}: {fault}")
    return faults


async def _take_one(
    browser: Browser, service: Service, visitors: Visitors, page: SitePage, screen: Screen, file: Path
) -> None:
    async with visiting(browser, service.url, screen) as (context, _):
        await visitors.become(page.viewer, context)
        shown = await context.new_page()
        answer = await shown.goto(await visitors.address(page))
        assert answer, f"no answer at {page.path}"
        assert answer.status == page.status, f"{answer.status} instead of {page.status}"
        _ = await shown.screenshot(path=file, full_page=True)


if __name__ == "__main__":
    sys.exit(main())
