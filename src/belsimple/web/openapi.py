"""The OpenAPI 3.1 document, from the same declarations that serve the requests."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal, get_args, get_origin

import msgspec

from belsimple.web.answers import Answer, Page
from belsimple.web.endpoint import PUBLIC, Endpoint, endpoint
from belsimple.web.inputs import Form
from belsimple.web.signature import Returns

Json = dict[str, Any]
_REF = "#/components/schemas/{name}"
_APART = ("view", "asset", "preview", "scim")
"""Kinds of answers that pages are made of; and SCIM, which describes itself (RFC 7644, section 4)."""
_PREFIX = {"web": "", "operator": "/operator"}
_TITLE = {"web": "belsimple", "operator": "belsimple, the operator's side"}


class PointedError(msgspec.Struct, frozen=True):
    """What is wrong with one field: a JSON pointer (RFC 6901) and a sentence."""

    pointer: str
    detail: str


class ProblemDetails(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error (RFC 9457); type is urn:belsimple:error:NAME."""

    type: str
    title: str
    status: int
    detail: str | None = None
    errors: list[PointedError] = []


def openapi_endpoint(side: Literal["web", "operator"], endpoints: Iterable[Endpoint]) -> Endpoint:
    """``GET /api/openapi.json``, or the operator's: the document of these endpoints and itself, made once."""
    path = f"{_PREFIX[side]}/api/openapi.json"

    @endpoint("GET", path, permission=PUBLIC, summary="This interface, as OpenAPI 3.1", part=side)
    async def openapi() -> Answer[Literal[200], msgspec.Raw]:
        return Answer(200, made)

    made = msgspec.Raw(msgspec.json.encode(document((*endpoints, openapi), side)))
    return openapi


def document(endpoints: Iterable[Endpoint], side: Literal["web", "operator"] = "web") -> Json:
    """The document for these endpoints of one side; pages for people are not part of the interface, nor is SCIM."""
    interface = [one for one in endpoints if one.signature.returns.kind not in _APART and not one.signature.uploads]
    listed = sorted(interface, key=lambda one: (one.path, one.method))
    types = list({id(kind): kind for one in listed for kind in _types(one)}.values())
    schemas, components = msgspec.json.schema_components([*types, ProblemDetails], ref_template=_REF)
    schema_of = {id(kind): schema for kind, schema in zip(types, schemas, strict=False)}
    for page in {id(body): body for one in listed if (body := one.signature.returns.body) and _is_page(body)}.values():
        schema_of[id(page)] = _add_page(page, schema_of[id(get_args(page)[0])], components)
    paths: dict[str, Json] = {}
    for one in listed:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schema_of, components)
    _tell_apart(listed, paths)
    return {
        "openapi": "3.1.0",
        "info": {"title": _TITLE[side], "version": "1", "description": "Errors are application/problem+json."},
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _security(side)},
    }


def _security(side: Literal["web", "operator"]) -> Json:
    return {"session": _session(side), **({"token": _TOKEN} if side == "web" else {})}


_TOKEN: Json = {"type": "http", "scheme": "bearer", "description": "An API token, as POST /api/v1/tokens makes them."}


def _session(side: Literal["web", "operator"]) -> Json:
    return {
        "type": "apiKey",
        "in": "cookie",
        "name": f"__Host-belsimple-{'operator-' if side == 'operator' else ''}INSTANCE",
        "description": f"The session. INSTANCE is the installation's id; POST {_PREFIX[side]}/api/v1/session sets the cookie.",
    }


def _tell_apart(listed: list[Endpoint], paths: dict[str, Json]) -> None:
    """Operation ids are unique: two packages' handlers of one name are called after their packages too."""
    times = Counter(one.handler.__name__ for one in listed)
    for one in listed:
        if times[one.handler.__name__] > 1 and one.package != "belsimple":
            paths[one.path][one.method.lower()]["operationId"] = f"{one.package}_{one.handler.__name__}"


_BINARY: Json = {"type": "string", "format": "binary"}
_TEXT: Json = {"type": "string"}
_FILE: Json = {
    "content": {"application/octet-stream": {"schema": _BINARY}},
    "headers": {
        "ETag": {"schema": _TEXT},
        "Accept-Ranges": {"schema": _TEXT},
        "Content-Disposition": {"schema": _TEXT},
    },
}
_EXPORT: Json = {
    "200": {
        "description": "The file, as long as it is.",
        "content": {"application/octet-stream": {"schema": _BINARY}},
        "headers": {"Content-Disposition": {"schema": _TEXT}},
    }
}
_SUCCESSES = {200: "Answered.", 201: "Created.", 202: "Accepted: something is still to follow.", 204: "Done."}
_UPLOAD: Json = {
    # Not */*, which no generator of clients knows what to do with.
    "description": "The file. Any Content-Type is taken, and kept as the file's.",
    "required": True,
    "content": {"application/octet-stream": {"schema": _BINARY}},
}
_DOWNLOAD: Json = {
    "200": {"description": "The file.", **_FILE},
    "206": {"description": "The range that was asked for.", **_FILE},
}


def _types(one: Endpoint) -> list[Any]:
    takes = one.signature
    returned = get_args(takes.returns.body)[0] if _is_page(takes.returns.body) else takes.returns.body
    return [kind for kind in (takes.query, takes.body, returned) if kind is not None]


