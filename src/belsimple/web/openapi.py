"""The OpenAPI 3.1 document, from the same declarations that serve the requests."""

from collections.abc import Iterable
from typing import Any

import msgspec

from belsimple.web.answers import Answer
from belsimple.web.endpoint import PUBLIC, Endpoint, endpoint
from belsimple.web.inputs import Form
from belsimple.web.signature import Returns

Json = dict[str, Any]
_REF = "#/components/schemas/{name}"
_COOKIE_NAME = "__Host-belsimple-INSTANCE"


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


def openapi_endpoint(endpoints: Iterable[Endpoint]) -> Endpoint:
    """``GET /api/openapi.json``: the document of these endpoints and itself, made once."""

    @endpoint("GET", "/api/openapi.json", permission=PUBLIC, summary="This interface, as OpenAPI 3.1")
    async def openapi() -> Answer[msgspec.Raw]:
        return answer

    answer = Answer(200, msgspec.Raw(msgspec.json.encode(document((*endpoints, openapi)))))
    return openapi


def document(endpoints: Iterable[Endpoint]) -> Json:
    """The document for these endpoints; pages for people are not part of the interface."""
    interface = [one for one in endpoints if one.signature.returns.kind not in ("html", "asset")]
    listed = sorted(interface, key=lambda one: (one.path, one.method))
    types = list({id(kind): kind for one in listed for kind in _types(one)}.values())
    schemas, components = msgspec.json.schema_components([*types, ProblemDetails], ref_template=_REF)
    schema_of = {id(kind): schema for kind, schema in zip(types, schemas, strict=False)}
    paths: dict[str, Json] = {}
    for one in listed:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schema_of, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": "belsimple", "version": "1", "description": "Errors are application/problem+json."},
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": {"session": _SECURITY}},
    }


_SECURITY: Json = {
    "type": "apiKey",
    "in": "cookie",
    "name": _COOKIE_NAME,
    "description": "The session. INSTANCE is the installation's id; POST /api/v1/session sets the cookie.",
}


def _types(one: Endpoint) -> list[Any]:
    takes = one.signature
    return [kind for kind in (takes.query, takes.body, takes.returns.body) if kind is not None]


def _operation(one: Endpoint, schema_of: dict[int, Json], components: Json) -> Json:
    operation: Json = {
        "operationId": one.handler.__name__,
        "summary": one.summary,
        "x-permission": one.permission,
        "security": [] if one.public else [{"session": []}],
        "parameters": _parameters(one, schema_of, components),
        "responses": _responses(one, schema_of),
    }
    if one.fresh:
        operation["description"] = "Needs a re-authentication within the last 15 minutes."
    if one.signature.body is not None:
        media_type = "application/x-www-form-urlencoded" if issubclass(one.signature.body, Form) else "application/json"
        content = {media_type: {"schema": schema_of[id(one.signature.body)]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


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
    if one.reads and one.signature.returns.kind == "object":
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
    if returns.body is None:
        return {"204": {"description": "Done."}}
    status = "201" if returns.kind == "created" else "200"
    answer: Json = {
        "description": "Created." if status == "201" else "Answered.",
        "content": {"application/json": {"schema": schema_of[id(returns.body)]}},
    }
    headers = {"Location": {"schema": {"type": "string"}}} if status == "201" else {}
    if "version" in getattr(returns.body, "__struct_fields__", ()):
        headers["ETag"] = {"schema": {"type": "string"}}
    return {status: answer | ({"headers": headers} if headers else {})}


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
            (takes.body is not None, "413", "The body is too large."),
            (takes.body is not None, "415", "The body is not JSON."),
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
