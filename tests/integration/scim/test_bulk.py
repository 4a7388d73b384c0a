"""Bulk requests: each operation stands or falls by itself, and may refer to what another makes."""

from typing import Any

from belsimple.scim import connections
from belsimple.scim.bulk import MAX_OPERATIONS
from tests.support.directory import Directory


async def bulk(directory: Directory, *operations: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": list(operations), **more}
    answer = await directory("POST", "/Bulk", body)
    assert answer.status == 200, answer.body
    return answer.json["Operations"]


def post(directory: Directory, name: str) -> dict[str, Any]:
    return {"method": "POST", "path": "/Users", "bulkId": name, "data": directory.person(name)}


async def test_operations_refer_to_each_other_in_any_order(directory: Directory) -> None:
    group = {"displayName": "Clerks", "members": [{"value": "bulkId:jan"}, {"value": "bulkId:piet"}]}
    done = await bulk(
        directory,
        {"method": "POST", "path": "/Groups", "bulkId": "clerks", "data": group},
        post(directory, "jan"),
        post(directory, "piet"),
        {
            "method": "patch",
            "path": "/Users/bulkId:jan",
            "data": {"Operations": [{"op": "add", "path": "title", "value": "Clerk"}]},
        },
    )
    assert {(one.get("bulkId"), one["method"], one["status"]) for one in done} == {
        ("jan", "POST", "201"),
        ("piet", "POST", "201"),
        ("clerks", "POST", "201"),
        (None, "PATCH", "200"),
    }
    location = next(one["location"] for one in done if one.get("bulkId") == "clerks")
    made = (await directory("GET", location.removeprefix("https://localhost/scim/v2"))).json
    assert len(made["members"]) == 2
    assert await directory.names('title eq "clerk"') == ["jan"]


async def test_what_fails_leaves_nothing_and_spoils_nothing(directory: Directory) -> None:
    done = await bulk(
        directory,
        post(directory, "jan"),
        {**post(directory, "again"), "data": directory.person("jan")},
        {
            "method": "POST",
            "path": "/Groups",
            "bulkId": "g",
            "data": {"displayName": "G", "members": [{"value": "bulkId:nobody"}]},
        },
        {"method": "DELETE", "path": "/Users/00000000-0000-0000-0000-000000000001"},
        {"method": "DELETE", "path": "/Users/no-id"},
        {"method": "GET", "path": "/Users/00000000-0000-0000-0000-000000000001"},
        {"method": "DELETE", "path": "/Bulk"},
        post(directory, "piet"),
    )
    assert [one["status"] for one in done] == ["201", "409", "400", "404", "404", "400", "400", "201"]
    assert done[1]["response"]["scimType"] == "uniqueness"
    assert sorted(await directory.names("userName pr")) == ["jan", "piet"]


async def test_it_stops_at_so_many_errors(directory: Directory) -> None:
    wrong = {"method": "DELETE", "path": "/Users/00000000-0000-0000-0000-000000000001"}
    done = await bulk(directory, wrong, wrong, post(directory, "jan"), failOnErrors=2)
    assert [one["status"] for one in done] == ["404", "404"]
    assert await directory.names("userName pr") == []


async def test_references_in_a_circle_end(directory: Directory) -> None:
    one = {
        "method": "POST",
        "path": "/Groups",
        "bulkId": "a",
        "data": {"displayName": "A", "members": [{"value": "bulkId:b"}]},
    }
    other = {
        "method": "POST",
        "path": "/Groups",
        "bulkId": "b",
        "data": {"displayName": "B", "members": [{"value": "bulkId:a"}]},
    }
    assert {one["status"] for one in await bulk(directory, one, other)} == {"400"}


async def test_versions_hold_in_it_too(directory: Directory) -> None:
    jan = await directory.user("jan")
    change = {"method": "DELETE", "path": f"/Users/{jan['id']}"}
    for version, status in (('W/"99"', "412"), ("nonsense", "412"), (jan["meta"]["version"], "204")):
        [done] = await bulk(directory, {**change, "version": version})
        assert done["status"] == status


async def test_it_is_bounded(directory: Directory) -> None:
    many = [{"method": "DELETE", "path": "/Users/x"}] * (MAX_OPERATIONS + 1)
    assert (await directory("POST", "/Bulk", {"Operations": many})).status == 413
    for wrong in ({}, {"Operations": "x"}, {"Operations": [5]}, {"Operations": [{"method": "POST", "path": "/Users"}]}):
        assert (await directory("POST", "/Bulk", wrong)).status == 400


async def test_an_account_that_exists_waits_here_too(directory: Directory) -> None:
    await directory.world.account("member", email=f"an@{directory.domain}")
    done = await bulk(directory, post(directory, "an"), post(directory, "jan"))
    assert [one["status"] for one in done] == ["409", "201"]
    async with directory.world.acting() as inside:
        assert len(await connections.waiting(inside, connection_id=directory.connection)) == 1
