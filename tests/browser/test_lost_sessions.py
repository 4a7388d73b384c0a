"""Nobody loses what they typed because they have to say once more who they are."""

import asyncpg
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.support.browser import Screen, carry_cookies
from tests.support.newcomers import Newcomer

LONG = "\n\n".join(f'{count}: d\'Hoop & <em>Zoë</em> + 100 % "née" Müller; 日本, a=b.' for count in range(200))

pytestmark = pytest.mark.parametrize("screen", [Screen(), Screen(scripts=False)], ids=str)


@pytest_asyncio.fixture(autouse=True)
async def signed_in(page: Page, someone: Newcomer) -> None:
    async with someone.client() as client:
        await carry_cookies(page.context, someone.service, client)


async def grow_old(someone: Newcomer) -> None:
    """The password was given a quarter of an hour ago."""
    url = someone.service.command("database", "url", "--role", "admin").stdout.strip()
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "update identity.session s set authenticated_at = now() - interval '16 minutes' from identity.account a"
            " where a.id = s.account_id and a.email = $1",
            someone.email,
        )
    finally:
        await connection.close()


async def sign_in(page: Page, someone: Newcomer, password: str) -> None:
    await page.locator("#tenant").fill(someone.slug)
    await page.locator("#email").fill(someone.email)
    await page.locator("#password").fill(password)
    await page.locator("#sign-in button.primary").click()


async def test_a_form_sent_after_the_session_ended_goes_on(page: Page, someone: Newcomer, screen: Screen) -> None:
    await page.goto("/dossiers/new")
    await page.get_by_label("Title").fill("What <must> not & cannot be lost")
    await page.get_by_label("Notes").fill(LONG)
    await someone.end_sessions()
    await page.get_by_role("button", name="Make the dossier").click()
    await expect(page.get_by_role("alert")).to_contain_text("What you typed is kept.")
    await page.get_by_role("button", name="Français").click()
    await sign_in(page, someone, "a wrong one, by mistake")
    await page.get_by_role("button", name="English").click()
    await sign_in(page, someone, someone.password)
    await page.get_by_role("button", name="Go on").click()
    await page.get_by_role("link", name="Edit").click()
    await expect(page.get_by_label("Title")).to_have_value("What <must> not & cannot be lost")
    await expect(page.get_by_label("Notes")).to_have_value(LONG)


async def test_a_form_that_wants_the_password_goes_on(page: Page, someone: Newcomer, screen: Screen) -> None:
    await page.goto("/account/email")
    await page.get_by_label("New e-mail address").fill("new+box@address.example")
    await grow_old(someone)
    await page.get_by_role("button", name="Send the two mails").click()
    await expect(page.get_by_role("heading", name="Confirm who you are")).to_be_visible()
    await page.get_by_label("Password").fill("a wrong one, by mistake")
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.locator("#password-error")).to_be_visible()
    await page.get_by_label("Password").fill(someone.password)
    await page.get_by_role("button", name="Confirm").click()
    await page.get_by_role("button", name="Go on").click()
    await expect(page.get_by_role("status")).to_contain_text("Two mails are on their way.")
    await expect(page.get_by_text("new+box@address.example")).to_be_visible()


async def test_passwords_are_not_kept_in_a_page(page: Page, someone: Newcomer, screen: Screen) -> None:
    await page.goto("/account/password")
    await page.get_by_label("Current password").fill(someone.password)
    await page.get_by_label("New password").fill("four new unrelated words")
    await someone.end_sessions()
    await page.get_by_role("button", name="Set this password").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert "four+new" not in await page.content()
    await sign_in(page, someone, someone.password)
    await expect(page.get_by_label("Current password")).to_be_visible()
