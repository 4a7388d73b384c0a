"""Numbers 13 to 15: hostile input, cursors and filters, keys and versions of others."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, Final
from uuid import uuid4

import msgspec

from belsimple.attack.client import Reply
from belsimple.attack.site import Broken, Site, api_case, expect

_MEBIBYTE: Final = 1024 * 1024
_DEEP: Final = 100_000
_STALL_SECONDS: Final = 8.0
_FOREIGN_FIELDS: Final = ("tenant_id", "tenant", "owner_id", "account_id", "created_by", "id", "version")


@api_case(13, "unknown_fields")
async def a_tenant_named_in_a_body(site: Site) -> None:
    """422, and nothing is made: an unknown field is refused, not ignored."""
    token, dossier = await site.session("owner"), await site.make_dossier()
    bodies: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("POST", "/api/v1/dossiers", {"title": "planted"}),
        ("PATCH", f"/api/v1/dossiers/{dossier['id']}", {"title": "planted"}),
        ("POST", "/api/v1/roles", {"name": "planted", "permissions": []}),
        ("PATCH", "/api/v1/me", {"name": "planted"}),
        ("PATCH", f"/api/v1/members/{site.names['a_member']}", {"status": "active"}),
        ("PATCH", "/api/v1/tenant", {"name": "planted"}),
    )
    for method, path, body in bodies:
        for field in _FOREIGN_FIELDS:
            sent = {**body, field: site.names["b_tenant"]}
            reply = await site.send(method, path, token=token, json=sent, headers={"If-Match": '"1"'})
            expect(reply, 422, why=f"{method} {path} with {field}")


@api_case(13, "unknown_parameters")
async def a_tenant_named_outside_the_body(site: Site) -> None:
    """422 for a parameter that nobody declared; a header that names a tenant changes nothing."""
    token, tenant = await site.session("owner"), site.names["b_tenant"]
    for name in ("tenant", "tenant_id", "account_id", "role", "permissions"):
        for path in ("/api/v1/dossiers", "/api/v1/me", "/api/v1/members", "/api/v1/audit"):
            expect(await site.send("GET", f"{path}?{name}={tenant}", token=token), 422, why=f"{path}?{name}=")
    plain = await site.send("GET", "/api/v1/me", token=token)
    for header in ("X-Tenant-Id", "X-Tenant", "X-Forwarded-User", "X-Belsimple-Address", "X-Account-Id"):
        named = await site.send("GET", "/api/v1/me", token=token, headers={header: tenant})
        if named.comparable() != plain.comparable():
            raise Broken(f"the header {header} changed the answer")


@api_case(13, "typed_input")
async def wrong_types(site: Site) -> None:
    """422 for a value of another type: nothing is coerced."""
    token = await site.session("owner")
    values: tuple[object, ...] = (5, 1.5, True, None, [], {}, ["x"], {"x": "y"})
    for value in values:
        reply = await site.send("POST", "/api/v1/dossiers", token=token, json={"title": value})
        expect(reply, 422, why=f"a title that is {value!r}")
    bodies: tuple[object, ...] = ([], "x", 5, None)
    for body in bodies:
        reply = await site.send("POST", "/api/v1/dossiers", token=token, raw=msgspec.json.encode(body))
        expect(reply, 422, why=f"a body that is {body!r}")


@api_case(13, "body_limit")
async def a_body_too_large(site: Site) -> None:
    """413 over a mebibyte, whether its length is told beforehand or not."""
    token = await site.session("owner")
    body = msgspec.json.encode({"title": "x", "notes": "n" * _MEBIBYTE})
    for chunked in (False, True):
        expect(
            await site.send("POST", "/api/v1/dossiers", token=token, raw=body, chunked=chunked), 413, why=f"{chunked=}"
        )


@api_case(13, "parse_errors")
async def a_body_too_deep(site: Site) -> None:
    """400 for JSON nested a hundred thousand times; the process lives."""
    token = await site.session("owner")
    for opening in (b"[", b'{"a":'):
        expect(await site.send("POST", "/api/v1/dossiers", token=token, raw=opening * _DEEP), 400)
    expect(await site.send("GET", "/api/v1/me", token=token), 200)


@api_case(13, "body_time")
async def a_body_too_slow(site: Site) -> None:
    """408 for a body that never arrives: no connection is held for nothing."""
    status = await site.client.stall("/api/v1/dossiers", await site.session("owner"), seconds=_STALL_SECONDS)
    if status != 408:
        raise Broken(f"a stalled body was answered {status or 'with silence'}")


@api_case(13, "media_type")
async def a_body_of_another_kind(site: Site) -> None:
    """415 for what is not JSON: a form of another site cannot send JSON's type."""
    token, body = await site.session("owner"), msgspec.json.encode({"title": "x"})
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml"):
        reply = await site.send("POST", "/api/v1/dossiers", token=token, raw=body, headers={"Content-Type": kind})
        expect(reply, 415, why=kind)


