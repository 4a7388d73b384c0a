"""What people typed into a page's form: decoded, and kept as it was typed so that a refused form can be shown again.

A browser sends an empty text for a field that was left empty: here that counts as not given.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar, get_origin
from urllib.parse import unquote_plus

import msgspec

from belsimple.language import marked as _
from belsimple.web.exchange import Exchange
from belsimple.web.form_errors import form_errors
from belsimple.web.inputs import Form
from belsimple.web.problems import Malformed, Unprocessable, UnsupportedMediaType

MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
MAX_FIELDS: Final = 500
"""A matrix of roles and permissions has some hundred boxes."""

Struct = TypeVar("Struct", bound=msgspec.Struct)
Given = Mapping[str, list[str]]
"""The values of each field, in their order."""


def read_pairs(raw: bytes) -> dict[str, list[str]]:
    """The fields of a form's body or of a query string. Raises Malformed."""
    found: dict[str, list[str]] = {}
    pairs = raw.split(b"&", MAX_FIELDS) if raw else []
    if len(pairs) > MAX_FIELDS:
        raise Malformed("There are too many fields.")
    for pair in pairs:
        name, _, value = pair.partition(b"=")
        found.setdefault(_text(name), []).append(_text(value))
    return found


def _text(raw: bytes) -> str:
    try:
        text = unquote_plus(raw.decode("utf-8"), errors="strict")
    except UnicodeDecodeError:
        raise Malformed("The fields are not UTF-8.") from None
    if "\0" in text:
        raise Malformed("The fields hold a NUL character.")
    return text


def fill(kind: type[Struct], given: Given) -> Struct:
    """The struct that the fields fill. Raises Unprocessable with a pointer to each field that is wrong."""
    values: dict[str, Any] = {}
    lists = _lists_of(kind)
    for name, texts in given.items():
        kept = [text for text in texts if text.strip()]
        if name in lists:
            values[name] = kept
        elif len(texts) > 1:
            raise Unprocessable([(f"/{name}", _("This field stands twice."))])
        elif kept:
            values[name] = texts[0]
    unknown = [(f"/{name}", _("This field is not known.")) for name in values if name not in kind.__struct_fields__]
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError:
        raise Unprocessable([*form_errors(kind, values), *unknown]) from None


def _lists_of(kind: type[msgspec.Struct]) -> frozenset[str]:
    return frozenset(field.name for field in msgspec.structs.fields(kind) if _is_list(field.type))


def _is_list(annotation: Any) -> bool:
    inner = getattr(annotation, "__origin__", annotation) if hasattr(annotation, "__metadata__") else annotation
    return (get_origin(inner) or inner) is list


def compile_form(kind: type[Form]) -> Callable[[Exchange, bytes], msgspec.Struct]:
    """Reads a form's body of this type."""

    def read(exchange: Exchange, raw: bytes) -> msgspec.Struct:
        if exchange.headers.get(b"content-type", b"").split(b";")[0].strip().lower() != MEDIA_TYPE.encode():
            raise UnsupportedMediaType
        exchange.form = raw
        return fill(kind, read_pairs(raw))

    return read


def compile_page_query(kind: type[msgspec.Struct]) -> Callable[[bytes], msgspec.Struct]:
    """Reads a page's query string: what it does not know it ignores, as links collect parameters on their way through mails."""
    known = frozenset(kind.__struct_fields__)

    def read(raw: bytes) -> msgspec.Struct:
        return fill(kind, {name: texts for name, texts in read_pairs(raw).items() if name in known})

    return read
