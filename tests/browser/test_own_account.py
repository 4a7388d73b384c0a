"""What people do about their own account."""

import secrets

import pytest_asyncio
from playwright.async_api import Page, expect

from tests.support.browser import carry_cookies
from tests.support.newcomers import Newcomer


@pytest_asyncio.fixture(autouse=True)
async def signed_in(page: Page, someone: Newcomer) -> None:
    async with someone.client() as client:
        await carry_cookies(page.context, someone.service, client)


async def test_the_profile_is_saved_and_speaks_the_new_language_at_once(page: Page) -> None:
    await page.goto("/account")
    await page.get_by_label("Your name").fill("Nele <b>Anders</b>")
    await page.get_by_label("Language").select_option("nl")
    await page.get_by_label("Time zone").select_option("Asia/Tokyo")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status")).to_be_visible()
    await expect(page.locator("html[lang=nl]")).to_have_count(1)
    await expect(page.locator("details.account .name")).to_have_text("Nele <b>Anders</b>")
    await expect(page.locator("#zone")).to_have_value("Asia/Tokyo")
    await expect(page.locator("#zone option:checked")).to_have_text("Tokio")


async def test_what_is_wrong_stands_beside_its_field(page: Page) -> None:
    await page.goto("/account")
    await page.locator("#name").evaluate("field => field.removeAttribute('required')")
    await page.get_by_label("Your name").fill(" ")
    await page.get_by_label("Time zone").select_option("Asia/Tokyo")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#name-error")).to_be_visible()
    await expect(page.get_by_label("Time zone")).to_have_value("Asia/Tokyo")


async def test_somebody_elses_change_is_not_overwritten(page: Page, someone: Newcomer) -> None:
    await page.goto("/account")
    async with someone.client() as client, client.patch("/api/v1/me", json={"name": "Changed elsewhere"}) as answer:
        assert answer.status == 200
    await page.get_by_label("Your name").fill("Changed here")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(page.get_by_label("Your name")).to_have_value("Changed here")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status")).to_be_visible()
    await expect(page.get_by_label("Your name")).to_have_value("Changed here")


async def test_the_password_changes_by_keyboard_and_ends_the_other_sessions(page: Page, someone: Newcomer) -> None:
    new = secrets.token_urlsafe(18)
    async with someone.client() as elsewhere:
        await page.goto("/account/password")
        await page.get_by_label("Current password").focus()
        await page.keyboard.type("not at all what it is")
        await page.keyboard.press("Tab")
        await page.keyboard.type(new)
        await page.keyboard.press("Enter")
        await expect(page.locator("#current-error")).to_be_visible()
        await page.get_by_label("Current password").focus()
        await page.keyboard.type(someone.password)
        await page.keyboard.press("Tab")
        await page.keyboard.type(new)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status")).to_contain_text("Wherever else you were signed in, you are signed out")
        async with elsewhere.get("/api/v1/me") as answer:
            assert answer.status == 401
    someone.password = new
    async with someone.client():
        pass
    await page.goto("/account/sessions")
    await expect(page.get_by_text("This one")).to_be_visible()


async def test_a_weak_password_is_refused_beside_its_field(page: Page, someone: Newcomer) -> None:
    await page.goto("/account/password")
    await page.get_by_label("Current password").fill(someone.password)
    await page.get_by_label("New password").fill("passwordpassword")
    await page.get_by_role("button", name="Set this password").click()
    await expect(page.locator("#new-error")).to_contain_text("attackers try first")


async def test_a_change_of_address_waits_for_both_mailboxes_and_can_be_cancelled(page: Page) -> None:
    await page.goto("/account/email")
    await page.get_by_label("New e-mail address").fill("new@address.example")
    await page.get_by_role("button", name="Send the two mails").click()
    await expect(page.get_by_role("status")).to_contain_text("Two mails are on their way.")
    await expect(page.get_by_text("Not yet confirmed")).to_have_count(2)
    await page.get_by_role("button", name="Cancel the change").click()
    await expect(page.get_by_role("status")).to_contain_text("You keep your address.")
    await expect(page.get_by_text("Not yet confirmed")).to_have_count(0)


async def test_sessions_end_one_by_one_or_all_but_this_one(page: Page, someone: Newcomer) -> None:
    async with someone.client() as one, someone.client() as another, someone.client() as third:
        await page.goto("/account/sessions")
        rows = page.locator("tbody tr")
        await expect(rows).to_have_count(4)
        await rows.nth(0).get_by_role("button").click()
        await expect(page.get_by_role("status")).to_have_text("The session is ended.")
        await expect(rows).to_have_count(3)
        await page.get_by_role("button", name="End all others").click()
        await expect(page.get_by_role("status")).to_have_text("All your other sessions are ended.")
        await expect(rows).to_have_count(1)
        await expect(page.get_by_role("button", name="End all others")).to_have_count(0)
        for client in (one, another, third):
            async with client.get("/api/v1/me") as answer:
                assert answer.status == 401
