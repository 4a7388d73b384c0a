"""What a list is asked for (RFC 7644, section 3.4.2), in an address or in the body of a ``.search``; and which attributes an answer has (3.9)."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any, Final, Self

import msgspec

from belsimple.scim.attributes import Path, Resource, resolve
from belsimple.scim.documents import Document
from belsimple.scim.faults import InvalidSyntax, InvalidValue
from belsimple.scim.json_values import is_list, is_object
from belsimple.web.provisioning import ScimRequest

MAX_RESULTS: Final = 200
_PAGE: Final = 100
_LAST: Final = 10_000_000
_ALWAYS: Final = ("schemas", "id")


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """``start`` counts from 1; ``count`` is bounded, whatever was asked for."""

    filter: str | None = None
    sort_by: str | None = None
    descending: bool = False
    start: int = 1
    count: int = _PAGE
    attributes: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    @classmethod
    def of(cls, request: ScimRequest) -> Self:
        """What a request asks, by its body if it is a search. Raises InvalidSyntax and InvalidValue."""
        given: Any = request.document if request.method == "POST" else request.query
        if not is_object(given):
            raise InvalidSyntax("The body is a JSON object.")
        known = {name.lower(): value for name, value in given.items()}
        return cls(
            filter=_text(known, "filter"),
            sort_by=_text(known, "sortby"),
            descending=(_text(known, "sortorder") or "").lower() == "descending",
            start=_number(known, "startindex", 1, 1, _LAST),
            count=_number(known, "count", _PAGE, 0, MAX_RESULTS),
            attributes=_names(known.get("attributes")),
            excluded=_names(known.get("excludedattributes")),
        )


def _text(given: dict[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidSyntax(f"{name} is a text.")
    return value or None


def _number(given: dict[str, Any], name: str, default: int, least: int, most: int) -> int:
    value = given.get(name, default)
    try:
        return max(least, min(most, int(value)))
    except (TypeError, ValueError):
        raise InvalidValue(f"{name} is a whole number.") from None


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(name.strip() for name in value.split(",") if name.strip())[:100]
    if value is not None and not is_list(value):
        raise InvalidSyntax("attributes is a list of names.")
    return tuple(name for name in value or () if isinstance(name, str))[:100]


def selected(document: Document, resource: Resource, question: Question) -> Document:
    """The document with the attributes that were asked for; ``id`` and ``schemas`` always."""
    if question.attributes:
        chosen = {name: document[name] for name in _ALWAYS if name in document}
        for path in _paths(question.attributes, resource):
            _copy(document, chosen, path)
        return chosen
    if not question.excluded:
        return document
    rest = deepcopy(document)
    for path in _paths(question.excluded, resource):
        if path[0] not in _ALWAYS:
            _drop(rest, path)
    return rest


def excludes(question: Question, resource: Resource, name: str) -> bool:
    """Whether an answer goes without this attribute, so that it need not be gathered."""
    if question.attributes:
        return all(path[0] != name for path in _paths(question.attributes, resource))
    return (name,) in _paths(question.excluded, resource)


def _paths(names: Iterable[str], resource: Resource) -> list[Path]:
    return [found.path for name in names if (found := resolve(resource, name)) is not None]


def _copy(source: Any, into: Document, path: Path) -> None:
    name, rest = path[0], path[1:]
    if not is_object(source) or name not in source:
        return
    value = source[name]
    if not rest:
        into[name] = value
    elif is_list(value):
        kept: list[Document] = into.setdefault(name, [{} for _ in value])
        for item, one in zip(value, kept, strict=True):
            _copy(item, one, rest)
    else:
        _copy(value, into.setdefault(name, {}), rest)


def _drop(document: Any, path: Path) -> None:
    if is_list(document):
        for one in document:
            _drop(one, path)
    elif is_object(document):
        if len(path) == 1:
            document.pop(path[0], None)
        else:
            _drop(document.get(path[0]), path[1:])
