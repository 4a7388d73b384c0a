"""What an attribute is (RFC 7643, sections 2 and 7), and how its name is found: names are case-insensitive."""

from typing import Any, Final, Literal

import msgspec

Kind = Literal["string", "boolean", "dateTime", "reference", "complex"]
Path = tuple[str, ...]


class Attribute(msgspec.Struct, frozen=True):
    """An attribute's definition. ``references``: resource types that a reference may name."""

    name: str
    kind: Kind = "string"
    description: str = ""
    many: bool = False
    required: bool = False
    read_only: bool = False
    exact: bool = False
    returned: Literal["default", "always"] = "default"
    unique: Literal["none", "server"] = "none"
    values: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    parts: tuple["Attribute", ...] = ()

    def part(self, name: str) -> "Attribute | None":
        """The sub-attribute of this name."""
        return find(self.parts, name)

    def shown(self) -> dict[str, Any]:
        """As the Schemas endpoint tells it (RFC 7643, section 7)."""
        told: dict[str, Any] = {
            "name": self.name,
            "type": self.kind,
            "multiValued": self.many,
            "description": self.description or self.name,
            "required": self.required,
            "caseExact": self.exact,
            "mutability": "readOnly" if self.read_only else "readWrite",
            "returned": self.returned,
            "uniqueness": self.unique,
        }
        if self.values:
            told["canonicalValues"] = list(self.values)
        if self.references:
            told["referenceTypes"] = list(self.references)
        if self.parts:
            told["subAttributes"] = [part.shown() for part in self.parts]
        return told


class Schema(msgspec.Struct, frozen=True):
    """A schema: its URN, its name and its attributes."""

    urn: str
    name: str
    description: str
    attributes: tuple[Attribute, ...]


class Resource(msgspec.Struct, frozen=True):
    """A resource type: its core schema, and the extensions whose attributes stand under their URN."""

    name: str
    endpoint: str
    core: Schema
    extensions: tuple[Schema, ...] = ()

    def extension(self, urn: str) -> Schema | None:
        """The extension of this URN."""
        return next((one for one in self.extensions if one.urn.lower() == urn.lower()), None)


class Found(msgspec.Struct, frozen=True):
    """An attribute that a name means: where it stands in a document, and what it is. None: a whole extension."""

    path: Path
    attribute: Attribute | None


COMMON: Final = (
    Attribute("id", exact=True, read_only=True, returned="always", unique="server"),
    Attribute("externalId", exact=True),
    Attribute(
        "meta",
        "complex",
        read_only=True,
        parts=(
            Attribute("resourceType", exact=True, read_only=True),
            Attribute("created", "dateTime", read_only=True),
            Attribute("lastModified", "dateTime", read_only=True),
        ),
    ),
)
"""What every resource has and no schema lists (RFC 7643, section 3.1)."""


def find(attributes: tuple[Attribute, ...], name: str) -> Attribute | None:
    """The attribute of this name, whatever its case."""
    folded = name.lower()
    return next((one for one in attributes if one.name.lower() == folded), None)


def resolve(resource: Resource, text: str) -> Found | None:
    """What ``userName``, ``name.givenName`` or ``urn:...:User:department`` means; None for what no schema knows."""
    urn, _, rest = text.rpartition(":")
    extension = resource.extension(text)
    if extension is not None:
        return Found((extension.urn,), None)
    if not urn or urn.lower() == resource.core.urn.lower():
        return _within((), (*COMMON, *resource.core.attributes), rest)
    extension = resource.extension(urn)
    return None if extension is None else _within((extension.urn,), extension.attributes, rest)


def _within(before: Path, attributes: tuple[Attribute, ...], text: str) -> Found | None:
    name, dot, part_name = text.partition(".")
    attribute = find(attributes, name)
    if attribute is None or not dot:
        return attribute and Found((*before, attribute.name), attribute)
    part = attribute.part(part_name)
    return part and Found((*before, attribute.name, part.name), part)
