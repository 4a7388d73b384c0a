"""Filters (RFC 7644, section 3.4.2.2): parsed by hand into a tree, against the schema, within bounds.

What comes of it is data: the database walks the tree that `tree` makes, and no text of a caller's becomes part of a statement.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from belsimple.scim.attributes import Attribute, Found, Path, Resource, find, resolve
from belsimple.scim.faults import InvalidFilter
from belsimple.scim.json_values import as_object, is_list

MAX_LENGTH: Final = 4000
MAX_DEPTH: Final = 8
MAX_TERMS: Final = 50
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<mark>[()\[\]])|(?P<word>[A-Za-z$][\w$:.-]*)|(?P<number>-?\d+(?:\.\d+)?))"""
)
_OPERATORS: Final = frozenset(("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"))
_ORDERED: Final = frozenset(("gt", "ge", "lt", "le"))
_PARTIAL: Final = frozenset(("co", "sw", "ew"))


class Term(msgspec.Struct, frozen=True):
    """An attribute compared with a value, or ``pr``: whether it has one. ``fold``: case counts for nothing."""

    path: Path
    operator: str
    value: Any = None
    fold: bool = False


class Every(msgspec.Struct, frozen=True):
    """All of these."""

    of: tuple["Filter", ...]


class Some(msgspec.Struct, frozen=True):
    """One of these, or more."""

    of: tuple["Filter", ...]


class Not(msgspec.Struct, frozen=True):
    """Not this."""

    of: "Filter"


class Where(msgspec.Struct, frozen=True):
    """Some value of a multi-valued attribute for which this holds."""

    path: Path
    of: "Filter"


Filter = Term | Every | Some | Not | Where
LookUp = Callable[[str], Found | None]


def parse_filter(text: str, resource: Resource) -> Filter:
    """The tree of a filter. Raises InvalidFilter."""
    return _Parser(text, lambda name: resolve(resource, name)).whole()


def parse_value_filter(text: str, attribute: Attribute) -> Filter:
    """The same of what stands in brackets behind this attribute, whose sub-attributes it names. Raises InvalidFilter."""
    return _Parser(text, lambda name: _part_of(attribute, name)).whole()


def _part_of(attribute: Attribute, name: str) -> Found | None:
    part = find(attribute.parts, name)
    return part and Found((part.name,), part)


class _Parser:
    """Recursive descent: ``or`` binds loosest, then ``and``, then ``not``."""

    def __init__(self, text: str, look_up: LookUp) -> None:
        if len(text) > MAX_LENGTH:
            raise InvalidFilter(f"A filter has {MAX_LENGTH} characters at most.")
        self._tokens = _tokens(text)
        self._place = 0
        self._terms = 0
        self._look_up: LookUp = look_up

    def whole(self) -> Filter:
        """The whole text as one filter."""
        found = self._any(0)
        if self._place < len(self._tokens):
            raise InvalidFilter("Something stands behind the end of the filter.")
        return found

    def _any(self, depth: int) -> Filter:
        if depth > MAX_DEPTH:  # a stack is not a caller's to use up
            raise InvalidFilter(f"A filter is nested {MAX_DEPTH} deep at most.")
        found = [self._all(depth)]
        while self._take("or"):
            found.append(self._all(depth))
        return found[0] if len(found) == 1 else Some(tuple(found))

    def _all(self, depth: int) -> Filter:
        found = [self._one(depth)]
        while self._take("and"):
            found.append(self._one(depth))
        return found[0] if len(found) == 1 else Every(tuple(found))

    def _one(self, depth: int) -> Filter:
        if self._take("not"):
            if not self._take("("):
                raise InvalidFilter("Write not (...).")
            return Not(self._closed(depth, ")"))
        return self._closed(depth, ")") if self._take("(") else self._term(depth)

    def _closed(self, depth: int, mark: str) -> Filter:
        found = self._any(depth + 1)
        if not self._take(mark):
            raise InvalidFilter(f"A {mark} is missing.")
        return found

    def _term(self, depth: int) -> Filter:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise InvalidFilter(f"A filter has {MAX_TERMS} terms at most.")
        name = self._next()
        found = self._look_up(name)
        if found is None or found.attribute is None:
            raise InvalidFilter("The filter names an attribute that is not known.")
        if self._take("["):
            return self._where(found, depth)
        if self._take("pr"):
            return Term(found.path, "pr")
        return _compared(found, self._next().lower(), self._next())

    def _where(self, found: Found, depth: int) -> Where:
        outer, attribute = self._look_up, found.attribute
        if attribute is None or not attribute.parts:
            raise InvalidFilter("Only an attribute with parts takes brackets.")
        self._look_up = lambda name: _part_of(attribute, name)
        try:
            return Where(found.path, self._closed(depth, "]"))
        finally:
            self._look_up = outer

    def _next(self) -> str:
        if self._place == len(self._tokens):
            raise InvalidFilter("The filter ends too early.")
        self._place += 1
        return self._tokens[self._place - 1]

    def _take(self, wanted: str) -> bool:
        taken = self._place < len(self._tokens) and self._tokens[self._place].lower() == wanted
        self._place += taken
        return taken


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    place = 0
    end = len(text.rstrip())
    while place < end:
        token = _TOKEN.match(text, place)
        if token is None:
            raise InvalidFilter("The filter cannot be read.")
        found.append(token[0].strip())
        place = token.end()
    return found