@api_case(13, "parse_errors")
async def broken_syntax(site: Site) -> None:
    """400 or 422, never 500, for what no client of ours writes."""
    token = await site.session("owner")
    for body in (b"", b"{", b'{"title": "\xff"}', b'{"title": NaN}', b'{"title": "x"}}', b"\x00"):
        expect(await site.send("POST", "/api/v1/dossiers", token=token, raw=body), 400, why=repr(body))
    for title in ("a\x00b", "x" * 201, ""):
        expect(
            await site.send("POST", "/api/v1/dossiers", token=token, json={"title": title}), 422, why=repr(title[:5])
        )
    for query in ("limit=0", "limit=201", "limit=x", "limit=1&limit=2", "status=none", "limit=99999999999999999999"):
        expect(await site.send("GET", f"/api/v1/dossiers?{query}", token=token), 422, why=query)


@api_case(14, "cursor_checked")
async def an_edited_cursor(site: Site) -> None:
    """422 for a cursor that this list did not write; another tenant's only says where to start in one's own rows."""
    token = await site.session("owner")
    for _ in range(2):
        await site.make_dossier()
    lists = ("/api/v1/dossiers", "/api/v1/members", "/api/v1/audit")
    cursors = {path: (await site.send("GET", f"{path}?limit=1", token=token)).json["next"] for path in lists}
    for path in lists:
        foreign = [cursor for other, cursor in cursors.items() if other != path]
        for cursor in (*foreign, *_edited(cursors[path], site.names["b_tenant"])):
            expect(
                await site.send("GET", f"{path}?cursor={cursor}", token=token), 422, why=f"{path}?cursor={cursor[:40]}"
            )
    theirs = await site.send("GET", "/api/v1/dossiers?limit=1", token=await site.session("b_owner"))
    reply = await site.send("GET", f"/api/v1/dossiers?cursor={theirs.json['next']}", token=token)
    expect(reply, 200, why="another tenant's cursor")
    _refuse_theirs(site, reply, "another tenant's cursor")


def _edited(cursor: str, tenant: str) -> list[str]:
    place = msgspec.json.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    places: tuple[object, ...] = (
        {**place, "tenant_id": tenant},
        {"id": "' or true --"},
        {},
        [],
        "x",
        {**place, "id": 5, "email": 5},
    )
    written = [urlsafe_b64encode(msgspec.json.encode(one)).rstrip(b"=").decode() for one in places]
    return [*written, "x", "%27", cursor[:-3], "A" * 900]


@api_case(14, "tenant_filter")
async def filters_that_name_another_tenant(site: Site) -> None:
    """Nothing is found by what belongs to another tenant."""
    token, names = await site.session("owner"), site.names
    queries = (
        f"/api/v1/audit?actor={names['b_account']}",
        f"/api/v1/audit?object_id={names['b_dossier']}",
        f"/api/v1/dossiers?q={names['b_common_title']}",
        f"/api/v1/dossiers?q={names['b_reference']}",
    )
    for query in queries:
        reply = await site.send("GET", query, token=token)
        expect(reply, 200, why=query)
        if reply.json["items"]:
            raise Broken(f"{query} found {len(reply.json['items'])} of another tenant")


