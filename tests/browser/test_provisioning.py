"""An owner connects a directory, links whom it found, gives a group a role after a look, and takes the account back."""

import json
from typing import Any

import pytest_asyncio
from playwright.async_api import Page, expect

from tests.support.browser import carry_cookies
from tests.support.newcomers import Newcomer


@pytest_asyncio.fixture(autouse=True)
async def signed_in(page: Page, someone: Newcomer) -> None:
    async with someone.client() as client:
        await carry_cookies(page.context, someone.service, client)


async def test_a_directory_is_connected_and_followed(page: Page, someone: Newcomer) -> None:
    await page.goto("/settings/members")
    await page.get_by_role("link", name="Provisioning").click()
    await page.get_by_label("Name of a new connection").fill("Entra ID")
    await page.get_by_role("button", name="Connect a directory").click()
    token = await page.locator("pre code").inner_text()
    assert token.startswith("bels_")
    await page.get_by_role("link", name="I have copied it").click()
    assert token not in await page.content()

    # The directory finds the owner's own address, and waits.
    user = {"userName": someone.email, "externalId": "7", "title": "Notary"}
    assert (await _ask(someone, token, "POST", "Users", user))[0] == 409
    await page.reload()
    await page.get_by_role("button", name=f"Link {someone.email}").click()
    await expect(page.get_by_role("status")).to_contain_text("The account is the directory's now.")
    status, made = await _ask(someone, token, "POST", "Users", user)
    assert status == 201
    members = [{"value": made["id"]}]
    assert (await _ask(someone, token, "POST", "Groups", {"displayName": "Auditors", "members": members}))[0] == 201

    await page.reload()
    await page.get_by_role("link", name="Auditors").click()
    await page.get_by_label("Role").select_option(label="Auditor")
    await page.get_by_role("button", name="Try it first").click()
    row = page.locator("tbody tr")
    await expect(row).to_contain_text("gains")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status")).to_contain_text("The group is saved.")

    await page.get_by_role("link", name="Entra ID").click()
    await page.get_by_role("button", name="Switch off").click()
    assert (await _ask(someone, token, "GET", "Users"))[0] == 401
    await page.get_by_role("link", name="Edit").click()
    await page.get_by_label("Networks").fill("nonsense")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#networks-error")).to_be_visible()

    await page.goto(f"/settings/members/{made['id']}/directory")
    await page.get_by_role("button", name="Detach").click()
    await expect(page.get_by_role("status")).to_contain_text("The account is yours again")


async def _ask(someone: Newcomer, token: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    headers = {"authorization": f"Bearer {token}"}
    async with (
        someone.service.client(headers=headers) as client,
        client.request(method, f"/scim/v2/{path}", json=body) as answer,
    ):
        return answer.status, json.loads(await answer.text())