def _compared(found: Found, operator: str, literal: str) -> Filter:
    attribute, path = found.attribute, found.path
    assert attribute is not None  # a whole extension was refused
    if operator not in _OPERATORS:
        raise InvalidFilter("The filter has an operator that is not known.")
    if attribute.kind == "complex":  # the attribute itself means its value (RFC 7644, 3.5.2)
        value = attribute.part("value")
        if value is None:
            raise InvalidFilter("The filter compares an attribute that has no value of its own.")
        attribute, path = value, (*path, value.name)
    if literal == "null":
        if operator not in ("eq", "ne"):
            raise InvalidFilter("Nothing compares with null but eq and ne.")
        return Not(Term(path, "pr")) if operator == "eq" else Term(path, "pr")
    return Term(path, operator, _value(attribute, operator, literal), fold=not attribute.exact)


def _value(attribute: Attribute, operator: str, literal: str) -> Any:
    try:
        value: Any = msgspec.json.decode(literal if literal[:1] in '"-0123456789' else literal.lower())
    except ValueError:
        raise InvalidFilter("A value is a text in quotes, a number, true, false or null.") from None
    if attribute.kind == "boolean":
        value = {"true": True, "false": False}.get(value.lower(), value) if isinstance(value, str) else value
        if not isinstance(value, bool) or operator not in ("eq", "ne"):
            raise InvalidFilter("A boolean compares with true or false by eq and ne.")
        return value
    if not isinstance(value, str):
        raise InvalidFilter("This attribute compares with a text in quotes.")
    return _moment(value) if attribute.kind == "dateTime" and operator not in _PARTIAL else value


def _moment(value: str) -> str:
    """A moment as the database writes it, so that order of texts is order in time."""
    try:
        return datetime.fromisoformat(value).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    except (ValueError, OverflowError):
        raise InvalidFilter("This attribute compares with a time such as 2026-01-31T12:00:00Z.") from None


def tree(node: Filter) -> dict[str, Any]:
    """The filter as the database reads it."""
    if isinstance(node, Term):
        return {"op": node.operator, "path": node.path, "value": node.value, "fold": node.fold}
    if isinstance(node, Where):
        return {"op": "where", "path": node.path, "of": [tree(node.of)]}
    if isinstance(node, Not):
        return {"op": "not", "of": [tree(node.of)]}
    return {"op": "and" if isinstance(node, Every) else "or", "of": [tree(one) for one in node.of]}


def named(node: Filter, attribute: str) -> str | None:
    """The text that this top-level attribute must equal for the filter to hold; None when the filter leaves that open."""
    terms = node.of if isinstance(node, Every) else (node,)
    for one in terms:
        if isinstance(one, Term) and one.path == (attribute,) and one.operator == "eq" and isinstance(one.value, str):
            return one.value
    return None


def holds(node: Filter, value: Any) -> bool:
    """Whether it holds for a value in memory: what PATCH selects by."""
    if isinstance(node, Term):
        found = values_at(value, node.path)
        if node.operator == "ne":
            return not any(_compares(one, node, "eq") for one in found)
        return bool(found) if node.operator == "pr" else any(_compares(one, node, node.operator) for one in found)
    if isinstance(node, Where):
        return any(holds(node.of, one) for one in values_at(value, node.path))
    if isinstance(node, Not):
        return not holds(node.of, value)
    return (
        all(holds(one, value) for one in node.of)
        if isinstance(node, Every)
        else any(holds(one, value) for one in node.of)
    )


def values_at(value: Any, path: Path) -> list[Any]:
    """Every value at a path, lists opened."""
    if is_list(value):
        return [found for item in value for found in values_at(item, path)]
    if value is None or not path:
        return [] if value is None else [value]
    return values_at(as_object(value).get(path[0]), path[1:])


def _compares(found: Any, term: Term, operator: str) -> bool:
    left, right = found, term.value
    if isinstance(left, str) and isinstance(right, str) and term.fold:
        left, right = left.lower(), right.lower()
    if type(left) is not type(right):
        return False
    if operator == "eq":
        return bool(left == right)
    if operator in _ORDERED:
        return {"gt": left > right, "ge": left >= right, "lt": left < right, "le": left <= right}[operator]
    return {"co": right in left, "sw": left.startswith(right), "ew": left.endswith(right)}[operator]
