"""Resources as directories send them, brought into one form: names as the schema spells them, values of its types, nothing it does not know.

Directories differ: Entra ID sends booleans as texts, single values where lists belong, and texts where a complex value has one part that matters.
"""

from typing import Any, Final

from belsimple.scim.attributes import Attribute, Resource, find
from belsimple.scim.faults import InvalidSyntax, InvalidValue
from belsimple.scim.json_values import is_list, is_object

Document = dict[str, Any]
MAX_TEXT: Final = 4000
MAX_VALUES: Final = 1000
MAX_MEMBERS: Final = 20_000
_TRUE_OR_FALSE: Final = {"true": True, "false": False}


def read_resource(raw: Any, resource: Resource) -> Document:
    """What a POST or PUT says, without what is read-only or not known. Raises InvalidSyntax and InvalidValue."""
    if not is_object(raw):
        raise InvalidSyntax("The body is a JSON object.")
    document: Document = {}
    for name, value in raw.items():
        extension = resource.extension(name)
        if extension is not None:
            _keep(document, extension.urn, complex_value(extension.name, extension.attributes, value))
            continue
        attribute = find(resource.core.attributes, name)
        if attribute is not None and not attribute.read_only:
            _keep(document, attribute.name, read_value(attribute, value))
    external = next((value for name, value in raw.items() if name.lower() == "externalid"), None)
    _keep(document, "externalId", None if external is None else text(Attribute("externalId"), external))
    return document


def _keep(document: Document, name: str, value: Any) -> None:
    if value not in (None, [], {}, ""):  # unassigned (RFC 7643, section 2.5)
        document[name] = value


def read_value(attribute: Attribute, value: Any) -> Any:
    """A value of an attribute; None for an unassigned one. Raises InvalidValue."""
    if value is None:
        return None
    if not attribute.many:
        return _single(attribute, value)
    given = value if is_list(value) else [value]
    if len(given) > (MAX_MEMBERS if attribute.name == "members" else MAX_VALUES):
        raise InvalidValue(f"{attribute.name} has too many values.")
    found = [one for one in (_single(attribute, item) for item in given) if one not in (None, {}, "")]
    if sum(one.get("primary") is True for one in found if is_object(one)) > 1:
        raise InvalidValue(f"One value of {attribute.name} is primary at most.")
    return found


def _single(attribute: Attribute, value: Any) -> Any:
    if attribute.kind == "complex":
        return complex_value(attribute.name, attribute.parts, value)
    return _boolean(attribute, value) if attribute.kind == "boolean" else text(attribute, value)


def complex_value(name: str, parts: tuple[Attribute, ...], value: Any) -> Document | None:
    """A complex value; a text alone is its ``value``. Raises InvalidValue."""
    if value is None:
        return None
    if not is_object(value) and (find(parts, "value") is None or isinstance(value, list)):
        raise InvalidValue(f"{name} is an object.")
    found: Document = {}
    for key, item in (value if is_object(value) else {"value": value}).items():
        part = find(parts, key)
        if part is not None and not part.read_only:
            _keep(found, part.name, read_value(part, item))
    return found


def _boolean(attribute: Attribute, value: Any) -> bool:
    known = _TRUE_OR_FALSE.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(known, bool):
        raise InvalidValue(f"{attribute.name} is true or false.")
    return known


def text(attribute: Attribute, value: Any) -> str:
    """A text that is not too long. Raises InvalidValue."""
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise InvalidValue(f"{attribute.name} is a text of {MAX_TEXT} characters at most.")
    return value
