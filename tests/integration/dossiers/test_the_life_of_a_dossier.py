"""A dossier is made, read, changed, closed, reopened and deleted; each change is in the trail."""

from tests.support.world import World

from .conftest import Make, Send

DOSSIERS = "/api/v1/dossiers"
MATCH_1 = {"if-match": '"1"'}


async def test_it_is_made_with_an_address_and_a_version(send: Send) -> None:
    made = await send("POST", DOSSIERS, {"title": "Janssens", "reference": "2026/1", "notes": "first\r\nsecond"})
    assert made.status == 201
    assert made.headers["location"] == f"{DOSSIERS}/{made.json['id']}"
    assert made.headers["etag"] == '"1"'
    read = await send("GET", made.headers["location"])
    assert (read.status, read.headers["etag"], read.json) == (200, '"1"', made.json)
    assert (read.json["notes"], read.json["status"], read.json["closed_at"]) == ("first\nsecond", "open", None)


async def test_its_makers_are_known(send: Send, make: Make, world: World) -> None:
    made = await make()
    assert made["created_by"] == made["updated_by"] == str(world.owner.id)


async def test_only_what_is_sent_changes(send: Send, make: Make) -> None:
    made = await make(reference="A", notes="kept")
    changed = await send("PATCH", f"{DOSSIERS}/{made['id']}", {"title": "Peeters"}, headers=MATCH_1)
    assert (changed.status, changed.headers["etag"]) == (200, '"2"')
    assert [changed.json[name] for name in ("title", "reference", "notes", "version")] == ["Peeters", "A", "kept", 2]


async def test_null_takes_the_reference_away(send: Send, make: Make) -> None:
    made = await make(reference="A")
    changed = await send("PATCH", f"{DOSSIERS}/{made['id']}", {"reference": None}, headers=MATCH_1)
    assert changed.json["reference"] is None
    assert (await make(reference="A"))["reference"] == "A"


async def test_a_change_of_nothing_leaves_version_and_trail_alone(send: Send, make: Make, world: World) -> None:
    made = await make()
    for body in ({}, {"title": "Janssens"}):
        same = await send("PATCH", f"{DOSSIERS}/{made['id']}", body, headers=MATCH_1)
        assert (same.status, same.json) == (200, made)
    assert len(await world.trail(object_type="dossiers.dossier")) == 1


async def test_a_change_names_the_version_it_changes(send: Send, make: Make) -> None:
    address = f"{DOSSIERS}/{(await make())['id']}"
    for method, body in (("PATCH", {"title": "x"}), ("DELETE", None)):
        assert (await send(method, address, body)).status == 428
        stale = await send(method, address, body, headers={"if-match": '"7"'})
        assert (stale.status, stale.problem) == (412, "stale")
    assert (await send("POST", f"{address}/closure", headers={"if-match": '"7"'})).status == 412
    assert (await send("GET", address)).json["title"] == "Janssens"


async def test_it_is_closed_once_and_reopened_once(send: Send, make: Make) -> None:
    address = f"{DOSSIERS}/{(await make())['id']}"
    assert (await send("DELETE", f"{address}/closure")).status == 409
    closed = await send("POST", f"{address}/closure")
    assert (closed.status, closed.json["status"], closed.headers["etag"]) == (200, "closed", '"2"')
    assert closed.json["closed_at"] == closed.json["updated_at"]
    assert (await send("POST", f"{address}/closure")).status == 409
    reopened = await send("DELETE", f"{address}/closure", headers={"if-match": '"2"'})
    assert (reopened.json["status"], reopened.json["closed_at"], reopened.json["version"]) == ("open", None, 3)


async def test_status_may_be_changed_like_a_field_and_keeps_its_time(send: Send, make: Make) -> None:
    made = await make(status="closed")
    assert made["closed_at"] is not None
    changed = await send("PATCH", f"{DOSSIERS}/{made['id']}", {"status": "closed", "notes": "x"}, headers=MATCH_1)
    assert changed.json["closed_at"] == made["closed_at"]
    reopened = await send("PATCH", f"{DOSSIERS}/{made['id']}", {"status": "open"}, headers={"if-match": '"2"'})
    assert reopened.json["closed_at"] is None


async def test_it_is_deleted_and_gone(send: Send, make: Make) -> None:
    address = f"{DOSSIERS}/{(await make())['id']}"
    deleted = await send("DELETE", address, headers=MATCH_1)
    assert (deleted.status, deleted.body) == (204, b"")
    assert (await send("GET", address)).status == 404
    assert (await send("DELETE", address, headers=MATCH_1)).status == 404


async def test_a_reference_stands_once_in_a_tenant(send: Send, make: Make) -> None:
    await make(reference="2026/1")
    other = await make(reference="2026/2")
    again = await send("POST", DOSSIERS, {"title": "x", "reference": " 2026/1 "})
    assert (again.status, again.json["detail"]) == (409, "Another dossier has this reference.")
    changed = await send("PATCH", f"{DOSSIERS}/{other['id']}", {"reference": "2026/1"}, headers=MATCH_1)
    assert changed.status == 409
    await make()
    await make()  # without a reference there is nothing to collide


async def test_every_change_is_in_the_trail(send: Send, make: Make, world: World) -> None:
    address = f"{DOSSIERS}/{(await make())['id']}"
    await send("PATCH", address, {"title": "Peeters"}, headers=MATCH_1)
    await send("POST", f"{address}/closure")
    await send("DELETE", address, headers={"if-match": '"3"'})
    entries = await world.trail(object_type="dossiers.dossier")
    assert len(entries) == 4
    assert {entry["account_id"] for entry in entries} == {world.owner.id}


async def test_a_refused_change_leaves_no_trace(send: Send, make: Make, world: World) -> None:
    made = await make(reference="A")
    await send("POST", DOSSIERS, {"title": "x", "reference": "A"})
    await send("PATCH", f"{DOSSIERS}/{made['id']}", {"title": "\x00"}, headers=MATCH_1)
    assert len(await world.trail(object_type="dossiers.dossier")) == 1
