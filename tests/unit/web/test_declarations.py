# ruff: noqa: A002 - handlers name their parameters as the path does
"""An endpoint's declaration is complete and free of contradictions, or the process does not start."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest

from belsimple.database.transaction import Database, Transaction
from belsimple.web.answers import Answer, Page, Preview
from belsimple.web.declaration import DeclarationError
from belsimple.web.endpoint import endpoint
from belsimple.web.inputs import Form, FormUpload, Input, PreviewInfo, Upload
from belsimple.web.limits import Limit, by_address, by_fields

from .harness import Service
from .things import EVERY, Thing, ThingChange, get_thing

LIMIT = Limit(name="x", times=1, seconds=1, burst=1, subject=by_address)


class Careless(msgspec.Struct):
    title: str


class Nested(Input, frozen=True):
    careless: list[Careless]


class Naming(Input, frozen=True):
    tenant_id: UUID


class Unbounded(Input, frozen=True):
    limit: int = 10_000


async def reading(transaction: Transaction) -> Thing: ...
async def public() -> Thing: ...
async def public_with_transaction(transaction: Transaction) -> Thing: ...
async def no_transaction(body: ThingChange) -> Thing: ...
async def with_database(transaction: Transaction, database: Database) -> Thing: ...
async def with_body(transaction: Transaction, body: ThingChange) -> Thing: ...
async def with_expected(transaction: Transaction, expected: int) -> Thing: ...
async def with_careless(transaction: Transaction, body: Careless) -> Thing: ...
async def with_nested(transaction: Transaction, body: Nested) -> Thing: ...
async def with_tenant(transaction: Transaction, body: Naming) -> Thing: ...
async def with_unbounded(transaction: Transaction, query: Unbounded) -> Thing: ...
async def with_id(transaction: Transaction, id: UUID) -> Thing: ...
async def with_number(transaction: Transaction, id: int) -> Thing: ...
async def with_hasher(transaction: Transaction, hasher: Any) -> Thing: ...
async def with_unknown(transaction: Transaction, tenant: UUID) -> Thing: ...
async def without_return(transaction: Transaction): ...  # pyright: ignore[reportUnknownParameterType]
async def with_dict(transaction: Transaction) -> dict[str, int]: ...
async def with_list(transaction: Transaction) -> Page[Thing]: ...
async def unannotated(transaction: Transaction, body) -> Thing: ...  # pyright: ignore[reportMissingParameterType, reportUnknownParameterType]
def not_async(transaction: Transaction) -> Thing: ...


class Typed(Form, frozen=True):
    email: str


async def with_files(transaction: Transaction, uploads: list[FormUpload]) -> None: ...
async def with_files_and_fields(transaction: Transaction, body: Typed, uploads: list[FormUpload]) -> None: ...
async def with_files_and_json(transaction: Transaction, body: ThingChange, uploads: list[FormUpload]) -> None: ...
async def with_one_file(transaction: Transaction, uploads: FormUpload) -> None: ...
async def with_both(transaction: Transaction, upload: Upload, uploads: list[FormUpload]) -> None: ...
async def naming(transaction: Transaction) -> UUID | None: ...
async def looking(transaction: Transaction, preview: PreviewInfo) -> Thing: ...
async def looking_at_text(transaction: Transaction, preview: str) -> Thing: ...
async def showing(transaction: Transaction) -> Preview: ...
async def public_with_files(uploads: list[FormUpload]) -> None: ...


OK: dict[str, Any] = {"permission": "things:read", "summary": "A thing"}
PUBLIC: dict[str, Any] = {"permission": "public", "summary": "A thing"}


@pytest.mark.parametrize(
    ("method", "path", "declared", "handler", "why"),
    [
        ("GET", "/x", {**OK, "permission": "things"}, reading, "the permission must be"),
        ("GET", "/x", {**OK, "permission": ""}, reading, "the permission must be"),
        ("GET", "/x", {**OK, "summary": " "}, reading, "summary"),
        ("GET", "x", OK, reading, "not a path"),
        ("OPTIONS", "/x", OK, reading, "unknown method"),
        ("GET", "/x", {**OK, "part": "worker"}, reading, "unknown method or part"),
        ("GET", "/x", PUBLIC, public_with_transaction, "no session"),
        ("GET", "/x", OK, public, "takes the transaction"),
        ("POST", "/x", OK, no_transaction, "takes the transaction"),
        ("GET", "/x", OK, with_database, "nothing that could open another"),
        ("GET", "/x", {**PUBLIC, "fresh": True}, public, "re-authentication"),
        ("POST", "/x", PUBLIC, public, "needs a rate limit"),
        ("POST", "/x", {**PUBLIC, "limits": (LIMIT,), "idempotent": True}, public, "belongs to an account"),
        ("POST", "/x", {**OK, "idempotent": True, "secret": True}, reading, "never stored"),
        ("PUT", "/x", {**OK, "idempotent": True}, reading, "is for POST"),
        ("GET", "/x", OK, with_body, "GET has no body"),
        ("GET", "/x", {**OK, "precondition": "required"}, with_expected, "If-Match is for changes"),
        ("PATCH", "/x", {**OK, "precondition": "required"}, with_body, "must go together"),
        ("PATCH", "/x", OK, with_expected, "must go together"),
        ("PATCH", "/x", {**OK, "precondition": "optional"}, with_expected, "must go together"),
        ("POST", "/x", OK, with_careless, "must refuse unknown fields"),
        ("POST", "/x", OK, with_nested, "must refuse unknown fields"),
        ("POST", "/x", OK, with_tenant, "the tenant is never input"),
        ("GET", "/x", OK, with_unbounded, "derives from Paging"),
        ("GET", "/x", OK, with_list, "derives from Paging"),
        ("GET", "/x", OK, with_id, "neither in the path"),
        ("GET", "/x/{id}", OK, reading, "is missing"),
        ("GET", "/x/{id}", OK, with_number, "must be a UUID or a str"),
        ("POST", "/x", OK, with_hasher, "in gate only"),
        ("GET", "/x", OK, with_unknown, "neither in the path"),
        ("GET", "/x", OK, without_return, "return type is missing"),
        ("GET", "/x", OK, with_dict, "cannot answer with"),
        ("POST", "/x", OK, unannotated, "no annotation"),
        ("GET", "/x", OK, not_async, "async"),
        ("GET", "/x", OK, with_files, "GET has no body"),
        ("POST", "/x", OK, with_files_and_json, "derive it from Form"),
        ("POST", "/x", OK, with_one_file, "must be a list"),
        ("POST", "/x", OK, with_both, "an upload is the body"),
        ("POST", "/x", {**PUBLIC, "limits": (LIMIT,)}, public_with_files, "for a session"),
        ("POST", "/x", {**OK, "part": "gate"}, with_files, "by part web"),
        ("POST", "/api/v1/x", OK, with_files, "as a body, not in a form"),
        ("GET", "/x", OK, looking, "go together"),
        ("GET", "/x", {**OK, "look": naming}, reading, "go together"),
        ("POST", "/x", {**OK, "look": naming}, looking, "a look is for a GET"),
        ("GET", "/x", {**OK, "look": naming, "part": "gate"}, looking, "a look is for a GET"),
        ("GET", "/x", {**OK, "look": looking}, looking, "without what comes later"),
        ("GET", "/x", {**OK, "look": naming}, looking_at_text, "must be a PreviewInfo"),
        ("POST", "/x", OK, showing, "a preview is a GET"),
        ("POST", "/x", {**OK, "idempotent": True}, with_files, "not for a form with files"),
        (
            "POST",
            "/x",
            {**OK, "limits": (Limit(name="x", times=1, seconds=1, burst=1, subject=by_fields("email")),)},
            with_files_and_fields,
            "before its fields are read",
        ),
        (
            "POST",
            "/x",
            {**OK, "limits": (Limit(name="x", times=1, seconds=1, burst=1, subject=by_fields("email")),)},
            with_body,
            "fields that the body lacks",
        ),
    ],
)
def test_it_refuses_a_contradiction(
    method: Any, path: str, declared: dict[str, Any], handler: Callable[..., Any], why: str
) -> None:
    with pytest.raises(DeclarationError, match=why):
        endpoint(method, path, **declared)(handler)


def test_it_refuses_an_answer_whose_status_the_document_could_not_tell() -> None:
    async def unsaid(transaction: Transaction) -> Answer[int, None]:
        return Answer(202)

    with pytest.raises(DeclarationError, match="is a literal"):
        endpoint("POST", "/x", permission="signed-in", summary="A thing")(unsaid)


def test_it_refuses_an_endpoint_without_a_permission() -> None:
    with pytest.raises(TypeError, match="permission"):
        endpoint("GET", "/x", summary="A thing")  # pyright: ignore[reportCallIssue]


def test_it_refuses_two_endpoints_at_one_address() -> None:
    with pytest.raises(DeclarationError, match="declared twice"):
        Service((*EVERY, get_thing))


def test_it_refuses_an_endpoint_whose_service_is_not_given() -> None:
    declared = endpoint("POST", "/x", permission="signed-in", summary="Hashes", part="gate")(with_hasher)
    with pytest.raises(DeclarationError, match="no hasher was given"):
        Service([declared], part="gate")


def test_it_refuses_gates_endpoints_without_a_way_to_gate() -> None:
    declared = endpoint("POST", "/x", permission="signed-in", summary="Hashes", part="gate")(with_hasher)
    with pytest.raises(DeclarationError, match="no socket"):
        Service([declared], part="web")


def test_a_sound_declaration_becomes_an_endpoint() -> None:
    made = endpoint("POST", "/x/{id}", permission="things:write", summary="A thing")(with_id)
    assert (made.route, made.reads, made.public, made.idempotent) == ("POST /x/{id}", False, False, True)
