"""Reads a handler's signature once, when it is declared: what it takes from the request and what it returns."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from belsimple.web.answers import Answer, Asset, Created, Download, Export, Page, Preview, Redirect, View
from belsimple.web.declaration import DeclarationError
from belsimple.web.inputs import Form, FormUpload, Paging, PreviewInfo, Upload
from belsimple.web.provisioning import ScimAnswer, ScimRequest

Handler = Callable[..., Awaitable[Any]]
Kind = Literal[
    "object", "created", "nothing", "page", "answer", "asset", "download", "export", "preview", "view", "scim"
]
SERVICES = frozenset({"hasher", "factors", "providers", "saml", "behind", "modules", "machine", "origin"})
"""Parameters filled from the objects given at assembly: the Argon2 pool (parts gate and operator), what checks second factors
and what speaks with identity providers of either kind (part gate), the ways to both, the installed modules and the public address (part web), what is known of the machine (part operator)."""


_FILLED_IN = frozenset(
    {
        "transaction",
        "database",
        "caller",
        "attempts",
        "query",
        "query_string",
        "body",
        "expected",
        "upload",
        "uploads",
        "preview",
        "request",
    }
)


@dataclass(frozen=True)
class Returns:
    """The shape of a handler's answer; ``body`` is the type of its JSON, None when it has none."""

    kind: Kind
    body: Any
    statuses: tuple[int, ...] = (200,)


@dataclass(frozen=True)
class Signature:
    """A handler's parameters by origin."""

    path: dict[str, type[UUID] | type[str]]
    query: type[msgspec.Struct] | None
    query_string: bool
    body: type[msgspec.Struct] | None
    expected: Literal["required", "optional"] | None
    transaction: bool
    database: bool
    caller: bool
    attempts: bool
    upload: bool
    uploads: bool
    preview: bool
    request: bool
    services: tuple[str, ...]
    returns: Returns


def read_signature(where: str, handler: Handler, path_names: list[str]) -> Signature:
    """The signature of ``handler``; raises DeclarationError for a parameter or return type we do not know."""
    if not inspect.iscoroutinefunction(handler):
        raise DeclarationError(where, "the handler must be an async function")
    hints = _hints(where, handler)
    names = set(inspect.signature(handler).parameters)
    for name in names - _FILLED_IN - SERVICES - set(path_names):
        raise DeclarationError(where, f"the parameter {name!r} is neither in the path nor one that is filled in")
    for name in (names | set(path_names)) - set(hints):
        raise DeclarationError(where, f"the parameter {name!r} is missing or has no annotation")
    return Signature(
        path={name: _path_type(where, name, hints[name]) for name in path_names},
        query=_input(where, "query", hints.get("query")),
        query_string=_query_string(where, hints) if "query_string" in names else False,
        body=_input(where, "body", hints.get("body")),
        expected=_expected(where, hints) if "expected" in names else None,
        transaction="transaction" in names,
        database="database" in names,
        caller="caller" in names,
        attempts="attempts" in names,
        upload=_upload(where, hints) if "upload" in names else False,
        uploads=_uploads(where, hints) if "uploads" in names else False,
        preview=_preview(where, hints) if "preview" in names else False,
        request=_request(where, hints) if "request" in names else False,
        services=tuple(sorted(names & SERVICES)),
        returns=_returns(where, hints),
    )


def read_earlier(where: str, name: str, earlier: Handler, takes: Signature) -> None:
    """Check that an ``admit`` or a ``look`` takes what is known before its handler's turn; raises DeclarationError."""
    known = {
        "transaction",
        *takes.path,
        *(("query",) if takes.query else ()),
        *(("expected",) if takes.expected else ()),
    }
    if not inspect.iscoroutinefunction(earlier) or not set(inspect.signature(earlier).parameters) <= known:
        raise DeclarationError(
            where, f"`{name}` must be an async function of parameters of the handler's, without what comes later"
        )


def _hints(where: str, handler: Handler) -> dict[str, Any]:
    try:
        return get_type_hints(handler)
    except NameError as error:
        raise DeclarationError(where, f"an annotation cannot be resolved at run time: {error}") from error


def _path_type(where: str, name: str, annotation: Any) -> type[UUID] | type[str]:
    if annotation is UUID or annotation is str:
        return annotation
    raise DeclarationError(where, f"the path parameter {name!r} must be a UUID or a str")


