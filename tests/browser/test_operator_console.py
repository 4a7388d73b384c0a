"""The operator's console in a browser: from the invitation's link to signing out, with scripts and without."""

import secrets
from urllib.parse import urlsplit

import msgspec
import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.support.browser import Screen
from tests.support.service import Service

from .conftest import SignIn

PASSWORD = "four unrelated words here"
BOTH = pytest.mark.parametrize("screen", [Screen(), Screen(width=360, scripts=False)], ids=str)


def invited(service: Service, role: str) -> tuple[str, str]:
    """Address and link of somebody invited by command."""
    email = f"{role}-{secrets.token_hex(3)}@operator.example"
    done = service.command("operator", "invite", email, "--role", role, "--json")
    assert done.returncode == 0, done.stderr
    link = urlsplit(msgspec.json.decode(done.stdout)["link"])
    return email, f"{link.path}?{link.query}"


async def set_up(page: Page, service: Service, role: str) -> str:
    """Accept an invitation and sign in, by keyboard; returns the address."""
    email, link = invited(service, role)
    await page.goto(link)
    await page.get_by_label("Your name").fill("Anna Claes")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_label("Password").press("Enter")
    await page.get_by_role("link", name="Sign in").press("Enter")
    await page.get_by_label("E-mail address").press_sequentially(email)
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("The service at a glance")
    return email


def notice(page: Page, text: str):
    return page.get_by_role("status").filter(has_text=text)


@BOTH
async def test_a_tenant_is_made_suspended_and_let_in_again(page: Page, service: Service) -> None:
    await set_up(page, service, "platform")
    slug = f"made-{secrets.token_hex(3)}"
    await page.get_by_role("navigation", name="Main menu").get_by_role("link", name="Tenants").click()
    await page.get_by_role("link", name="New tenant").click()
    await page.get_by_label("Full name").fill("Made & Co")
    await page.get_by_label("Short name").fill("Not good")
    await page.get_by_label("E-mail address of the first owner").fill(f"owner@{slug}.example")
    await page.get_by_role("button", name="Make the tenant").click()
    await expect(page.get_by_label("Short name")).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_label("Full name")).to_have_value("Made & Co")
    await page.get_by_label("Short name").fill(slug)
    await page.get_by_role("button", name="Make the tenant").click()
    await expect(notice(page, "The tenant is made.")).to_be_visible()

    await page.get_by_role("link", name="Suspend this tenant").click()
    await page.get_by_label("Reason").fill("Unpaid")
    await page.get_by_role("button", name="Suspend this tenant").click()
    await expect(notice(page, "The tenant is suspended.")).to_be_visible()
    await expect(page.get_by_text("Unpaid")).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(notice(page, "The tenant is active again.")).to_be_visible()

    await page.get_by_label("Quota in megabytes").fill("250")
    await page.get_by_role("button", name="Set the quota").click()
    await expect(page.get_by_text("of 250 MB")).to_be_visible()


async def test_a_colleague_is_invited_and_the_invitation_taken_back(page: Page, service: Service) -> None:
    await set_up(page, service, "platform")
    colleague = invited(service, "support")[0]
    await page.goto("/operator/staff")
    row = page.get_by_role("row").filter(has_text=colleague)
    await row.get_by_role("button", name="Take back").click()
    await expect(notice(page, "The invitation is taken back.")).to_be_visible()
    await expect(row).to_have_count(0)
    await page.get_by_role("link", name="Invite an operator").click()
    await page.get_by_label("E-mail address").fill(colleague)
    await page.get_by_label("Role").select_option("Security")
    await page.get_by_role("button", name="Invite").click()
    await expect(row).to_contain_text("Security")


async def test_deactivating_has_an_undo(page: Page, context: BrowserContext, service: Service) -> None:
    email = await set_up(page, service, "support")
    await expect(page.get_by_role("navigation", name="Main menu").get_by_role("link", name="Trail")).to_have_count(0)
    await page.goto("/operator/trail")
    await expect(page.get_by_role("heading", level=1)).to_have_text("You are not allowed to do this.")
    await context.clear_cookies()
    await set_up(page, service, "platform")
    await page.goto("/operator/staff?limit=200")
    await page.get_by_role("row").filter(has_text=email).get_by_role("link").click()
    await page.get_by_role("button", name="Deactivate").click()
    await expect(notice(page, "The operator is deactivated.")).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(notice(page, "The operator may sign in again.")).to_be_visible()


@BOTH
async def test_what_was_typed_waits_for_a_session_that_ended(
    page: Page, context: BrowserContext, service: Service
) -> None:
    email = await set_up(page, service, "platform")
    await page.goto("/operator/account")
    await page.get_by_label("Your name").fill("Anna Peeters")
    await context.clear_cookies()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Your session has ended.")).to_be_visible()
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("button", name="Go on").click()
    await expect(notice(page, "Your account is saved.")).to_be_visible()
    await expect(page.get_by_label("Your name")).to_have_value("Anna Peeters")


@BOTH
async def test_the_own_language_and_signing_out(page: Page, service: Service, sign_in: SignIn) -> None:
    await set_up(page, service, "security")
    await page.goto("/operator/account")
    await page.get_by_label("Language of pages and mails").select_option("Deutsch")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("html")).to_have_attribute("lang", "de")
    await page.locator("summary").first.click()
    await page.locator('form[action="/operator/sign-out"] button').click()
    await expect(page).to_have_url(f"{service.url}/operator/")
    await sign_in(page, "owner")  # a tenant's session opens nothing here
    await page.goto("/operator/tenants")
    assert urlsplit(page.url).path == "/operator/"