def _is_page(body: Any) -> bool:
    return get_origin(body) is Page


def _add_page(page: Any, item: Json, components: Json) -> Json:
    # One by one: msgspec gives two pages of structs that share their name (two modules' `Entry`) one name, and then finds neither.
    (schema,), parts = msgspec.json.schema_components([page], ref_template=_REF)
    made = parts[schema["$ref"].rpartition("/")[2]]
    made["properties"]["items"]["items"] = item
    name = f"Page_{item['$ref'].rpartition('/')[2]}_"
    components[name] = made
    return {"$ref": _REF.format(name=name)}


def _operation(one: Endpoint, schema_of: dict[int, Json], components: Json) -> Json:
    operation: Json = {
        "operationId": one.handler.__name__,
        "tags": [_tag(one)],
        "summary": one.summary,
        "x-permission": one.permission,
        "security": [] if one.public else [{"session": []}, *([{"token": []}] if one.tokens else [])],
        "parameters": _parameters(one, schema_of, components),
        "responses": _responses(one, schema_of),
    }
    if one.fresh:
        operation["description"] = "Needs a re-authentication within the last 15 minutes."
    if one.signature.upload:
        operation["requestBody"] = _UPLOAD
    if one.signature.body is not None:
        media_type = "application/x-www-form-urlencoded" if issubclass(one.signature.body, Form) else "application/json"
        content = {media_type: {"schema": schema_of[id(one.signature.body)]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _tag(one: Endpoint) -> str:
    """What it is about: the collection that its path begins with."""
    _, versioned, rest = one.path.partition("/api/v1/")
    return rest.partition("/")[0] if versioned else "service"


def _parameters(one: Endpoint, schema_of: dict[int, Json], components: Json) -> list[Json]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": _path_schema(kind)}
        for name, kind in one.signature.path.items()
    ]
    if one.signature.query is not None:
        struct = components[schema_of[id(one.signature.query)]["$ref"].rpartition("/")[2]]
        found += [
            {"name": name, "in": "query", "required": name in struct.get("required", []), "schema": schema}
            for name, schema in struct["properties"].items()
        ]
    if one.precondition is not None:
        found.append(
            _header("If-Match", "The ETag of the version that is changed.", required=one.precondition == "required")
        )
    if one.idempotent:
        found.append(_header("Idempotency-Key", "The same key within 24 hours gets the same answer, once done."))
    if one.signature.returns.kind == "download":
        found.append(_header("Range", "One range of bytes."))
    if one.reads and one.signature.returns.kind in ("object", "download"):
        found.append(_header("If-None-Match", "The ETag already known; 304 when it still holds."))
    return found


def _path_schema(kind: type) -> Json:
    return {"type": "string"} if kind is str else {"type": "string", "format": "uuid"}


def _header(name: str, description: str, *, required: bool = False) -> Json:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": description,
        "schema": {"type": "string"},
    }


def _responses(one: Endpoint, schema_of: dict[int, Json]) -> Json:
    responses: Json = {"default": _problem("Any other error.")}
    for status, description in _refusals(one):
        responses[status] = _problem(description)
    responses |= _success(one.signature.returns, schema_of)
    if one.idempotent:
        for status in ("200", "201", "204"):
            if status in responses:
                responses[status].setdefault("headers", {})["Idempotency-Replayed"] = {"schema": {"type": "string"}}
    return responses


def _success(returns: Returns, schema_of: dict[int, Json]) -> Json:
    if returns.kind == "download":
        return _DOWNLOAD
    if returns.kind == "export":
        return _EXPORT
    return {f"{status}": _answered(returns, _SUCCESSES[status], schema_of) for status in returns.statuses}


def _answered(returns: Returns, description: str, schema_of: dict[int, Json]) -> Json:
    if returns.body is None:
        return {"description": description}
    answer: Json = {
        "description": description,
        "content": {"application/json": {"schema": schema_of[id(returns.body)]}},
    }
    headers = {"Location": {"schema": {"type": "string"}}} if returns.kind == "created" else {}
    if "version" in getattr(returns.body, "__struct_fields__", ()):
        headers["ETag"] = {"schema": {"type": "string"}}
    return answer | ({"headers": headers} if headers else {})


def _refusals(one: Endpoint) -> list[tuple[str, str]]:
    takes = one.signature
    inputs = takes.query is not None or takes.body is not None
    return [
        (status, description)
        for applies, status, description in (
            (takes.body is not None, "400", "The body cannot be read."),
            (not one.public, "401", "No session, or it has ended."),
            (not one.public, "403", "Not allowed, or re-authentication is required."),
            (bool(takes.path), "404", "Missing, somebody else's, or no id."),
            (one.precondition is not None, "412", "Changed since it was read."),
            (takes.body is not None or takes.upload, "413", "The body is too large, or there is no space for it."),
            (takes.body is not None, "415", "The body is not JSON."),
            (takes.upload, "415", "The body is a form, not a file."),
            (takes.returns.kind == "download", "416", "The file has no such range."),
            (inputs, "422", "Something in it is not acceptable; errors say where."),
            (one.precondition == "required", "428", "If-Match is missing."),
            (True, "429", "Too many requests; Retry-After says when."),
            (True, "503", "Unavailable; Retry-After says when."),
        )
        if applies
    ]


def _problem(description: str) -> Json:
    schema = {"$ref": _REF.format(name="ProblemDetails")}
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}
