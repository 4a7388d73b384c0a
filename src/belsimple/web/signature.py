"""Reads a handler's signature once, when it is declared: what it takes from the request and what it returns."""

import inspect
import types
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from belsimple.web.answers import Answer, Asset, Created, HtmlPage, Page
from belsimple.web.declaration import DeclarationError
from belsimple.web.inputs import Paging

Handler = Callable[..., Awaitable[Any]]
Kind = Literal["object", "created", "nothing", "page", "answer", "html", "asset"]
SERVICES = frozenset({"hasher", "gate"})
"""Parameters filled from the objects given at assembly: the Argon2 pool (part gate), the way to gate (part web)."""


_FILLED_IN = frozenset({"transaction", "database", "caller", "attempts", "query", "body", "expected"})


@dataclass(frozen=True)
class Returns:
    """The shape of a handler's answer; ``body`` is the type of its JSON, None when it has none."""

    kind: Kind
    body: Any


@dataclass(frozen=True)
class Signature:
    """A handler's parameters by origin."""

    path: dict[str, type[UUID] | type[str]]
    query: type[msgspec.Struct] | None
    body: type[msgspec.Struct] | None
    expected: Literal["required", "optional"] | None
    transaction: bool
    database: bool
    caller: bool
    attempts: bool
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
        body=_input(where, "body", hints.get("body")),
        expected=_expected(where, hints) if "expected" in names else None,
        transaction="transaction" in names,
        database="database" in names,
        caller="caller" in names,
        attempts="attempts" in names,
        services=tuple(sorted(names & SERVICES)),
        returns=_returns(where, hints),
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


def _expected(where: str, hints: dict[str, Any]) -> Literal["required", "optional"]:
    if hints["expected"] is int:
        return "required"
    if hints["expected"] == int | None:
        return "optional"
    raise DeclarationError(where, "`expected` must be an int, or int | None")


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


def _returns(where: str, hints: dict[str, Any]) -> Returns:
    if "return" not in hints:
        raise DeclarationError(where, "the handler's return type is missing")
    annotation: Any = hints["return"]
    kinds: dict[Any, Kind] = {Created: "created", Page: "page", Answer: "answer"}
    if annotation is type(None):
        return Returns("nothing", None)
    if annotation is HtmlPage:
        return Returns("html", None)
    if annotation is Asset:
        return Returns("asset", None)
    origin = get_origin(annotation)
    if origin in kinds:
        body = get_args(annotation)[0]
        return Returns(
            kinds[origin],
            annotation if origin is Page else None if body is type(None) else body,
        )
    if origin in (Union, types.UnionType) or not (
        isinstance(annotation, type) and issubclass(annotation, msgspec.Struct)
    ):
        raise DeclarationError(
            where,
            f"cannot answer with {annotation!r}: return a struct, or what answers.py has",
        )
    return Returns("object", annotation)
