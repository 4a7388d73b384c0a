"""A document from its upload to its deletion, with versions, usage and the trail."""

import os
from pathlib import Path
from uuid import UUID

from tests.support.world import World

from .conftest import Send, Upload, blobs


async def test_what_goes_up_comes_down(send: Send, upload: Upload, dossier: str) -> None:
    content = os.urandom(1_600_000)
    made = await upload(content, "letter.pdf", "application/pdf")
    assert made.status == 201, made.body
    document = made.json
    assert made.headers["location"] == f"/api/v1/documents/{document['id']}"
    assert made.headers["etag"] == '"1"'
    assert (document["filename"], document["content_type"], document["size"]) == (
        "letter.pdf",
        "application/pdf",
        1_600_000,
    )
    assert (await send("GET", f"/api/v1/documents/{document['id']}")).json == document
    listed = (await send("GET", f"/api/v1/dossiers/{dossier}/documents")).json
    assert listed == {"items": [document], "next": None}
    loaded = await send("GET", f"/api/v1/documents/{document['id']}/content")
    assert (loaded.status, loaded.body == content) == (200, True)
    assert loaded.headers["content-length"] == "1600000"
    assert loaded.headers["content-type"] == "application/pdf"
    assert loaded.headers["content-disposition"] == "attachment; filename=\"letter.pdf\"; filename*=UTF-8''letter.pdf"


async def test_an_empty_file_is_a_file(send: Send, upload: Upload) -> None:
    made = await upload(b"")
    assert (made.status, made.json["size"]) == (201, 0)
    loaded = await send("GET", f"/api/v1/documents/{made.json['id']}/content")
    assert (loaded.status, loaded.body, loaded.headers["content-length"]) == (200, b"", "0")


async def test_versions_follow_each_other_and_stay(send: Send, upload: Upload) -> None:
    document = (await upload(b"first", "one.txt")).json["id"]
    address = f"/api/v1/documents/{document}"
    second = await send("POST", f"{address}/versions", pieces=[b"second"], headers={"content-type": "text/csv"})
    assert (second.status, second.json["version"], second.json["filename"]) == (201, 2, "one.txt")
    assert second.headers["location"] == f"{address}/content?version=2"
    third = await send("POST", f"{address}/versions?filename=three.txt", pieces=[b"third"], headers={"if-match": '"2"'})
    assert (third.json["version"], third.json["filename"], third.json["content_type"]) == (
        3,
        "three.txt",
        "application/octet-stream",
    )
    stale = await send("POST", f"{address}/versions", pieces=[b"late"], headers={"if-match": '"2"'})
    assert stale.status == 412
    contents = [
        (await send("GET", f"{address}/content{which}")).body
        for which in ("", "?version=1", "?version=2", "?version=3")
    ]
    assert contents == [b"third", b"first", b"second", b"third"]
    assert (await send("GET", f"{address}/content?version=4")).status == 404
    listed = (await send("GET", f"{address}/versions?limit=2")).json
    assert [one["number"] for one in listed["items"]] == [3, 2]
    rest = (await send("GET", f"{address}/versions?limit=2&cursor={listed['next']}")).json
    assert [(one["number"], one["filename"]) for one in rest["items"]] == [(1, "one.txt")]


async def test_deleting_a_document_or_its_dossier_deletes_the_files(
    send: Send, upload: Upload, dossier: str, world: World, tmp_path: Path
) -> None:
    one, two = (await upload(b"one")).json["id"], (await upload(b"two")).json["id"]
    assert (await send("DELETE", f"/api/v1/documents/{one}", headers={"if-match": '"2"'})).status == 412
    assert (await send("DELETE", f"/api/v1/documents/{one}")).status == 204
    for path in ("", "/content", "/versions"):
        assert (await send("GET", f"/api/v1/documents/{one}{path}")).status == 404
    assert (await send("DELETE", f"/api/v1/dossiers/{dossier}", headers={"if-match": '"1"'})).status == 204
    assert (await send("GET", f"/api/v1/documents/{two}/content")).status == 404
    tenant = await world.tenant_id()
    deleted = await world.observe("select deleted_at from files.file where tenant_id = $1", tenant)
    assert len(deleted) == 2
    assert all(row["deleted_at"] for row in deleted)
    assert len(blobs(tmp_path)) == 2  # until no backup needs them


