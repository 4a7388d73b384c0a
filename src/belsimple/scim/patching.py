"""PATCH (RFC 7644, section 3.5.2): operations on a document, as directories really send them.

Entra ID writes ``Add``, ``Replace`` and ``Remove``, and selects a value that is not there yet in order to make it; Okta leaves the path out.
"""

from copy import deepcopy
from typing import Any, Final

from belsimple.scim.attributes import Attribute, Path, Resource, find
from belsimple.scim.documents import MAX_MEMBERS, Document, complex_value, read_value
from belsimple.scim.faults import InvalidPath, InvalidSyntax, InvalidValue, NoTarget, ReadOnly
from belsimple.scim.filters import Every, Filter, Term, holds
from belsimple.scim.json_values import as_object, is_list, is_object
from belsimple.scim.patch_paths import Target, parse_path

MAX_OPERATIONS: Final = 1000
_IGNORED: Final = frozenset(("schemas", "id", "meta", "groups"))
"""In a value without a path these come along with the rest (Okta sends a group's id when it renames it)."""


def patched(document: Document, raw: Any, resource: Resource) -> Document:
    """The document after all operations of a PatchOp message. Raises InvalidSyntax, InvalidPath, InvalidValue, NoTarget, ReadOnly."""
    result = deepcopy(document)
    for operation in _operations(raw):
        kind, path, value = _parts(operation)
        if path is not None:
            _apply(result, kind, parse_path(path, resource), value, resource)
        elif is_object(value) and kind != "remove":
            _apply_all(result, kind, value, resource)
        else:
            raise NoTarget("An operation without a path takes an object of attributes.")
    return _without_empty(result)


def _operations(raw: Any) -> list[Any]:
    operations = next((value for name, value in as_object(raw).items() if name.lower() == "operations"), None)
    if not is_list(operations) or not 0 < len(operations) <= MAX_OPERATIONS:
        raise InvalidSyntax(f"The body has Operations, {MAX_OPERATIONS} at most.")
    return operations


def _parts(operation: Any) -> tuple[str, str | None, Any]:
    given = {name.lower(): value for name, value in as_object(operation).items()}
    kind, path = given.get("op"), given.get("path") or None
    if not isinstance(kind, str) or kind.lower() not in ("add", "replace", "remove"):
        raise InvalidSyntax("An operation's op is add, replace or remove.")
    if not isinstance(path, str | None) or (kind.lower() != "remove" and "value" not in given):
        raise InvalidSyntax("An operation has a path, a value, or both.")
    return kind.lower(), path, given.get("value")


def _apply_all(document: Document, kind: str, values: dict[str, Any], resource: Resource) -> None:
    for name, value in values.items():
        target = _known(name, resource)
        if target is not None and not (target.attribute is not None and target.attribute.read_only):
            _apply(document, kind, target, value, resource)


def _known(name: str, resource: Resource) -> Target | None:
    """What a name in an object means; None for what no schema knows, which is not kept, as in a whole resource."""
    try:
        return None if name.lower() in _IGNORED else parse_path(name, resource)
    except InvalidPath:
        return None


def _apply(document: Document, kind: str, target: Target, value: Any, resource: Resource) -> None:
    attribute = target.attribute
    if (attribute and attribute.read_only) or (target.part and target.part.read_only):
        raise ReadOnly("The attribute cannot be changed.")
    if attribute is None:
        _extension(document, kind, target.path[0], value, resource)
        return
    holder = _holder(document, target.path, resource, make=kind != "remove")
    if holder is None:
        return
    if target.where is not None:
        _selected(holder, kind, attribute, target.where, target.part, value)
    elif is_list(holder):
        for one in holder:
            _whole(one, kind, attribute, value)
    else:
        _whole(holder, kind, attribute, value)


def _extension(document: Document, kind: str, urn: str, value: Any, resource: Resource) -> None:
    if kind == "remove":
        document.pop(urn, None)
        return
    if not is_object(value):
        raise InvalidValue("An extension is an object.")
    for name, one in value.items():
        target = _known(f"{urn}:{name}", resource)
        if target is not None:
            _apply(document, kind, target, one, resource)


