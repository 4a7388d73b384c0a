"""People and invitations in a browser: inviting, withdrawing, letting go and taking back."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.support.browser import Screen, axe
from tests.support.service import Service

from .conftest import SignIn

WITHOUT_SCRIPTS = Screen(width=360, height=740, scripts=False)


async def test_somebody_is_invited_and_the_invitation_is_withdrawn(page: Page, sign_in: SignIn) -> None:
    await sign_in(page, "owner")
    await page.goto("/settings/members")
    await page.get_by_role("link", name="Invite somebody").click()
    await page.get_by_label("E-mail address").fill("Gert@North.example")
    await page.get_by_label("Trainee").check()
    await page.get_by_label("Language of the mail").select_option("fr")
    await page.get_by_role("button", name="Send the invitation").click()
    await expect(page.get_by_role("status")).to_contain_text("The invitation is on its way.")
    row = page.get_by_role("row", name="gert@north.example")
    await expect(row).to_contain_text("Trainee")
    await expect(row).to_contain_text("An Peeters")
    await row.get_by_role("link", name="Withdraw").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("gert@north.example")
    await page.get_by_role("button", name="Withdraw").click()
    await expect(page.get_by_role("status")).to_contain_text("The invitation is withdrawn.")
    await expect(page.get_by_text("gert@north.example")).to_have_count(0)


@pytest.mark.parametrize("screen", [Screen(), WITHOUT_SCRIPTS], ids=str)
async def test_somebody_comes_back_and_it_is_undone(page: Page, sign_in: SignIn) -> None:
    await sign_in(page, "admin")
    await page.goto("/settings/members?search=maes")
    await page.get_by_role("link", name="Frank Maes").click()
    await page.get_by_role("button", name="Reactivate").click()
    await expect(page.get_by_role("status")).to_contain_text("The account is active again.")
    await expect(page.get_by_role("button", name="Deactivate")).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("status")).to_contain_text("The account is deactivated")
    await expect(page.get_by_role("button", name="Reactivate")).to_be_visible()


@pytest.mark.parametrize("screen", [WITHOUT_SCRIPTS], ids=str)
async def test_roles_change_without_scripts(page: Page, sign_in: SignIn) -> None:
    await sign_in(page, "owner")
    await page.goto("/settings/members?search=maes")
    await page.get_by_role("link", name="Frank Maes").click()
    for wanted in (True, False):
        await page.get_by_label("Trainee").set_checked(wanted)
        await page.get_by_role("button", name="Save the roles").click()
        await expect(page.get_by_role("status")).to_contain_text("The roles are saved.")
        await expect(page.get_by_label("Trainee")).to_be_checked(checked=wanted)
    await expect(page.get_by_label("Member")).to_be_checked()


async def test_the_last_owner_is_told_beside_the_form_by_keyboard(
    page: Page, sign_in: SignIn, service: Service
) -> None:
    await sign_in(page, "owner", 1)
    await page.goto("/settings/members?search=owner")
    await page.get_by_role("link", name="An Peeters").focus()
    await page.keyboard.press("Enter")
    await page.get_by_label("Owner").focus()
    await page.keyboard.press("Space")
    await page.get_by_role("button", name="Save the roles").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("A tenant keeps at least one active owner.")
    await expect(page.get_by_label("Owner")).not_to_be_checked()  # as it was sent
    await expect(page).to_have_url(re.compile(rf"{re.escape(service.url)}/settings/members/[0-9a-f-]+"))
    assert await axe(page) == []
