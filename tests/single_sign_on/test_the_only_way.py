"""Single sign-on as the only way: nothing else opens a session, save the one owner, and that is loud."""

from base64 import b32decode
from typing import Any
from uuid import UUID

from tests.support.factors import code_of
from tests.support.identity_provider import Company


async def make_it_the_only_way(company: Company, *, only: bool = True) -> Any:
    async with company.owner.client() as client:
        async with client.get("/api/v1/me") as answer:
            owner = (await answer.json())["id"]
        async with client.get("/api/v1/tenant/provider-policy") as answer:
            version = answer.headers["etag"]
        body = {"provider_only": only, "break_glass_id": owner}
        request = client.put("/api/v1/tenant/provider-policy", json=body, headers={"If-Match": version})
        async with request as answer:
            assert answer.status == 200, await answer.text()
        return client.cookie_jar


async def test_a_password_opens_nothing_then(own_company: Company) -> None:
    owner = own_company.owner
    async with own_company.browser() as member:
        await member.sign_in("sub-anna")
        await make_it_the_only_way(own_company)
        assert await member.me() is not None  # she came by the provider
        async with own_company.browser() as browser:
            form = {"tenant": owner.slug, "email": owner.email, "password": owner.password}
            answer = await browser.post("/sign-in", **form)
            # The owner for emergencies is asked for a second factor, which nobody else's password leads to.
            assert answer.url.path in ("/sign-in/enrolment", "/sign-in/browser"), browser.said
            assert await browser.me() is None


async def test_it_needs_a_provider_in_use_and_an_owner_with_a_password(own_company: Company) -> None:
    async with own_company.owner.client() as client:
        async with client.get("/api/v1/tenant/provider-policy") as answer:
            version = answer.headers["etag"]
        for body in (
            {"provider_only": True, "break_glass_id": None},
            {"provider_only": True, "break_glass_id": str(UUID(int=1))},
        ):
            request = client.put("/api/v1/tenant/provider-policy", json=body, headers={"If-Match": version})
            async with request as answer:
                assert answer.status == 422, await answer.text()


async def test_the_owner_for_emergencies_comes_in_loudly(own_company: Company) -> None:
    owner = own_company.owner
    await make_it_the_only_way(own_company)
    async with own_company.service.client(
        headers={"User-Agent": "Mozilla/5.0 Firefox/140.0", "Origin": own_company.service.url}
    ) as client:
        body = {"tenant": owner.slug, "email": owner.email, "password": owner.password}
        async with client.post("/api/v1/session", json=body) as answer:
            assert (answer.status, (await answer.json())["pending"]) == (202, "enrolment")
        async with client.post("/api/v1/session/enrolment/totp") as answer:
            secret = b32decode((await answer.json())["secret"])
        async with client.post("/api/v1/session/enrolment", json={"code": code_of(secret)}) as answer:
            assert answer.status == 201, await answer.text()
        async with client.get("/api/v1/audit?limit=50") as answer:
            assert "break_glass_used" in {entry["action"] for entry in (await answer.json())["items"]}
    mails = own_company.service.command("mail", "list", "--json").stdout
    assert "break_glass_used" in mails
