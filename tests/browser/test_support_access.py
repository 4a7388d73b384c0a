"""An owner lets an operator in; the operator goes in, everybody sees it, and the owner ends it."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.support.browser import Screen, carry_cookies, visiting
from tests.support.newcomers import Newcomer
from tests.support.service import Service

REASON = "The export of March fails"


@pytest_asyncio.fixture
async def owner(page: Page, someone: Newcomer) -> Page:
    async with someone.client() as client:
        await carry_cookies(page.context, someone.service, client)
    return page


@pytest_asyncio.fixture
async def operator(browser: Browser, service: Service) -> AsyncIterator[Page]:
    async with (
        visiting(browser, service.url, Screen()) as (context, _),
        service.operator_signed_in() as client,
    ):
        await carry_cookies(context, service, client)
        yield await context.new_page()


async def test_an_operator_is_let_in_seen_by_everybody_and_put_out(
    owner: Page, operator: Page, service: Service
) -> None:
    await owner.goto("/settings/support")
    await owner.get_by_role("link", name="Let an operator in").click()
    await owner.get_by_label("E-mail address of the operator").fill(service.demo["operator"]["email"])
    await owner.get_by_label("Reason").fill(REASON)
    await owner.get_by_role("button", name="Let in").click()
    await expect(owner.get_by_role("status")).to_contain_text("The operator may come in now.")
    await expect(owner.locator("tbody tr")).to_have_count(1)

    await operator.goto("/operator/overview")
    await operator.get_by_role("navigation", name="Main menu").get_by_role("link", name="Support").click()
    row = operator.locator("tbody tr", has_text=REASON)
    await row.get_by_role("button").click()
    banner = operator.get_by_role("complementary", name="Support access")
    await expect(banner).to_contain_text("You may look, and change nothing.")
    await expect(banner).to_contain_text(REASON)
    await expect(operator.get_by_role("link", name="My account")).to_have_count(0)
    await operator.goto("/settings/members")
    await expect(banner).to_be_visible()
    await expect(operator.locator("main h1")).to_be_visible()

    await owner.goto("/dossiers")
    await expect(owner.get_by_role("complementary", name="Support access")).to_contain_text("is at work here")
    await owner.goto("/settings/audit")
    await expect(owner.locator("tbody").get_by_text("Support came in").first).to_be_visible()

    await owner.goto("/settings/support")
    await expect(owner.get_by_text("At work now")).to_be_visible()
    await owner.get_by_role("button", name="End the access of").click()
    await expect(owner.get_by_role("status")).to_contain_text("Whoever was in is out.")
    await expect(owner.get_by_text("Over", exact=True)).to_be_visible()
    await operator.goto("/dossiers")
    await expect(operator.get_by_label("Password")).to_be_visible()


async def test_an_operator_leaves_by_itself(owner: Page, operator: Page, service: Service) -> None:
    await owner.goto("/settings/support/new")
    await owner.get_by_label("E-mail address of the operator").fill(service.demo["operator"]["email"])
    await owner.get_by_label("Reason").fill(f"{REASON} again")
    await owner.get_by_label("May change things too").check()
    await owner.get_by_role("button", name="Let in").click()
    await expect(owner.get_by_role("status")).to_be_visible()
    await operator.goto("/operator/support")
    await operator.locator("tbody tr", has_text=f"{REASON} again").get_by_role("button").click()
    await expect(operator.get_by_text("You may change things.")).to_be_visible()
    await operator.get_by_role("complementary").get_by_role("button", name="Leave").click()
    await expect(operator.get_by_role("heading", name="Support access")).to_be_visible()
    await operator.goto("/dossiers")
    await expect(operator.get_by_label("Password")).to_be_visible()


async def test_an_address_of_nobody_is_refused_beside_its_field(owner: Page) -> None:
    await owner.goto("/settings/support/new")
    await owner.get_by_label("E-mail address of the operator").fill("nobody@operator.example")
    await owner.get_by_label("Reason").fill(REASON)
    await owner.get_by_role("button", name="Let in").click()
    await expect(owner.locator("#operator-error")).to_be_visible()
    await expect(owner.get_by_label("Reason")).to_have_value(REASON)
