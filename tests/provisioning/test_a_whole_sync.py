"""A directory syncs all of its people, twice: everybody is here after the first, and the second changes nothing."""

import json
from typing import Any

import pytest

from tests.support.provisioned import Provisioned, answered, provisioned
from tests.support.service import Service, running_service
from tests.support.sync import Sync


async def state(made: Provisioned) -> tuple[Any, dict[str, str]]:
    """The newest entry of the trail that provisioning wrote, and the version of each user and group."""
    versions: dict[str, str] = {}
    async with made.client() as client:
        for kind in ("Users", "Groups"):
            start, total = 1, 1
            while start <= total:
                address = f"/scim/v2/{kind}?startIndex={start}&count=200&excludedAttributes=members"
                async with client.get(address) as answer:
                    page = json.loads(await answer.text())
                total, start = page["totalResults"], start + 200
                versions |= {
                    one["id"]: one["meta"]["version"] + one["meta"]["lastModified"] for one in page["Resources"]
                }
    async with made.owner.client() as owner:
        trail = await answered(owner.get("/api/v1/audit?limit=200"))
    return next(one for one in trail["items"] if one["source"] == "scim"), versions


async def synced_twice(service: Service, users: int, groups: int) -> None:
    made = await provisioned(service)
    async with made.client() as client:
        first = Sync(made, client)
        took = await first.run(users, groups)
        before = await state(made)
        second = Sync(made, client)
        again = await second.run(users, groups)
    assert await state(made) == before
    assert len(before[1]) == users + groups
    assert first.users == second.users
    print(  # noqa: T201 - the figures are what this run is for
        f"\n{users} users, {groups} groups: first {took:.1f} s ({users / took:.0f} users/s, {first.requests / took:.0f} requests/s, "
        f"{first.waits} waits), second {again:.1f} s ({second.requests / again:.0f} requests/s, {second.waits} waits)"
    )


async def test_a_second_sync_changes_nothing(service: Service) -> None:
    await synced_twice(service, 200, 10)


@pytest.mark.slow
async def test_ten_thousand_users_and_two_hundred_groups() -> None:
    """With the rates as they come, not as tests have them: a first sync is not held up by them."""
    rates = {"BELSIMPLE_ADDRESS_RATE": "300", "BELSIMPLE_ACCOUNT_RATE": "100", "BELSIMPLE_TENANT_RATE": "1000"}
    with running_service(rates) as service:
        await synced_twice(service, 10_000, 200)
