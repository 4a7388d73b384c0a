"""A person makes a token for a program, sees it once, and ends it."""

import pytest_asyncio
from playwright.async_api import Page, expect

from tests.support.browser import carry_cookies
from tests.support.newcomers import Newcomer


@pytest_asyncio.fixture(autouse=True)
async def signed_in(page: Page, someone: Newcomer) -> None:
    async with someone.client() as client:
        await carry_cookies(page.context, someone.service, client)


async def test_a_token_is_made_shown_once_used_and_ended(page: Page, someone: Newcomer) -> None:
    await page.goto("/account")
    await page.get_by_role("link", name="API tokens").click()
    await page.get_by_role("link", name="New token").click()
    await page.get_by_label("Name").fill("Nightly export")
    await page.locator("input[value='dossiers:read']").check()
    await page.get_by_role("button", name="Make the token").click()
    token = await page.locator("pre code").first.inner_text()
    assert token.startswith("bel_")
    assert await _status(someone, token, "GET") == 200
    assert await _status(someone, token, "POST") == 403

    await page.get_by_role("link", name="I have copied it").click()
    await expect(page.locator("tbody tr")).to_have_count(1)
    assert token not in await page.content()
    await page.get_by_role("button", name="End the token Nightly export").click()
    await expect(page.get_by_role("status")).to_contain_text("No program can use it any more.")
    await expect(page.get_by_text("No tokens yet")).to_be_visible()
    assert await _status(someone, token, "GET") == 401


async def test_a_token_for_nothing_is_refused_beside_its_field(page: Page) -> None:
    await page.goto("/account/tokens/new")
    await page.get_by_label("Name").fill("Nothing")
    await page.get_by_role("button", name="Make the token").click()
    await expect(page.locator("#scopes-error")).to_be_visible()
    await expect(page.get_by_label("Name")).to_have_value("Nothing")


async def _status(someone: Newcomer, token: str, method: str) -> int:
    headers = {"authorization": f"Bearer {token}"}
    json = {"title": "By a program"} if method == "POST" else None
    async with (
        someone.service.client() as client,
        client.request(method, "/api/v1/dossiers", json=json, headers=headers) as answer,
    ):
        return answer.status
