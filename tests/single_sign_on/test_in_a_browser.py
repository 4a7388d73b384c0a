"""Single sign-on in a browser: set up by its owner, first and second sign-in, out both ways, the only way with its exception."""

import re
from base64 import b32decode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast
from urllib.parse import quote

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.support.browser import Screen, axe, carry_cookies, launched, visiting
from tests.support.factors import code_of
from tests.support.identity_provider import Company, IdentityProvider, company
from tests.support.recorder import Recorder
from tests.support.service import Service

expect.set_options(timeout=20_000)
PICTURES = Path("build/screenshots/single-sign-on")


@pytest_asyncio.fixture(scope="session")
async def browser(sso_service: Service, peer: IdentityProvider, company: Company) -> AsyncIterator[Browser]:
    async with launched(sso_service, cast("Service", peer)) as browser:  # an address with a certificate, too
        yield browser


@pytest_asyncio.fixture
async def visit(
    browser: Browser, sso_service: Service, peer: IdentityProvider
) -> AsyncIterator[tuple[BrowserContext, Recorder]]:
    async with visiting(browser, sso_service.url, Screen()) as (context, recorder):
        recorder.expect(rf"^host: {peer.url}/")
        yield context, recorder
        await context.clear_cookies(domain="127.0.0.1")  # the provider's own


@pytest_asyncio.fixture
async def page(visit: tuple[BrowserContext, Recorder]) -> Page:
    return await visit[0].new_page()


async def picture(page: Page, name: str) -> None:
    """Seen by whoever looks at build/screenshots, and by axe."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
    assert await axe(page) == []


async def by_the_button(page: Page, where: Company, person: str | None) -> None:
    await page.goto(f"/t/{where.slug}")
    await page.get_by_role("button", name="Sign in with your organisation's account").click()
    if person is not None:
        await page.get_by_role("button", name=person).click()
    await page.wait_for_url(f"{where.service.url}/**")


async def test_the_first_time_the_second_time_and_out(page: Page, company: Company) -> None:
    await page.goto(f"/t/{company.slug}")
    await picture(page, "sign-in")
    await by_the_button(page, company, "Anna Peeters")
    await expect(page.get_by_text("Anna Peeters").first).to_be_visible()
    await page.goto("/account/providers")
    await picture(page, "own-providers")

    await page.context.clear_cookies(name=re.compile("^__Host"))
    await by_the_button(page, company, None)  # the provider remembers her
    await expect(page.get_by_text("Anna Peeters").first).to_be_visible()

    await page.locator("details.account summary").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("button", name="Yes, sign me out").click()
    await page.wait_for_url(f"{company.service.url}/")
    await page.get_by_label("Organisation").fill(company.slug)
    await page.get_by_role("button", name="Sign in with your organisation's account").click()
    await expect(page.get_by_role("heading", name="Who are you?")).to_be_visible()


async def test_signing_out_at_the_provider_signs_out_here(page: Page, company: Company) -> None:
    await by_the_button(page, company, "Bram Claes")
    await page.goto(f"{company.peer.url}/session/end?client_id={quote(f'client-{company.provider}')}")
    await page.get_by_role("button", name="Yes, sign me out").click()
    await page.wait_for_load_state()
    await page.goto("/account")
    await expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()


async def test_whoever_does_not_come_in_is_told_why(page: Page, company: Company) -> None:
    await by_the_button(page, company, "Mallory")
    await expect(page.get_by_role("alert")).to_contain_text("not of a domain that the organisation has proven")
    await picture(page, "failed")


async def test_an_owner_makes_it_the_only_way_and_comes_in_without_it(
    page: Page, sso_service: Service, peer: IdentityProvider
) -> None:
    where = await company(sso_service, peer)
    async with where.owner.client(await page.evaluate("navigator.userAgent")) as client:
        await carry_cookies(page.context, sso_service, client)
    await page.goto("/settings/single-sign-on")
    await picture(page, "settings")
    await page.get_by_role("link", name="Brouwer").click()
    await picture(page, "provider")
    await page.get_by_role("link", name="Accounts and roles").click()
    await picture(page, "rules")
    await page.get_by_label("Value").fill("staff")
    await page.get_by_label("Role", exact=True).select_option(label="Member")
    await page.get_by_role("button", name="Try it first").click()
    await expect(page.get_by_text("With the new rule, which is not saved.")).to_be_visible()
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_text("The rules are saved.")).to_be_visible()

    await page.goto("/settings/single-sign-on")
    await page.get_by_label("Everybody signs in by an identity provider").check()
    await page.get_by_label("The owner for emergencies").select_option(index=1)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("The rules of single sign-on are saved.")).to_be_visible()

    await page.context.clear_cookies()
    await by_the_button(page, where, "Anna Peeters")
    await expect(page.get_by_text("Anna Peeters").first).to_be_visible()
    await page.context.clear_cookies()
    await page.goto(f"/t/{where.slug}")
    await page.get_by_label("E-mail address").fill(where.owner.email)
    await page.get_by_label("Password").fill(where.owner.password)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.get_by_role("button", name="Use an app").click()
    secret = b32decode(await page.locator(".secret code").inner_text())
    await picture(page, "emergency")
    await page.get_by_role("textbox", name="Code", exact=True).fill(code_of(secret))
    await page.get_by_role("button", name="Confirm").click()
    await page.get_by_role("link", name="I have kept them").click()
    await page.wait_for_url("**/dossiers")
