"""Users over SCIM: made, read, replaced, patched, shut, taken out, and back again."""

from typing import Any

from tests.support.directory import ENTERPRISE, Directory
from tests.support.people import attempt


async def status_of(directory: Directory, user: Any) -> tuple[str, str, str]:
    [row] = await directory.world.observe(
        "select email, name, status from identity.account where id = $1::uuid", user["id"]
    )
    return tuple(row)


async def test_a_user_becomes_an_account(directory: Directory) -> None:
    answer = await directory("POST", "/Users", directory.person("jan", preferredLanguage="nl-BE", title="Notary"))
    assert answer.status == 201
    assert answer.headers["content-type"] == "application/scim+json"
    made = answer.json
    assert answer.headers["location"] == made["meta"]["location"] == f"https://localhost/scim/v2/Users/{made['id']}"
    assert answer.headers["etag"] == made["meta"]["version"] == 'W/"2"'
    assert made["title"] == "Notary"
    assert await status_of(directory, made) == (f"jan@{directory.domain}", "Jan Brouwer", "active")
    [row] = await directory.world.observe("select language from identity.account where id = $1::uuid", made["id"])
    assert row[0] == "nl"


async def test_a_body_is_json_of_either_name(directory: Directory) -> None:
    for number, media_type in enumerate(("application/scim+json", "application/json; charset=utf-8")):
        sent = directory.person(f"jan{number}")
        assert (await directory("POST", "/Users", sent, content_type=media_type)).status == 201
    refused = await directory("POST", "/Users", directory.person("piet"), content_type="text/plain")
    assert (refused.status, refused.headers["content-type"]) == (415, "application/scim+json")
    for broken in (b"{", b'{"userName": "a\\u0000b"}', b"[" * 2000, b"\xff"):
        assert (await directory("POST", "/Users", broken)).status == 400


async def test_it_is_read_as_it_was_sent(directory: Directory) -> None:
    sent = directory.person(
        "jan",
        phoneNumbers=[{"value": "+32 2 555 01 01", "type": "work"}],
        **{ENTERPRISE: {"department": "Deeds", "manager": {"value": "26118915"}}},
    )
    made = (await directory("POST", "/Users", sent)).json
    read = (await directory("GET", f"/Users/{made['id']}")).json
    assert read == made
    assert {name: read[name] for name in sent if name != "schemas"} == {
        name: value for name, value in sent.items() if name != "schemas"
    }
    assert read["schemas"] == ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE]


async def test_nothing_is_written_of_what_did_not_change(directory: Directory) -> None:
    sent = directory.person("jan", **{ENTERPRISE: {"department": "Deeds"}})
    made = (await directory("POST", "/Users", sent)).json
    trail = len(await directory.world.trail())
    again = await directory("PUT", f"/Users/{made['id']}", sent)
    patched = await directory.patch(f"/Users/{made['id']}", {"op": "Replace", "path": "active", "value": "True"})
    assert (again.status, again.json, patched.json) == (200, made, made)
    assert len(await directory.world.trail()) == trail


async def test_the_connection_stands_in_the_trail(directory: Directory) -> None:
    made = await directory.user("jan")
    entries = await directory.world.trail(object_type="identity.account", action="insert", source="scim")
    assert [(str(one["object_id"]), one["account_id"]) for one in entries] == [(made["id"], directory.connection)]
    assert await directory.world.observe("select from mail.message where account_id = $1::uuid", made["id"]) == []


async def test_a_replacement_changes_the_account(directory: Directory) -> None:
    made = await directory.user("jan", title="Notary")
    wanted = directory.person("piet", externalId="ext-jan")
    answer = await directory("PUT", f"/Users/{made['id']}", wanted)
    assert answer.status == 200
    assert "title" not in answer.json
    assert await status_of(directory, made) == (f"piet@{directory.domain}", "Piet Brouwer", "active")


