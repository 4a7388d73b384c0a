"""The console from signing in to signing out in a browser that runs no script."""

import pytest
from playwright.async_api import Page, expect

from tests.support.browser import Screen
from tests.support.dossiers import unique
from tests.support.service import Service


@pytest.mark.parametrize("screen", [Screen(scripts=False)], ids=str)
async def test_a_day_of_an_owner(page: Page, service: Service) -> None:
    tenant = service.demo["tenants"][0]
    owner = next(account for account in tenant["accounts"] if account["role"] == "owner")
    await page.goto(f"/t/{tenant['slug']}")
    await page.get_by_label("E-mail address").fill(owner["email"])
    await page.get_by_label("Password").fill(owner["password"])
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("heading", name="Dossiers", level=1)).to_be_visible()

    title = unique("Without scripts")
    await page.get_by_role("link", name="New dossier").click()
    await page.get_by_label("Title").fill(title)
    await page.get_by_role("button", name="Make the dossier").click()
    await expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()

    await page.locator("#file").set_input_files({"name": "Deed.txt", "mimeType": "text/plain", "buffer": b"We agree."})
    await page.get_by_role("button", name="Upload", exact=True).click()
    await expect(page.get_by_role("status")).to_contain_text("Everything is uploaded.")
    await page.get_by_role("link", name="Deed.txt", exact=True).click()
    await expect(page.get_by_role("region", name="The text of “Deed.txt”")).to_have_text("We agree.")

    await page.goto("/settings/members?search=maes")
    await page.get_by_role("link", name="Frank Maes").click()
    for wanted in (True, False):
        await page.get_by_label("Trainee").set_checked(wanted)
        await page.get_by_role("button", name="Save the roles").click()
        await expect(page.get_by_role("status")).to_contain_text("The roles are saved.")
        await expect(page.get_by_label("Trainee")).to_be_checked(checked=wanted)

    await page.goto(f"/dossiers?search={title.replace(' ', '+')}")
    await page.get_by_role("link", name=title).click()
    await page.get_by_role("link", name="Delete…").click()
    await page.get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("The dossier is deleted.")).to_be_visible()

    await page.locator("details.account summary").click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await page.goto("/dossiers")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