def _holder(document: Document, path: Path, resource: Resource, *, make: bool) -> Any:
    """The object, or the list of objects, in which the last name of a path stands; None where a removal finds nothing."""
    first = find(resource.core.attributes, path[0])
    if len(path) > 1 and first is not None and first.many:
        if make and path[0] not in document:
            raise NoTarget("The path selects nothing.")
        return document.get(path[0])
    holder: Any = document
    for name in path[:-1]:
        if not make and name not in holder:
            return None
        holder = holder.setdefault(name, {})
    return holder


def _whole(holder: Document, kind: str, attribute: Attribute, value: Any) -> None:
    name = attribute.name
    if kind == "remove":
        _remove(holder, attribute, value)
        return
    given = read_value(attribute, value)
    if attribute.many and kind == "add":
        holder[name] = _joined(holder.get(name, []), given or [])
    elif attribute.kind == "complex" and not attribute.many and isinstance(holder.get(name), dict) and given:
        holder[name] |= given  # sub-attributes that are not named stay (3.5.2.1, 3.5.2.3)
    else:
        holder[name] = given


def _remove(holder: Document, attribute: Attribute, value: Any) -> None:
    """All of it; or the values that are listed, as Entra ID removes members."""
    if attribute.required:
        raise ReadOnly(f"{attribute.name} always has a value.")
    if value is None or not attribute.many:
        holder.pop(attribute.name, None)
        return
    listed: list[Document] = read_value(attribute, value) or []
    gone = {one.get("value") for one in listed}
    holder[attribute.name] = [one for one in holder.get(attribute.name, []) if one.get("value") not in gone]


def _joined(present: list[Document], added: list[Document]) -> list[Document]:
    """Both, each value once; a new primary value takes the place of the old one."""
    if any(one.get("primary") for one in added):
        for one in present:
            one.pop("primary", None)
    known = {_key(one) for one in present}
    joined = [*present, *(one for one in added if _key(one) not in known)]
    if len(joined) > MAX_MEMBERS:
        raise InvalidValue("There are too many values.")
    return joined


def _key(value: Document) -> Any:
    return value.get("value"), value.get("type"), value.get("formatted"), value.get("streetAddress")


def _selected(
    holder: Document, kind: str, attribute: Attribute, where: Filter, part: Attribute | None, value: Any
) -> None:
    values: list[Document] = holder.get(attribute.name, [])
    chosen = [one for one in values if holds(where, one)]
    if kind == "remove" and part is None:
        holder[attribute.name] = [one for one in values if one not in chosen]
        return
    if kind == "remove" and part is not None:
        for one in chosen:
            one.pop(part.name, None)
        return
    if not chosen:
        chosen = [_begun(where)]
        holder[attribute.name] = [*values, *chosen]
    if part is not None and part.name == "primary" and read_value(part, value):
        for one in values:
            one.pop("primary", None)
    for one in chosen:
        _set(one, attribute, part, value)


def _begun(where: Filter) -> Document:
    """The value that a filter describes, where there is none yet: ``emails[type eq "work"]``. Raises NoTarget."""
    terms = where.of if isinstance(where, Every) else (where,)
    made = {one.path[0]: one.value for one in terms if isinstance(one, Term) and one.operator == "eq"}
    if len(made) != len(terms):
        raise NoTarget("The path selects nothing.")
    return made


def _set(one: Document, attribute: Attribute, part: Attribute | None, value: Any) -> None:
    if part is not None:
        one[part.name] = read_value(part, value)
        return
    one |= complex_value(attribute.name, attribute.parts, value) or {}


def _without_empty(document: Document) -> Document:
    cleaned = {name: _cleaned(value) for name, value in document.items()}
    return {name: value for name, value in cleaned.items() if value not in (None, [], {}, "")}


def _cleaned(value: Any) -> Any:
    if is_list(value):
        return [one for item in value if (one := _without_empty(item))]
    return _without_empty(value) if is_object(value) else value
