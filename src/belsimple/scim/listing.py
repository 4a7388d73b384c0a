"""Lists of resources, and single ones, as they are told (RFC 7644, sections 3.4.1 and 3.4.2)."""

from typing import Any, Final
from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Transaction
from belsimple.scim.attributes import Path, Resource, resolve
from belsimple.scim.documents import Document
from belsimple.scim.faults import InvalidFilter, InvalidValue
from belsimple.scim.filters import Filter, named, parse_filter, tree
from belsimple.scim.questions import Question, excludes, selected
from belsimple.scim.schemas import GROUP, RESOURCES, USER
from belsimple.web.problems import NotFound
from belsimple.web.provisioning import ScimAnswer, ScimRequest

_q = load_queries("belsimple.scim")
LIST: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


class _Row(msgspec.Struct, frozen=True):
    total: int
    id: UUID | None
    document: str | None
    version: int | None


async def one(transaction: Transaction, resource: Resource, id: UUID, request: ScimRequest) -> ScimAnswer:  # noqa: A002 - SCIM's own word
    """A resource. Raises NotFound, for another connection's too."""
    question = Question.of(request) if request.method == "GET" else Question()
    [row] = await _rows(transaction, resource, None, question, id=id)
    if row.id is None:
        raise NotFound
    told = _told(row, resource, request.base)
    return ScimAnswer(200, selected(told, resource, question), row.version)


async def listed(transaction: Transaction, resource: Resource, request: ScimRequest) -> ScimAnswer:
    """A page of one type's resources. Raises InvalidFilter, and InvalidValue for a sortBy that is not known."""
    question = Question.of(request)
    total, found = await _page(transaction, resource, _filter(question, resource), question, request.base)
    return _answer(question, total, found)


async def searched(transaction: Transaction, request: ScimRequest) -> ScimAnswer:
    """A page of all types' resources, the users first. A type that lacks what the filter names has none that match."""
    question = Question.of(request)
    total, found, wrong = 0, list[Document](), list[InvalidFilter]()
    for resource in RESOURCES:
        try:
            wanted = _filter(question, resource)
        except InvalidFilter as error:
            wrong.append(error)
            continue
        left = msgspec.structs.replace(
            question, start=max(1, question.start - total), count=question.count - len(found)
        )
        of_type, more = await _page(transaction, resource, wanted, left, request.base)
        total += of_type
        found += more
    if len(wrong) == len(RESOURCES):
        raise wrong[0]
    return _answer(question, total, found)


def _filter(question: Question, resource: Resource) -> Filter | None:
    return None if question.filter is None else parse_filter(question.filter, resource)


def _answer(question: Question, total: int, found: list[Document]) -> ScimAnswer:
    body = {"schemas": [LIST], "totalResults": total, "startIndex": question.start, "itemsPerPage": len(found)}
    return ScimAnswer(200, {**body, "Resources": found})


async def _page(
    transaction: Transaction, resource: Resource, wanted: Filter | None, question: Question, base: str
) -> tuple[int, list[Document]]:
    rows = await _rows(transaction, resource, wanted, question)
    found = [selected(_told(row, resource, base), resource, question) for row in rows if row.id is not None]
    return rows[0].total, found


async def _rows(
    transaction: Transaction,
    resource: Resource,
    wanted: Filter | None,
    question: Question,
    *,
    id: UUID | None = None,  # noqa: A002 - SCIM's own word
) -> list[_Row]:
    external = None if wanted is None else named(wanted, "externalId")
    common: dict[str, Any] = {
        "filter": None if wanted is None else msgspec.json.encode(tree(wanted)).decode(),
        "id": id,
        "external_id": external,
        "sort": _sort(question, resource),
        "descending": question.descending,
        "offset": question.start - 1,
        "limit": question.count,
    }
    if resource is USER:
        name = None if wanted is None else named(wanted, "userName")
        return await transaction.rows(_q.users, _Row, **common, user_name=name)
    name = None if wanted is None else named(wanted, "displayName")
    members = not excludes(question, GROUP, "members")
    return await transaction.rows(_q.groups, _Row, **common, display_name=name, members=members)


def _sort(question: Question, resource: Resource) -> Path | None:
    if question.sort_by is None:
        return None
    found = resolve(resource, question.sort_by)
    if found is None or found.attribute is None:
        raise InvalidValue("sortBy names an attribute that is not known.")
    return (*found.path, "value") if found.attribute.part("value") else found.path


def _told(row: _Row, resource: Resource, base: str) -> Document:
    assert row.document is not None  # what has an id has one
    return presented(msgspec.json.decode(row.document), resource, row.version, base)


def presented(kept: Document, resource: Resource, version: int | None, base: str) -> Document:
    """A document as it is sent: its schemas, where it is, and addresses of what it refers to."""
    urns = [resource.core.urn, *(one.urn for one in resource.extensions if one.urn in kept)]
    meta = {**kept["meta"], "location": f"{base}{resource.endpoint}/{kept['id']}", "version": f'W/"{version}"'}
    for name, endpoint in (("groups", "/Groups"), ("members", "/Users")):
        for item in kept.get(name, ()):
            item["$ref"] = f"{base}{endpoint}/{item['value']}"
    return {"schemas": urns, **kept, "meta": meta}
