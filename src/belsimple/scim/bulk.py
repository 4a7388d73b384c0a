"""Many changes in one request (RFC 7644, section 3.7): each stands or falls by itself, and may refer to what another one makes."""

import re
from typing import Any, Final
from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import KeepChanges, Transaction
from belsimple.scim import groups, users
from belsimple.scim.faults import Fault, InvalidSyntax, InvalidValue
from belsimple.scim.json_values import as_object, is_list, is_object
from belsimple.web.database_errors import problem_of
from belsimple.web.problems import NotFound, Problem
from belsimple.web.provisioning import ScimAnswer, ScimRequest, told

_q = load_queries("belsimple.scim")
MAX_OPERATIONS: Final = 200
RESPONSE: Final = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
_PATH: Final = re.compile(r"/(?P<type>Users|Groups)(?:/(?P<id>[^/]{1,200}))?")
_REFERENCE: Final = "bulkId:"
_TYPES: Final[dict[str, Any]] = {"Users": users, "Groups": groups}
_WORK: Final = {"PUT": "replace", "PATCH": "patch", "DELETE": "delete"}


class _Operation(msgspec.Struct, frozen=True):
    method: str
    path: str
    name: str | None
    data: Any
    version: str | None


async def run(transaction: Transaction, request: ScimRequest) -> ScimAnswer:
    """Carry out all operations; those that refer to another wait for it. Raises InvalidSyntax, and Fault (413) for too many."""
    waiting, most = _read(request.document)
    known: dict[str, str] = {}
    answers: list[dict[str, Any]] = []
    errors = 0
    while waiting and (not most or errors < most):
        ready = next((one for one in waiting if not _open(one, known, waiting)), waiting[0])
        waiting.remove(ready)
        answer = await _carried_out(transaction, request, ready, known)
        errors += int(answer["status"]) >= 400
        answers.append(answer)
    return ScimAnswer(200, {"schemas": [RESPONSE], "Operations": answers})


def _read(document: Any) -> tuple[list[_Operation], int]:
    given = as_object(document)
    listed, most = given.get("Operations"), given.get("failOnErrors") or 0
    if not is_list(listed) or not isinstance(most, int):
        raise InvalidSyntax("The body has Operations, and failOnErrors is a number.")
    if len(listed) > MAX_OPERATIONS:
        raise Fault(f"A request has {MAX_OPERATIONS} operations at most.", status=413)
    return [_operation(one) for one in listed], most


def _operation(raw: Any) -> _Operation:
    given = as_object(raw)
    method, path, name = given.get("method"), given.get("path"), given.get("bulkId")
    if not isinstance(method, str) or not isinstance(path, str) or not isinstance(name, str | None):
        raise InvalidSyntax("An operation has a method and a path, and texts as bulkId.")
    if method.upper() == "POST" and not name:
        raise InvalidSyntax("A POST within a bulk request has a bulkId.")
    version = given.get("version")
    return _Operation(method.upper(), path, name, given.get("data"), version if isinstance(version, str) else None)


def _open(operation: _Operation, known: dict[str, str], waiting: list[_Operation]) -> bool:
    """Whether it refers to what another operation has still to make."""
    unmade = {one.name for one in waiting if one is not operation and one.method == "POST"} - known.keys()
    return any(name in unmade for name in _references([operation.path, operation.data]))


def _references(value: Any) -> list[str]:
    if isinstance(value, str):
        return [part.removeprefix(_REFERENCE) for part in value.split("/") if part.startswith(_REFERENCE)]
    inner = list(value.values()) if is_object(value) else value if is_list(value) else []
    return [name for one in inner for name in _references(one)]


async def _carried_out(
    transaction: Transaction, request: ScimRequest, operation: _Operation, known: dict[str, str]
) -> dict[str, Any]:
    answer: dict[str, Any] = {"method": operation.method}
    if operation.name:
        answer["bulkId"] = operation.name
    await transaction.execute(_q.begin_operation)
    try:
        done, location = await _done(transaction, request, operation, known)
    except Exception as error:
        problem = error if isinstance(error, Problem) else problem_of(error)
        if problem is None or problem.status >= 500:
            raise
        await transaction.execute(_q.keep_operation if isinstance(error, KeepChanges) else _q.undo_operation)
        body = told(problem)
        return {**answer, "status": body["status"], "response": body}
    await transaction.execute(_q.keep_operation)
    if operation.name and operation.method == "POST":
        known[operation.name] = location.rpartition("/")[2]
    version = {} if done.version is None else {"version": f'W/"{done.version}"'}
    return {**answer, **version, "location": location, "status": str(done.status)}


async def _done(
    transaction: Transaction, request: ScimRequest, operation: _Operation, known: dict[str, str]
) -> tuple[ScimAnswer, str]:
    path = _PATH.fullmatch(_resolved(operation.path, known))
    if path is None or (path["id"] is None) != (operation.method == "POST"):
        raise InvalidValue("An operation's path is /Users, /Groups, or one of theirs.")
    document = _resolved(operation.data, known)
    inner = msgspec.structs.replace(request, method=operation.method, document=document, expected=_version(operation))
    work = _TYPES[path["type"]]
    if operation.method == "POST":
        made: ScimAnswer = await work.create(transaction, inner)
        return made, str(made.location)
    if operation.method not in _WORK:
        raise InvalidValue("An operation's method is POST, PUT, PATCH or DELETE.")
    done: ScimAnswer = await getattr(work, _WORK[operation.method])(transaction, _id(path["id"]), inner)
    return done, f"{request.base}{path[0]}"


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


def _version(operation: _Operation) -> int | None:
    if operation.version is None:
        return None
    found = re.fullmatch(r'(?:W/)?"(\d{1,9})"', operation.version)
    if found is None:
        raise Fault("The version is none of ours.", status=412)
    return int(found[1])


def _resolved(value: Any, known: dict[str, str]) -> Any:
    """The value with ids in the place of references. Raises InvalidValue for one to nothing that was made."""
    if isinstance(value, str):
        return "/".join(_named(part, known) for part in value.split("/")) if _REFERENCE in value else value
    if is_object(value):
        return {name: _resolved(one, known) for name, one in value.items()}
    return [_resolved(one, known) for one in value] if is_list(value) else value


def _named(part: str, known: dict[str, str]) -> str:
    if not part.startswith(_REFERENCE):
        return part
    if part.removeprefix(_REFERENCE) not in known:
        raise InvalidValue("A bulkId refers to nothing that this request made.")
    return known[part.removeprefix(_REFERENCE)]
