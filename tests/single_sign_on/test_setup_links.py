"""A setup link: for whoever runs the provider and has no account here. Once, for a draft, and nothing is switched on by it."""

from typing import Any

import aiohttp

from tests.support.identity_provider import Company
from tests.support.newcomers import newcomer


async def _draft(client: aiohttp.ClientSession) -> tuple[str, str]:
    async with client.post("/api/v1/providers", json={"name": "Second"}) as answer:
        made = await answer.json()
    address = f"/api/v1/providers/{made['id']}"
    async with client.post(f"{address}/setup", headers={"If-Match": '"1"'}) as answer:
        assert answer.status == 201, await answer.text()
        return address, str((await answer.json())["path"])


async def _sent(client: aiohttp.ClientSession, link: str, **more: str) -> int:
    form = {"token": link.partition("token=")[2], "issuer": "https://idp.example", "client_id": "us", **more}
    async with client.post("/sso/setup", data=form) as answer:
        return answer.status


async def test_it_fills_the_draft_in_once(company: Company) -> None:
    someone = await newcomer(company.service)
    async with someone.client() as owner, company.service.client() as stranger:
        address, link = await _draft(owner)
        async with stranger.get(link) as answer:
            page = await answer.text()
            assert answer.status == 200
            assert f"/sso/{address.rpartition('/')[2]}/return" in page
        assert await _sent(stranger, link, issuer="http://idp.example") == 422
        assert await _sent(stranger, link, client_secret="secret") == 200
        async with owner.get(address) as answer:
            shown: dict[str, Any] = await answer.json()
        assert (shown["issuer"], shown["status"], shown["tried"], shown["has_secret"]) == (
            "https://idp.example",
            "draft",
            False,
            True,
        )
        assert await _sent(stranger, link, issuer="https://evil.example") == 404
        async with stranger.get(link) as answer:
            assert answer.status == 404


async def test_a_new_link_ends_the_one_before(company: Company) -> None:
    someone = await newcomer(company.service)
    async with someone.client() as owner, company.service.client() as stranger:
        address, first = await _draft(owner)
        async with owner.post(f"{address}/setup", headers={"If-Match": '"1"'}) as answer:
            second = str((await answer.json())["path"])
        assert await _sent(stranger, first) == 404
        assert await _sent(stranger, second) == 200


async def test_a_provider_in_use_cannot_be_handed_over(company: Company) -> None:
    address = f"/api/v1/providers/{company.provider}"
    async with company.owner.client() as owner:
        async with owner.get(address) as answer:
            version = answer.headers["etag"]
        async with owner.post(f"{address}/setup", headers={"If-Match": version}) as answer:
            assert answer.status == 409
