"""The organisation's page in a browser."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.support.browser import Screen, axe

from .conftest import SignIn


@pytest.mark.parametrize("screen", [Screen(), Screen(width=360, height=740, scripts=False)], ids=str)
async def test_the_minutes_without_activity_change_and_change_back(page: Page, sign_in: SignIn) -> None:
    await sign_in(page, "owner", 1)
    await page.goto("/settings/organisation")
    minutes = page.get_by_label("Minutes without activity")
    for wanted in ("45", "30"):
        await minutes.fill(wanted)
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("status")).to_contain_text("The settings are saved.")
        await expect(minutes).to_have_value(wanted)


async def test_what_is_wrong_stands_beside_its_field(page: Page, sign_in: SignIn) -> None:
    await sign_in(page, "admin", 1)
    await page.goto("/settings/organisation")
    # A browser that checks nothing itself.
    await page.locator("form", has=page.get_by_label("Minutes in all")).evaluate("form => { form.noValidate = true }")
    await page.get_by_label("Minutes in all").fill("9999")
    await page.get_by_label("Name", exact=True).fill("")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_label("Minutes in all")).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_label("Minutes in all")).to_have_value("9999")
    await expect(page.get_by_label("Name", exact=True)).to_have_accessible_description(re.compile("Fill this in"))
    assert await axe(page) == []


async def test_it_says_how_much_is_used(page: Page, sign_in: SignIn) -> None:
    await sign_in(page, "auditor")
    await page.goto("/settings/organisation")
    await expect(page.get_by_role("meter", name="Space for documents")).to_be_visible()
    await expect(page.get_by_role("button", name="Save")).to_have_count(0)
    await page.get_by_role("link", name="Show everybody").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("People")
