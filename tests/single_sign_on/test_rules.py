"""Roles from claims: a dry run, the sign-in, and what is taken again."""

from typing import Any

from tests.support.identity_provider import Company


async def test_rules_give_and_take_roles_from_sign_in_to_sign_in(own_company: Company) -> None:
    async with own_company.owner.client() as owner:
        async with owner.get("/api/v1/roles") as answer:
            roles = {role["name"]: role["id"] for role in (await answer.json())["items"]}
        rules = [{"claim": "groups", "value": "staff", "role_id": roles["member"]}]
        address = f"/api/v1/providers/{own_company.provider}"
        async with owner.post(f"{address}/rules/trial", json={"rules": rules}) as answer:
            tried = (await answer.json())["items"]
        assert tried[0]["claims"]["groups"] == ["staff"]
        assert tried[0]["role_ids"] == [roles["member"]]
        await put_rules(owner, address, rules, [roles["auditor"]])
        async with own_company.browser() as browser:
            await browser.sign_in("sub-anna")
            assert sorted((await browser.me())["roles"]) == ["auditor", "member"]
        await put_rules(owner, address, [{**rules[0], "value": "boss"}], [])
        async with own_company.browser() as browser:
            await browser.sign_in("sub-anna")
            assert (await browser.me())["roles"] == ["auditor"]  # the member's was by a rule, the auditor's was hers


async def put_rules(owner: Any, address: str, rules: list[dict[str, str]], role_ids: list[str]) -> None:
    async with owner.get(address) as answer:
        version = answer.headers["etag"]
    body = {"rules": rules, "role_ids": role_ids, "makes_accounts": True}
    async with owner.put(f"{address}/rules", json=body, headers={"If-Match": version}) as answer:
        assert answer.status == 200, await answer.text()


async def test_the_last_owner_stays_one(own_company: Company) -> None:
    async with own_company.owner.client() as owner:
        async with owner.get("/api/v1/roles") as answer:
            roles = {role["name"]: role["id"] for role in (await answer.json())["items"]}
        address = f"/api/v1/providers/{own_company.provider}"
        await put_rules(owner, address, [{"claim": "groups", "value": "nobody", "role_id": roles["owner"]}], [])
    async with own_company.browser() as browser:
        me = own_company.owner
        await browser.post("/sign-in", tenant=me.slug, email=me.email, password=me.password)
        await browser.post(f"/account/providers/{own_company.provider}/link")
        await browser.get(await browser.meet(browser.onward(), "sub-anna"))
    async with own_company.browser() as browser:
        await browser.sign_in("sub-anna")
        assert (await browser.me())["roles"] == ["owner"]
