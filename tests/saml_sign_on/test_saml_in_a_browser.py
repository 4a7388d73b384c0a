"""SAML in a browser against pysaml2's provider: set up by an owner, first and second sign-in, out both ways, certificates rolled over."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast
from uuid import UUID

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.support.browser import Screen, axe, carry_cookies, launched, visiting
from tests.support.newcomers import Newcomer, newcomer
from tests.support.recorder import Recorder
from tests.support.saml_company import SamlCompany
from tests.support.saml_identity_provider import SamlIdentityProvider
from tests.support.service import Service

expect.set_options(timeout=20_000)
PICTURES = Path("build/screenshots/saml")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser(saml_service: Service, peer: SamlIdentityProvider) -> AsyncIterator[Browser]:
    async with launched(saml_service, cast("Service", peer)) as browser:  # an address with a certificate, too
        yield browser


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest_asyncio.fixture
async def visit(
    browser: Browser, saml_service: Service, peer: SamlIdentityProvider, screen: Screen
) -> AsyncIterator[tuple[BrowserContext, Recorder]]:
    async with visiting(browser, saml_service.url, screen) as (context, recorder):
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


async def become(page: Page, service: Service, owner: Newcomer) -> None:
    async with owner.client(await page.evaluate("navigator.userAgent")) as client:
        await carry_cookies(page.context, service, client)


async def at_the_provider(page: Page, person: str) -> None:
    await page.locator("input[name=login]").fill(person)
    await page.locator("button[type=submit]").click()


@pytest_asyncio.fixture(name="company", scope="module", loop_scope="session")
async def company_of_the_browser(browser: Browser, saml_service: Service, peer: SamlIdentityProvider) -> SamlCompany:
    """Set up on the pages by its owner: metadata from their address, looked at, saved, tested, switched on."""
    owner = await newcomer(saml_service)
    async with visiting(browser, saml_service.url, Screen()) as (context, recorder):
        recorder.expect(rf"^host: {peer.url}/")
        page = await context.new_page()
        await become(page, saml_service, owner)
        await page.goto("/settings/single-sign-on")
        await page.get_by_role("link", name="Add a SAML provider").click()
        await page.get_by_label("Name").fill("Brouwer")
        await page.get_by_role("button", name="Add a SAML provider").click()
        await page.wait_for_url("**/metadata")
        provider = page.url.split("/")[-2]
        async with owner.client() as client, client.get(f"/sso/{provider}/metadata") as answer:
            await peer.register(await answer.read())
        await page.get_by_label("Address of its metadata").fill(peer.metadata_address)
        await page.get_by_role("button", name="Look at them").click()
        await expect(page.get_by_role("heading", name="What the metadata would change")).to_be_visible()
        await picture(page, "preview")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Test the sign-in as it stands now.")).to_be_visible()
        await page.get_by_role("button", name="Test the sign-in").click()
        await at_the_provider(page, "anna")
        await expect(page.get_by_text("It worked")).to_be_visible()
        await page.get_by_text("What the provider said").click()
        await expect(page.get_by_text("anna@brouwer.example").first).to_be_visible()
        await picture(page, "tested")
        await page.get_by_role("button", name="Switch on").click()
        await expect(page.get_by_text("In use")).to_be_visible()
        await context.clear_cookies()
    made = SamlCompany(saml_service, owner, provider)
    async with owner.client() as client, client.post("/api/v1/domains", json={"name": "brouwer.example"}) as answer:
        domain = UUID((await answer.json())["id"])
    await made.as_worker("select identity.note_domain_look($1, true)", domain)
    return made


async def by_the_button(page: Page, where: SamlCompany, person: str | None) -> None:
    await page.goto(f"/t/{where.slug}")
    await page.get_by_role("button", name="Sign in with your organisation's account").click()
    if person is not None:
        await at_the_provider(page, person)


async def signed_in(page: Page, name: str = "Anna Peeters") -> None:
    await page.wait_for_url("**/start")  # without a role there is nothing to see yet
    await expect(page.get_by_text(name).first).to_be_visible()


async def sign_out(page: Page) -> None:
    await page.locator("details.account summary").click()
    await page.get_by_role("button", name="Sign out").click()


async def test_the_first_time_the_second_time_and_out(page: Page, company: SamlCompany) -> None:
    await by_the_button(page, company, "anna")
    await signed_in(page)
    await page.context.clear_cookies(domain="localhost")
    await by_the_button(page, company, None)  # the provider remembers her
    await signed_in(page)

    await sign_out(page)
    await page.wait_for_url(f"{company.service.url}/")  # by way of the provider
    await by_the_button(page, company, None)
    await expect(page.get_by_role("heading", name="Sign in at the peer")).to_be_visible()


async def test_signing_out_at_the_provider_signs_out_here(
    page: Page, company: SamlCompany, peer: SamlIdentityProvider
) -> None:
    await by_the_button(page, company, "bram")
    await signed_in(page, "Bram Claes")
    await page.goto(f"{peer.url}/logout")
    await expect(page.get_by_role("heading", name="Signed out everywhere")).to_be_visible()
    await page.goto("/account")
    await expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()


async def test_whoever_does_not_come_in_is_told_why(page: Page, company: SamlCompany) -> None:
    await by_the_button(page, company, "member")
    await expect(page.get_by_role("alert")).to_contain_text("not of a domain that the organisation has proven")
    await picture(page, "failed")


async def test_certificates_are_rolled_over_without_a_failed_sign_in(
    browser: Browser, company: SamlCompany, peer: SamlIdentityProvider
) -> None:
    """The provider announces another certificate, its admin here reads the metadata anew, the provider changes its key."""

    async def comes_in() -> None:
        async with visiting(browser, company.service.url, Screen()) as (context, recorder):
            recorder.expect(rf"^host: {peer.url}/")
            page = await context.new_page()
            await by_the_button(page, company, "anna")
            await signed_in(page)
            await context.clear_cookies()

    async def read_anew(page: Page, said: str) -> None:
        await page.goto(f"/settings/saml-providers/{company.provider}/metadata")
        await page.get_by_label("Address of its metadata").fill(peer.metadata_address)
        await page.get_by_role("button", name="Look at them").click()
        await expect(page.get_by_role("rowheader", name="Certificates")).to_be_visible()
        await picture(page, f"certificates-{said}")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("In use")).to_be_visible()

    async with visiting(browser, company.service.url, Screen()) as (context, recorder):
        recorder.expect(rf"^host: {peer.url}/")
        under_way, admin = await context.new_page(), await context.new_page()
        await comes_in()
        await peer.be(announced=True)
        await by_the_button(under_way, company, None)
        await become(admin, company.service, company.owner)
        await read_anew(admin, "announced")
        await comes_in()
        await peer.be(rotated=True)
        await at_the_provider(under_way, "bram")  # set off before the new certificate was known, signed with it
        await signed_in(under_way, "Bram Claes")
        await comes_in()
        await context.clear_cookies()
    assert not [one["reason"] for one in (await company.attempts()) if one["reason"] not in (None, "foreign_address")]


async def test_encrypted_assertions_and_signed_responses_come_in(
    page: Page, company: SamlCompany, peer: SamlIdentityProvider
) -> None:
    await peer.be(encrypts=True, signs_response=True)
    try:
        await by_the_button(page, company, "anna")
        await signed_in(page)
    finally:
        await peer.be(encrypts=False, signs_response=False)


@pytest.mark.parametrize("screen", [Screen(), Screen(scripts=False)], ids=["scripts", "no scripts"])
async def test_a_request_goes_by_a_form_too(
    page: Page, company: SamlCompany, peer: SamlIdentityProvider, screen: Screen
) -> None:
    await company.change(sign_on_address=f"{peer.url}/sso/redirect", sign_on_binding="redirect")
    await company.change(sign_on_address=f"{peer.url}/sso/post", sign_on_binding="post")  # to be tested anew
    await become(page, company.service, company.owner)
    await page.goto(f"/settings/providers/{company.provider}")
    await page.get_by_role("button", name="Test the sign-in").click()
    if not screen.scripts:
        await picture_of_the_button(page)
        await page.get_by_role("button", name="Go on").click()
    await at_the_provider(page, "anna")
    if not screen.scripts:
        await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_text("It worked").first).to_be_visible()
    await page.get_by_role("button", name="Switch on").click()
    await expect(page.get_by_text("In use")).to_be_visible()


async def picture_of_the_button(page: Page) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=PICTURES / "by-a-form.png", full_page=True)


async def test_a_sign_in_that_began_there_asks_first(
    page: Page, company: SamlCompany, peer: SamlIdentityProvider
) -> None:
    await page.goto(f"{peer.url}/initiated")
    await at_the_provider(page, "anna")
    await expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()  # not allowed: nothing happened
    await company.change(idp_initiated=True)
    await page.goto(f"{peer.url}/initiated")
    await expect(page.get_by_role("heading", name=f"Sign in to {company.slug}?")).to_be_visible()
    await picture(page, "begun-there")
    await page.get_by_role("button", name="Sign in").click()
    await signed_in(page)