async def test_an_address_is_of_a_domain_that_is_proven(directory: Directory) -> None:
    foreign = directory.person("jan", userName="jan@elsewhere.example", emails=[])
    refused = await directory("POST", "/Users", foreign)
    assert (refused.status, refused.json["scimType"]) == (400, "invalidValue")
    assert "proven" in refused.json["detail"]
    made = await directory.user("jan")
    changed = await directory.patch(
        f"/Users/{made['id']}",
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "jan@elsewhere.example"},
    )
    assert (changed.status, changed.json["scimType"]) == (400, "invalidValue")
    assert (await status_of(directory, made))[0] == f"jan@{directory.domain}"


async def test_two_users_have_no_name_in_common(directory: Directory) -> None:
    await directory.user("jan")
    for sent in (
        directory.person("jan"),
        directory.person("piet", externalId="ext-jan"),
        directory.person("jan", externalId="x"),
    ):
        refused = await directory("POST", "/Users", sent)
        assert (refused.status, refused.json["scimType"]) == (409, "uniqueness")


async def test_a_deactivation_ends_all_and_is_told(directory: Directory) -> None:
    made = await directory.user("jan")
    answer = await directory.patch(f"/Users/{made['id']}", {"op": "Replace", "path": "active", "value": "False"})
    assert (answer.status, answer.json["active"]) == (200, False)
    assert (await status_of(directory, made))[2] == "deactivated"
    back = await directory.patch(f"/Users/{made['id']}", {"op": "replace", "value": {"active": True}})
    assert back.json["active"] is True
    assert (await status_of(directory, made))[2] == "active"


async def test_who_was_taken_out_comes_back_under_the_same_key(directory: Directory) -> None:
    made = await directory.user("jan")
    assert (await directory("DELETE", f"/Users/{made['id']}")).status == 204
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        body = directory.person("jan") if method in ("PUT", "PATCH") else None
        answer = await directory(method, f"/Users/{made['id']}", body)
        assert (answer.status, answer.json["status"]) == (404, "404")
    assert await directory.names('userName sw "jan"') == []
    assert (await status_of(directory, made))[2] == "deactivated"
    again = await directory.user("jan")
    assert again["id"] == made["id"]
    assert (await status_of(directory, made))[2] == "active"


async def test_versions_guard_changes_and_save_transfers(directory: Directory) -> None:
    made = await directory.user("jan")
    path, version = f"/Users/{made['id']}", made["meta"]["version"]
    assert (await directory("GET", path, if_none_match=version)).status == 304
    change = {"op": "replace", "path": "title", "value": "Clerk"}
    assert (await directory.patch(path, change, if_match='W/"77"')).status == 412
    changed = await directory.patch(path, change, if_match=version)
    assert changed.status == 200
    assert changed.json["meta"]["version"] != version
    assert (await directory("GET", path, if_none_match=version)).status == 200
    stale = await directory("DELETE", path, if_match=version)
    assert (stale.status, stale.json["schemas"]) == (412, ["urn:ietf:params:scim:api:messages:2.0:Error"])
    assert (await directory("DELETE", path, if_match="nonsense")).status == 412


async def test_the_last_owner_is_never_shut_out(directory: Directory) -> None:
    world = directory.world
    await directory("POST", "/Users", directory.person("owner", externalId="o"))
    await link_owner(directory)
    [found] = (await directory("GET", '/Users?filter=externalId+eq+"o"')).json["Resources"]
    for request in (
        directory.patch(f"/Users/{found['id']}", {"op": "replace", "value": {"active": False}}),
        directory("DELETE", f"/Users/{found['id']}"),
    ):
        answer = await request
        assert (answer.status, answer.json["detail"]) == (
            409,
            "A tenant keeps at least one active owner. Appoint another owner first.",
        )
    assert await attempt(world.gate, world.owner)


async def link_owner(directory: Directory) -> None:
    from belsimple.scim import connections

    async with directory.world.acting() as inside:
        [waiting] = await connections.waiting(inside, connection_id=directory.connection)
        assert waiting.account_id == directory.world.owner.id
        await connections.link(inside, connection_id=directory.connection, waiting_id=waiting.id)
