"""The trail in a browser: found by person and kind, opened by keyboard, taken along as a file."""

import csv
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Page, expect

from tests.support.browser import Screen, axe

from .conftest import SignIn


async def test_an_entry_is_found_opened_and_followed_by_keyboard(page: Page, sign_in: SignIn) -> None:
    await sign_in(page, "auditor")
    await page.goto("/settings/audit")
    await page.get_by_label("Person").select_option(label="An Peeters (owner@demeester.example)")
    await page.get_by_label("What happened").select_option(label="Changed")
    await page.get_by_label("To what").select_option(label="Account")
    await page.get_by_role("button", name="Show", exact=True).focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/settings/audit?*")
    entry = page.get_by_role("row").filter(has_text="Frank Maes").last
    await expect(entry).to_contain_text("An Peeters")
    await entry.locator("summary").focus()
    await page.keyboard.press("Enter")
    await expect(entry.locator("del")).to_have_text("active")
    await expect(entry.locator("ins")).to_have_text("deactivated")
    assert await axe(page) == []
    await entry.get_by_role("link", name="All that happened to it").click()
    await expect(page.get_by_text("You see what happened to one object.")).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text="Created: Account")).to_contain_text("Frank Maes")


@pytest.mark.parametrize("screen", [Screen(width=360, height=740, scripts=False)], ids=str)
async def test_what_is_shown_can_be_taken_along(page: Page, sign_in: SignIn) -> None:
    await sign_in(page, "admin")
    await page.goto("/settings/audit?object_type=dossiers.dossier&action=insert&limit=200")
    shown = await page.get_by_role("row").count() - 1
    assert shown > 3
    taken = {link: await download(page, link) for link in ("CSV", "JSON lines")}
    assert len(list(csv.DictReader(StringIO(taken["CSV"])))) == shown
    entries = [msgspec.json.decode(line) for line in taken["JSON lines"].splitlines()]
    assert [(entry["object_type"], entry["action"]) for entry in entries] == [("dossiers.dossier", "insert")] * shown


async def download(page: Page, link: str) -> str:
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name=link).click()
    file = await (await waiting.value).path()
    return Path(file).read_text("utf-8")