@api_case(15, "idempotency_account")
async def a_key_of_another_tenant(site: Site) -> None:
    """Keys belong to an account: the same key elsewhere is a request of its own."""
    key = {"Idempotency-Key": secrets.token_hex(16)}
    made: dict[str, Reply] = {}
    for who in ("owner", "member", "b_owner"):
        token = await site.session(who)
        made[who] = await site.send("POST", "/api/v1/dossiers", token=token, json={"title": "Attack"}, headers=key)
        expect(made[who], 201, why=f"the key of {who}")
    again = await site.send(
        "POST", "/api/v1/dossiers", token=await site.session("owner"), json={"title": "Attack"}, headers=key
    )
    if again.json["id"] != made["owner"].json["id"]:
        raise Broken("a repeated key made a second dossier")
    if len({reply.json["id"] for reply in made.values()}) != len(made):
        raise Broken("a key of one account answered another's request")


@api_case(15, "idempotency_hash")
async def a_key_for_another_request(site: Site) -> None:
    """422 for a key that was used with another body."""
    key, token = {"Idempotency-Key": secrets.token_hex(16)}, await site.session("owner")
    expect(await site.send("POST", "/api/v1/dossiers", token=token, json={"title": "Attack 1"}, headers=key), 201)
    expect(await site.send("POST", "/api/v1/dossiers", token=token, json={"title": "Attack 2"}, headers=key), 422)


@api_case(15, "permission_check")
async def a_key_after_the_permission_went(site: Site) -> None:
    """A kept answer is given to nobody who may not ask any more."""
    key, token = {"Idempotency-Key": secrets.token_hex(16)}, await site.session("changed")
    owner, path = await site.session("owner"), f"/api/v1/members/{site.names['a_changed']}"
    expect(await site.send("POST", "/api/v1/dossiers", token=token, json={"title": "Attack"}, headers=key), 201)
    expect(await site.send("PATCH", path, token=owner, json={"roles": ["auditor"]}), 200)
    try:
        reply = await site.send("POST", "/api/v1/dossiers", token=token, json={"title": "Attack"}, headers=key)
        expect(reply, 403, why="a replay without the permission")
    finally:
        await site.send("PATCH", path, token=owner, json={"roles": ["member"]})


@api_case(15, "if_match")
async def the_version_of_another_object(site: Site) -> None:
    """412 for a version that is not this object's, 428 for none."""
    token, dossier = await site.session("owner"), await site.make_dossier()
    new: dict[str, object] = {"name": f"Attack {uuid4()}"[:40], "permissions": []}
    role = (await site.send("POST", "/api/v1/roles", token=token, json=new)).json
    for path, body in (
        (f"/api/v1/dossiers/{dossier['id']}", {"title": "x"}),
        (f"/api/v1/roles/{role['id']}", {"name": "Attack renamed"}),
    ):
        expect(await site.send("PATCH", path, token=token, json=body), 428, why=f"{path} without If-Match")
        for tag in ('"7"', '"abc"', 'W/"1"'):
            reply = await site.send("PATCH", path, token=token, json=body, headers={"If-Match": tag})
            expect(reply, 412, why=f"{path} with If-Match {tag}")
    expect(await site.send("DELETE", f"/api/v1/roles/{role['id']}", token=token, headers={"If-Match": '"1"'}), 204)


def _refuse_theirs(site: Site, reply: Reply, why: str) -> None:
    if site.names["b_common_title"].encode() in reply.body or site.names["b_tenant"].encode() in reply.body:
        raise Broken(f"{why}: the answer holds another tenant's data")
