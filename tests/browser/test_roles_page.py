"""Roles in a browser: the matrix on a desk and on a phone, and a role's whole life."""

import secrets

import pytest
from playwright.async_api import Page, expect

from tests.support.browser import Screen, axe

from .conftest import SignIn

PHONE = Screen(width=360, height=740, scripts=False)


async def test_the_matrix_names_permission_and_role_of_every_cell(page: Page, sign_in: SignIn) -> None:
    await sign_in(page, "auditor")
    await page.goto("/settings/roles")
    table = page.get_by_role("table", name="What each role permits")
    headers = [(await one.inner_text()).split("\n")[0] for one in await table.get_by_role("columnheader").all()]
    row = table.get_by_role("row", name="Define roles")
    cells = [await one.inner_text() for one in await row.get_by_role("cell").all()]
    held = dict(zip(headers[1:], cells, strict=True))
    assert held | {"Trainee": "No"} == held
    assert (held["Owner"], held["Administrator"], held["Member"], held["Auditor"]) == ("Yes", "Yes", "No", "No")
    await expect(page.get_by_role("link", name="New role")).to_have_count(0)


@pytest.mark.parametrize("screen", [PHONE], ids=str)
async def test_a_phone_shows_one_role_at_a_time(page: Page, sign_in: SignIn) -> None:
    await sign_in(page, "owner")
    await page.goto("/settings/roles")
    await expect(page.get_by_role("table")).to_have_count(0)
    trainee = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Trainee"))
    await expect(trainee.get_by_text("See dossiers and their documents")).not_to_be_visible()
    await trainee.get_by_text("What it permits").click()
    await expect(trainee.get_by_text("See dossiers and their documents")).to_be_visible()
    await expect(trainee.get_by_text("Define roles")).to_have_count(0)


@pytest.mark.parametrize("screen", [Screen(), PHONE], ids=str)
async def test_a_role_is_copied_changed_and_deleted(page: Page, sign_in: SignIn, screen: Screen) -> None:
    name = f"Readers {secrets.token_hex(3)}"
    await sign_in(page, "owner")
    await page.goto("/settings/roles/new")
    await page.get_by_label("Begin as a copy of").select_option(label="Auditor")
    await page.get_by_role("button", name="Begin", exact=True).click()
    await expect(page.get_by_label("Read the audit trail")).to_be_checked()
    await page.get_by_label("Name of the role").fill("Trainee")
    await page.get_by_label("Read the audit trail").uncheck()
    await page.get_by_role("button", name="Make the role").click()
    await expect(page.get_by_role("alert")).to_contain_text("There is a role of this name already.")
    await expect(page.get_by_label("Read the audit trail")).not_to_be_checked()
    assert not screen.scripts or await axe(page) == []  # axe is a script itself
    await page.get_by_label("Name of the role").fill(name)
    await page.get_by_role("button", name="Make the role").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(name)
    await page.get_by_label("Define roles").check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status")).to_contain_text("The role is saved.")
    await expect(page.get_by_label("Define roles")).to_be_checked()
    await page.get_by_role("link", name="Delete").click()
    assert not screen.scripts or await axe(page) == []  # axe is a script itself
    await page.get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("status")).to_contain_text("The role is deleted.")
    await expect(page.get_by_role("link", name=name)).to_have_count(0)
