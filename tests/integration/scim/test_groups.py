"""Groups over SCIM, and the roles that they mean."""

from typing import Any
from uuid import UUID

import pytest

from belsimple.scim import connections
from tests.support.directory import Directory
from tests.support.factors import role_id
from tests.support.world import refused


async def members(directory: Directory, group: Any) -> set[str]:
    answer = await directory("GET", f"/Groups/{group['id']}")
    return {one["value"] for one in answer.json.get("members", [])}


async def roles(directory: Directory, user: Any) -> list[str]:
    rows = await directory.world.observe(
        "select r.name from access.assignment a join access.role r on r.tenant_id = a.tenant_id and r.id = a.role_id where a.account_id = $1::uuid order by r.name",
        user["id"],
    )
    return [row[0] for row in rows]


async def test_a_group_is_made_changed_and_removed(directory: Directory) -> None:
    jan, piet = await directory.user("jan"), await directory.user("piet")
    group = await directory.group("Clerks", jan)
    path = f"/Groups/{group['id']}"
    assert group["members"] == [
        {
            "value": jan["id"],
            "type": "User",
            "$ref": f"https://localhost/scim/v2/Users/{jan['id']}",
        }
    ]
    assert (await directory("GET", f"/Users/{jan['id']}")).json["groups"][0]["display"] == "Clerks"
    assert (
        await directory.patch(path, {"op": "Add", "path": "members", "value": [{"value": piet["id"]}]})
    ).status == 200
    assert await members(directory, group) == {jan["id"], piet["id"]}
    await directory.patch(path, {"op": "Remove", "path": f'members[value eq "{jan["id"]}"]'})
    assert await members(directory, group) == {piet["id"]}
    renamed = await directory.patch(path, {"op": "replace", "value": {"id": group["id"], "displayName": "Notaries"}})
    assert renamed.json["displayName"] == "Notaries"
    without = await directory("GET", f"{path}?excludedAttributes=members")
    assert "members" not in without.json
    [found] = (await directory("GET", '/Groups?filter=displayName+eq+"notaries"')).json["Resources"]
    assert found["id"] == group["id"]
    listed = await directory("POST", "/Groups/.search", {"filter": f'members.value eq "{piet["id"]}"'})
    assert listed.json["totalResults"] == 1
    replaced = await directory("PUT", path, {"displayName": "Notaries", "members": [{"value": jan["id"]}]})
    assert {one["value"] for one in replaced.json["members"]} == {jan["id"]}
    assert (await directory("DELETE", path)).status == 204
    assert (await directory("GET", path)).status == 404
    assert "groups" not in (await directory("GET", f"/Users/{jan['id']}")).json


async def test_nothing_is_written_of_what_did_not_change(directory: Directory) -> None:
    jan = await directory.user("jan")
    group = await directory.group("Clerks", jan)
    trail = len(await directory.world.trail())
    sent = {"displayName": "Clerks", "externalId": "ext-Clerks", "members": [{"value": jan["id"]}]}
    same = await directory("PUT", f"/Groups/{group['id']}", sent)
    added = await directory.patch(
        f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": jan["id"]}]}
    )
    assert same.json == added.json == group
    assert len(await directory.world.trail()) == trail


@pytest.mark.parametrize("value", ["not-an-id", "00000000-0000-0000-0000-000000000001"])
async def test_a_member_is_a_user_of_the_connection(directory: Directory, value: str) -> None:
    answer = await directory("POST", "/Groups", {"displayName": "Clerks", "members": [{"value": value}]})
    assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")
    owner = {"displayName": "Clerks", "members": [{"value": str(directory.world.owner.id)}]}
    assert (await directory("POST", "/Groups", owner)).status == 400


async def test_two_groups_have_no_name_in_common(directory: Directory) -> None:
    await directory.group("Clerks")
    answer = await directory("POST", "/Groups", {"displayName": "clerks"})
    assert (answer.status, answer.json["scimType"]) == (409, "uniqueness")


async def test_a_group_without_a_role_means_nothing(directory: Directory) -> None:
    jan = await directory.user("jan")
    await directory.group("Owners", jan)
    assert await roles(directory, jan) == []