async def test_usage_counts_what_is_there_and_what_is_kept(send: Send, upload: Upload) -> None:
    assert (await send("GET", "/api/v1/usage")).json == {"files": 0, "bytes": 0, "retained": 0, "quota": 10 << 30}
    document = (await upload(b"x" * 1000)).json["id"]
    await upload(b"y" * 10)
    assert (await send("GET", "/api/v1/usage")).json == {"files": 2, "bytes": 1010, "retained": 0, "quota": 10 << 30}
    await send("DELETE", f"/api/v1/documents/{document}")
    assert (await send("GET", "/api/v1/usage")).json == {"files": 1, "bytes": 10, "retained": 1000, "quota": 10 << 30}


async def test_uploads_and_downloads_are_in_the_trail(send: Send, upload: Upload, world: World) -> None:
    document = (await upload(b"x")).json["id"]
    stored = [entry for entry in await world.trail(object_type="files.file") if entry["action"] == "insert"]
    assert [entry["account_id"] for entry in stored] == [world.owner.id]
    assert "wrapped_key" not in stored[0]["new"]
    for _ in range(3):  # ranges of one viewer: one entry
        await send("GET", f"/api/v1/documents/{document}/content", headers={"range": "bytes=0-0"})
    downloads = await world.trail(action="downloaded")
    assert [(entry["object_id"], entry["account_id"]) for entry in downloads] == [
        (stored[0]["object_id"], world.owner.id)
    ]
    assert "document_version" in str(downloads[0]["detail"])
    await send("HEAD", f"/api/v1/documents/{document}/content")
    other = await world.session()
    await send("GET", f"/api/v1/documents/{document}/content", token=other)
    assert len(await world.trail(action="downloaded")) == 2


async def test_a_repeated_upload_with_a_key_is_done_once(send: Send, upload: Upload, tmp_path: Path) -> None:
    first = await upload(b"once", headers={"idempotency-key": "k1"})
    again = await upload(b"once", headers={"idempotency-key": "k1"})
    assert (again.status, again.json, again.headers["idempotency-replayed"]) == (201, first.json, "true")
    other = await upload(b"other", headers={"idempotency-key": "k1"})
    assert (other.status, other.problem) == (422, "idempotency-key-reused")
    assert len(blobs(tmp_path)) == 1


async def test_the_tenants_key_is_registered_with_its_first_document(
    upload: Upload, world: World, tmp_path: Path
) -> None:
    await upload(b"x")
    await upload(b"y")
    tenant: UUID = await world.tenant_id()
    assert len(await world.observe("select from keys.tenant_key where tenant_id = $1 and version = 1", tenant)) == 1
    assert [path.name for path in (tmp_path / "keys" / "tenants").iterdir()] == [f"{tenant}.1"]
    assert {path.parent.name for path in blobs(tmp_path)} == {str(tenant)}


async def test_the_dossiers_history_tells_of_its_documents(
    world: World, send: Send, upload: Upload, dossier: str
) -> None:
    address = f"/api/v1/documents/{(await upload(b'first', 'deed.txt')).json['id']}"
    await send("POST", f"{address}/versions?filename=new%20deed.txt", pieces=[b"second"])
    assert (await send("DELETE", address)).status == 204
    async with world.acting(writing=False) as transaction:
        events = [entry for entry in await transaction.history("dossiers.dossier", UUID(dossier)) if entry.detail]
    assert [
        (entry.action, entry.detail and (entry.detail["filename"], entry.detail["version"])) for entry in events
    ] == [
        ("document_deleted", ("new deed.txt", 2)),
        ("document_replaced", ("new deed.txt", 2)),
        ("document_added", ("deed.txt", 1)),
    ]
