"""Paths of PATCH operations (RFC 7644, section 3.5.2): ``attr``, ``attr.sub``, ``attr[filter]``, ``attr[filter].sub``, and all of them behind a URN."""

import re
from typing import Final

import msgspec

from belsimple.scim.attributes import Attribute, Path, Resource, resolve
from belsimple.scim.faults import InvalidFilter, InvalidPath
from belsimple.scim.filters import Filter, parse_value_filter

_MAX_LENGTH: Final = 2000
_PATH: Final = re.compile(
    r"(?P<name>[A-Za-z$][\w$:.-]*)(?:\[(?P<filter>.*)\](?:\.(?P<part>[A-Za-z$][\w$-]*))?)?", re.DOTALL
)


class Target(msgspec.Struct, frozen=True):
    """Where an operation works. ``attribute`` None: a whole extension. ``part``: of the values that ``where`` selects."""

    path: Path
    attribute: Attribute | None
    where: Filter | None = None
    part: Attribute | None = None


def parse_path(text: str, resource: Resource) -> Target:
    """What a path means. Raises InvalidPath."""
    matched = _PATH.fullmatch(text.strip()) if len(text) <= _MAX_LENGTH else None
    found = None if matched is None else resolve(resource, matched["name"])
    if matched is None or found is None:
        raise InvalidPath("The path names an attribute that is not known.")
    if matched["filter"] is None:
        return Target(found.path, found.attribute)
    attribute = found.attribute
    if attribute is None or not attribute.many or not attribute.parts:
        raise InvalidPath("Brackets select among the values of a multi-valued attribute.")
    try:
        where = parse_value_filter(matched["filter"], attribute)
    except InvalidFilter as error:
        raise InvalidPath(error.detail) from None
    part = attribute.part(matched["part"]) if matched["part"] else None
    if matched["part"] and part is None:
        raise InvalidPath("The path names an attribute that is not known.")
    return Target(found.path, attribute, where, part)
