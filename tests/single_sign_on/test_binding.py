"""A sign-in belongs to one browser, one provider, one version of it, and is good once."""

from typing import Any

from yarl import URL

from tests.support.identity_provider import Company


async def test_another_browser_cannot_use_a_return(company: Company) -> None:
    async with company.browser() as browser, company.browser() as thief:
        back = await browser.meet(await browser.set_off(), "sub-anna")
        assert (await thief.get(back)).status == 401
        await thief.set_off()
        assert (await thief.get(back)).status == 502
        assert await thief.me() is None
        await browser.get(back)
        assert await browser.me() is not None


async def test_a_return_is_good_once(company: Company) -> None:
    async with company.browser() as browser:
        back = await browser.meet(await browser.set_off(), "sub-anna")
        await browser.get(back)
        me = await browser.me()
        assert (await browser.get(back)).status == 401
        assert await browser.me() == me


async def test_the_answer_names_its_issuer(company: Company) -> None:
    async with company.browser() as browser:
        for change in ({"iss": "https://evil.example"}, None):
            back = await browser.meet(await browser.set_off(), "sub-anna")
            query = {name: value for name, value in back.query.items() if name != "iss"}
            answer = await browser.get(back.with_query({**query, **(change or {})}))
            assert answer.status == 403
            assert "says that it comes from another issuer" in browser.said
            assert await browser.me() is None


async def test_one_providers_return_is_not_anothers(company: Company, own_company: Company) -> None:
    async with company.browser() as browser:
        back = await browser.meet(await browser.set_off(), "sub-anna")
        elsewhere = URL(str(back).replace(company.provider, own_company.provider))
        assert (await browser.get(elsewhere)).status == 401
        assert await browser.me() is None


async def test_a_provider_that_was_switched_off_meanwhile_lets_nobody_in_and_ends_whom_it_let_in(
    own_company: Company,
) -> None:
    async with own_company.browser() as before, own_company.browser() as browser:
        await before.sign_in("sub-anna")
        back = await browser.meet(await browser.set_off(), "sub-bram")
        await change(own_company, "status", "put", {"status": "disabled"})
        assert await before.me() is None
        assert (await browser.get(back)).status == 401
        await browser.post("/sign-in/provider", tenant=own_company.slug)
        assert "has no sign-in of its own" in browser.said


async def test_a_provider_that_was_changed_meanwhile_must_be_tested_anew(own_company: Company) -> None:
    async with own_company.browser() as before, own_company.browser() as browser:
        await before.sign_in("sub-anna")
        back = await browser.meet(await browser.set_off(), "sub-bram")
        changed = await change(own_company, "", "patch", {"client_id": "another"})
        assert (changed["status"], changed["tried"]) == ("draft", False)
        assert await before.me() is None
        assert (await browser.get(back)).status == 401
        assert (await change(own_company, "status", "put", {"status": "active"}, status=409))["type"].endswith(
            "provider-not-tried"
        )


async def change(company: Company, what: str, method: str, body: object, *, status: int = 200) -> Any:
    address = f"/api/v1/providers/{company.provider}"
    async with company.owner.client() as client:
        async with client.get(address) as answer:
            version = answer.headers["etag"]
        request = client.request(method, f"{address}/{what}".rstrip("/"), json=body, headers={"If-Match": version})
        async with request as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()