async def test_who_is_in_a_mapped_group_holds_its_role(directory: Directory) -> None:
    jan, piet = await directory.user("jan"), await directory.user("piet")
    group = await directory.group("Clerks", jan)
    await directory.map_group(group, await role_id(directory.world, "member"))
    assert (await roles(directory, jan), await roles(directory, piet)) == (["member"], [])
    path = f"/Groups/{group['id']}"
    await directory.patch(path, {"op": "add", "path": "members", "value": [{"value": piet["id"]}]})
    await directory.patch(path, {"op": "remove", "path": f'members[value eq "{jan["id"]}"]'})
    assert (await roles(directory, jan), await roles(directory, piet)) == ([], ["member"])
    await directory.map_group(group, await role_id(directory.world, "auditor"))
    assert await roles(directory, piet) == ["auditor"]
    await directory("DELETE", path)
    assert await roles(directory, piet) == []


async def test_two_groups_may_give_one_role(directory: Directory) -> None:
    jan = await directory.user("jan")
    first, second = await directory.group("Clerks", jan), await directory.group("Staff", jan)
    member = await role_id(directory.world, "member")
    await directory.map_group(first, member)
    await directory.map_group(second, member)
    await directory("DELETE", f"/Groups/{first['id']}")
    assert await roles(directory, jan) == ["member"]
    await directory("DELETE", f"/Users/{jan['id']}")
    assert await roles(directory, jan) == []


async def test_a_dry_run_says_what_the_mapping_then_does(directory: Directory) -> None:
    jan, piet = await directory.user("jan"), await directory.user("piet")
    group, other = await directory.group("Clerks", jan), await directory.group("Auditors", piet)
    member, auditor = await role_id(directory.world, "member"), await role_id(directory.world, "auditor")
    await directory.map_group(other, auditor)

    async def tried(role: UUID | None) -> set[tuple[str, str, bool]]:
        async with directory.world.acting() as inside:
            changes = await connections.try_mapping(
                inside, connection_id=directory.connection, group_id=UUID(group["id"]), role_id=role
            )
        return {(str(one.account_id), one.role, one.gains) for one in changes}

    assert await tried(member) == {(jan["id"], "member", True)}
    assert await roles(directory, jan) == []
    await directory.map_group(group, member)
    assert await tried(auditor) == {(jan["id"], "auditor", True), (jan["id"], "member", False)}
    assert await tried(None) == {(jan["id"], "member", False)}
    await directory.map_group(group, None)
    assert await roles(directory, jan) == []
    assert await roles(directory, piet) == ["auditor"]


async def test_nobody_hands_out_by_a_group_what_they_do_not_hold(directory: Directory) -> None:
    group = await directory.group("Owners", await directory.user("jan"))
    admin = await directory.world.account("admin")
    with refused("BS403"):
        await directory.map_group(group, await role_id(directory.world, "owner"), admin)
    await directory.map_group(group, await role_id(directory.world, "owner"))
    with refused("BS403"):  # nor takes it away
        await directory.map_group(group, None, admin)
    with refused("BS403"):  # nor gets a token with which they could join
        async with directory.world.acting(admin) as inside:
            await connections.renew_token(inside, connection_id=directory.connection)


async def test_the_last_owner_stays_in_a_group(directory: Directory) -> None:
    world = directory.world
    jan = await directory.user("jan")
    group = await directory.group("Owners", jan)
    owner = await role_id(world, "owner")
    await directory.map_group(group, owner)
    async with world.installed.superuser() as admin, admin.transaction():
        await admin.execute("set local session_replication_role = replica")
        await admin.execute("delete from access.assignment where account_id = $1", world.owner.id)
    answer = await directory.patch(f"/Groups/{group['id']}", {"op": "remove", "path": "members"})
    assert (answer.status, answer.json["detail"]) == (
        409,
        "A tenant keeps at least one active owner. Appoint another owner first.",
    )
    assert await members(directory, group) == {jan["id"]}
    assert await roles(directory, jan) == ["owner"]
