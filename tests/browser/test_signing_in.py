"""Signing in and out, as people do it."""

import asyncio
import re

import pytest
from playwright.async_api import Page, expect

from tests.support.browser import Screen
from tests.support.newcomers import Newcomer, invited_owner
from tests.support.service import Service

WRONG = "this is not my password"
REFUSAL = "The organisation, the e-mail address or the password is not right."
WITH_AND_WITHOUT_SCRIPTS = pytest.mark.parametrize("screen", [Screen(), Screen(scripts=False)], ids=str)


async def give(page: Page, someone: Newcomer, password: str | None = None) -> None:
    """Fill in the form and send it."""
    await page.get_by_label("Organisation").fill(someone.slug)
    await page.get_by_label("E-mail address").fill(someone.email)
    await page.get_by_label("Password").fill(password or someone.password)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def post(service: Service, someone: Newcomer, tenant: str) -> tuple[int, str]:
    """The answer to the form with a wrong password, without what is another each time."""
    form = {"tenant": tenant, "email": someone.email, "password": WRONG}
    async with (
        service.client() as client,
        client.post("/sign-in", data=form, headers={"Sec-Fetch-Site": "same-origin"}) as answer,
    ):
        return answer.status, (await answer.text()).replace(tenant, "").replace(someone.slug, "")


async def test_by_keyboard_from_the_tenants_own_address(page: Page, someone: Newcomer) -> None:
    await page.goto(f"/t/{someone.slug}")
    await page.keyboard.type(someone.email)
    await page.keyboard.press("Tab")
    await page.keyboard.type(someone.password)
    await page.keyboard.press("Enter")
    await expect(page.locator("details.account")).to_be_visible()
    await page.locator("details.account summary").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Sign out")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await page.goto("/account")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_a_refusal_is_one_sentence_and_keeps_what_was_typed(page: Page, someone: Newcomer) -> None:
    await page.goto("/account/sessions")
    assert "next=" in page.url
    await give(page, someone, WRONG)
    await expect(page.get_by_role("alert")).to_have_text(REFUSAL)
    await expect(page.get_by_label("Organisation")).to_have_value(someone.slug)
    await expect(page.get_by_label("E-mail address")).to_have_value(someone.email)
    await expect(page.get_by_label("Password")).to_be_empty()
    await expect(page.get_by_label("Password")).to_be_focused()
    await page.keyboard.type(someone.password)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Where you are signed in")).to_be_visible()


@WITH_AND_WITHOUT_SCRIPTS
async def test_another_language_keeps_what_was_typed(page: Page, someone: Newcomer, screen: Screen) -> None:
    await page.goto(f"/t/{someone.slug}?next=/account/sessions")
    await page.locator("#email").fill(someone.email)
    await page.get_by_role("button", name="Nederlands").click()
    await expect(page.locator("html[lang=nl]")).to_have_count(1)
    await expect(page.locator("[role=alert]")).to_have_count(0)
    await expect(page.locator("#tenant")).to_have_value(someone.slug)
    await expect(page.locator("#email")).to_have_value(someone.email)
    await page.locator("#password").fill(someone.password)
    await page.locator("#sign-in button.primary").click()
    await expect(page).to_have_url(re.compile("/account/sessions$"))


async def test_a_link_leads_to_no_other_site(page: Page, someone: Newcomer) -> None:
    await page.goto("/?next=//evil.example/")
    await give(page, someone)
    await expect(page.locator("details.account")).to_be_visible()
    await page.goto("/?next=https://evil.example/")
    assert page.url.startswith(someone.service.url)
    await expect(page.locator("details.account")).to_be_visible()


async def test_a_suspended_tenant_is_refused_like_a_wrong_password(service: Service, someone: Newcomer) -> None:
    refused = await post(service, someone, someone.slug)
    assert refused[0] == 401
    suspended = await asyncio.to_thread(service.command, "tenant", "suspend", someone.slug)
    assert suspended.returncode == 0, suspended.stderr
    assert await post(service, someone, someone.slug) == refused
    assert await post(service, someone, "nobody-has-this-name") == refused


async def test_too_many_attempts_are_told_how_long_to_wait(page: Page, service: Service, someone: Newcomer) -> None:
    while (await post(service, someone, someone.slug))[0] != 429:
        pass
    await page.goto(f"/t/{someone.slug}")
    await give(page, someone)
    await expect(page.get_by_role("alert")).to_contain_text(re.compile(r"Try again in \d+ seconds?\."))
    await expect(page.get_by_label("E-mail address")).to_have_value(someone.email)


async def test_signing_out_of_a_session_that_has_ended_is_signing_out(page: Page, someone: Newcomer) -> None:
    await page.goto(f"/t/{someone.slug}")
    await give(page, someone)
    await someone.end_sessions()
    await page.locator("details.account summary").click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await expect(page.get_by_role("alert")).to_have_count(0)


@WITH_AND_WITHOUT_SCRIPTS
async def test_an_invitation_leads_to_the_tenants_own_address(page: Page, service: Service, screen: Screen) -> None:
    slug, link = await asyncio.to_thread(invited_owner, service)
    await page.goto(link)
    await page.get_by_label("Your name").fill("Nele Nieuw")
    await page.get_by_label("Password").fill(slug * 2)
    await page.get_by_role("button", name="Deutsch").click()
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_label("Your name")).to_have_value("Nele Nieuw")
    await page.get_by_label("Password").fill(f"four words of {slug}")
    await page.get_by_role("button", name="Make my account").click()
    await page.get_by_role("link", name="Sign in").click()
    await expect(page).to_have_url(re.compile(f"/t/{slug}$"))
    await expect(page.get_by_label("Organisation")).to_have_value(slug)
    await page.get_by_label("E-mail address").fill(f"owner@{slug}.example")
    await page.get_by_label("Password").fill(f"four words of {slug}")
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.locator("details.account")).to_contain_text("Nele Nieuw")