def _query_string(where: str, hints: dict[str, Any]) -> bool:
    if hints["query_string"] is not bytes:
        raise DeclarationError(where, "`query_string` is bytes, as they were received: what is signed in an address")
    return True


def _expected(where: str, hints: dict[str, Any]) -> Literal["required", "optional"]:
    if hints["expected"] is int:
        return "required"
    if hints["expected"] == int | None:
        return "optional"
    raise DeclarationError(where, "`expected` must be an int, or int | None")


def _upload(where: str, hints: dict[str, Any]) -> bool:
    if hints["upload"] is not Upload:
        raise DeclarationError(where, "`upload` must be an Upload")
    return True


def _uploads(where: str, hints: dict[str, Any]) -> bool:
    if hints["uploads"] != list[FormUpload]:
        raise DeclarationError(where, "`uploads` must be a list[FormUpload]")
    body = hints.get("body")
    if "body" in hints and not (isinstance(body, type) and issubclass(body, Form)):
        raise DeclarationError(where, "beside `uploads` the body is a form: derive it from Form")
    return True


def _request(where: str, hints: dict[str, Any]) -> bool:
    if hints["request"] is not ScimRequest:
        raise DeclarationError(where, "`request` must be a ScimRequest")
    return True


def _preview(where: str, hints: dict[str, Any]) -> bool:
    if hints["preview"] is not PreviewInfo:
        raise DeclarationError(where, "`preview` must be a PreviewInfo")
    return True


def _input(where: str, name: str, annotation: Any) -> type[msgspec.Struct] | None:
    if annotation is None:
        return None
    if not (isinstance(annotation, type) and issubclass(annotation, msgspec.Struct)):
        raise DeclarationError(where, f"`{name}` must be one struct")
    for struct in _structs(annotation):
        _check_input(where, struct)
    if (
        name == "query"
        and {"limit", "cursor"} & set(annotation.__struct_fields__)
        and not issubclass(annotation, Paging)
    ):
        raise DeclarationError(where, "a query string with a limit or a cursor derives from Paging")
    return annotation


def _check_input(where: str, struct: type[msgspec.Struct]) -> None:
    if not struct.__struct_config__.forbid_unknown_fields:
        raise DeclarationError(where, f"{struct.__name__} must refuse unknown fields: derive it from Input")
    if "tenant_id" in struct.__struct_encode_fields__:
        # The tenant comes from the session, in the database. An input that names it invites its use.
        raise DeclarationError(where, f"{struct.__name__} has a tenant_id; the tenant is never input")


def _structs(annotation: Any) -> list[type[msgspec.Struct]]:
    """Every struct type that an annotation reaches."""
    found: list[type[msgspec.Struct]] = []
    pending = [annotation]
    while pending:
        one = pending.pop()
        if isinstance(one, type) and issubclass(one, msgspec.Struct):
            if one not in found:
                found.append(one)
                pending.extend(get_type_hints(one).values())
        else:
            pending.extend(get_args(one))
    return found


_WITHOUT_JSON: dict[Any, Returns] = {
    type(None): Returns("nothing", None, statuses=(204,)),
    Asset: Returns("asset", None),
    Download: Returns("download", None),
    Preview: Returns("preview", None),
    Export: Returns("export", None),
    ScimAnswer: Returns("scim", None),
    **{kind: Returns("view", None) for kind in (View, Redirect, View | Redirect, Redirect | View)},
}


def _returns(where: str, hints: dict[str, Any]) -> Returns:
    if "return" not in hints:
        raise DeclarationError(where, "the handler's return type is missing")
    annotation: Any = hints["return"]
    if annotation in _WITHOUT_JSON:
        return _WITHOUT_JSON[annotation]
    origin = get_origin(annotation)
    if origin is Page:
        return Returns("page", annotation)
    if origin is Created:
        return Returns("created", get_args(annotation)[0], statuses=(201,))
    if origin is Answer:
        return _answer(where, *get_args(annotation))
    return _object(where, annotation)


def _object(where: str, annotation: Any) -> Returns:
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return Returns("object", annotation)
    raise DeclarationError(where, f"cannot answer with {annotation!r}: return a struct, or what answers.py has")


def _answer(where: str, status: Any, body: Any) -> Returns:
    if get_origin(status) is not Literal:
        raise DeclarationError(
            where, f"the status of an answer is a literal, not {status!r}: Answer[Literal[202], None]"
        )
    return Returns("answer", None if body is type(None) else body, statuses=get_args(status))
