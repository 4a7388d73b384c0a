"""Turns the untyped request into what the handler declared; compiled once per endpoint.

Unknown fields are refused, wrong types are 422 with JSON pointers (RFC 6901), broken syntax is 400.
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus
from uuid import UUID

import msgspec

from belsimple.language import marked as _
from belsimple.web.exchange import Exchange
from belsimple.web.forms import compile_form, compile_page_query
from belsimple.web.inputs import Form
from belsimple.web.problems import Malformed, NotFound, Unprocessable, UnsupportedMediaType
from belsimple.web.signature import Signature

MAX_PARAMETERS = 50
_DETAIL = re.compile(r"(?P<what>.*?)(?: - at `(?:key` in `)?\$(?P<path>[^`]*)`)?", re.DOTALL)
_FIELD = re.compile(r"Object (?P<how>missing required|contains unknown) field `(?P<name>.*)`", re.DOTALL)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")

Arguments = dict[str, Any]


def compile_path(signature: Signature) -> Callable[[tuple[str, ...], Arguments], None]:
    """Fills in the path's parameters; a malformed id raises the very NotFound of a missing object."""
    readers = [(name, _uuid if kind is UUID else _word) for name, kind in signature.path.items()]

    def read(values: tuple[str, ...], into: Arguments) -> None:
        for (name, reader), value in zip(readers, values, strict=True):
            into[name] = reader(value)

    return read


def _uuid(text: str) -> UUID:
    if not _UUID.fullmatch(text):  # UUID() itself also takes braces, underscores and the digits of other scripts
        raise NotFound
    return UUID(text)


def _word(text: str) -> str:
    if "\0" in text:
        raise NotFound  # PostgreSQL's text has no NUL
    return text


def compile_query(kind: type[msgspec.Struct] | None, *, lenient: bool) -> Callable[[bytes], msgspec.Struct | None]:
    """Reads the query string; without a struct any parameter is one too many, unless ``lenient``.

    Pages are lenient: links to them collect parameters on their way through mails and search engines.
    """
    if lenient:
        return (lambda _: None) if kind is None else compile_page_query(kind)

    class Nothing(msgspec.Struct, forbid_unknown_fields=True):
        pass

    expected = kind or Nothing
    try:
        empty = msgspec.convert({}, expected)  # immutable, so one serves every request without parameters
    except msgspec.ValidationError:
        empty = None

    def read(raw: bytes) -> msgspec.Struct | None:
        if not raw and empty is not None:
            return empty
        try:
            return msgspec.convert(_parameters(raw), expected, strict=False)
        except msgspec.ValidationError as error:
            raise _unprocessable(error) from None

    return read


def _parameters(raw: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, pair in enumerate(raw.split(b"&") if raw else ()):
        name, _equals, value = pair.partition(b"=")
        key = _unquote(name)
        if key in found:
            raise Unprocessable([(_pointer_to(key), _("This parameter stands twice."))])
        if number == MAX_PARAMETERS:
            raise Unprocessable([("", _("There are too many parameters."))])
        found[key] = _unquote(value)
    return found


def _unquote(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
        if "%" in text or "+" in text:
            text = unquote_plus(text, errors="strict")
    except UnicodeDecodeError:
        raise Malformed(_("The parameters are not UTF-8.")) from None
    if "\0" in text:
        raise Malformed(_("The parameters hold a NUL character."))
    return text


def compile_body(kind: type[msgspec.Struct]) -> Callable[[Exchange, bytes], msgspec.Struct]:
    """Reads a JSON body of this type, or a form's."""
    if issubclass(kind, Form):
        return compile_form(kind)
    decode = msgspec.json.Decoder(kind).decode

    def read(exchange: Exchange, raw: bytes) -> msgspec.Struct:
        media_type = exchange.headers.get(b"content-type", b"")
        if media_type != b"application/json" and media_type.split(b";")[0].strip().lower() != b"application/json":
            raise UnsupportedMediaType
        try:
            body = decode(raw)
        except (ValueError, RecursionError) as error:
            raise _why(raw, error) from None
        if rb"\u0000" in raw and _holds_nul(msgspec.to_builtins(body)):
            raise Unprocessable([("", _("Text cannot hold the NUL character."))])
        return body

    return read


def _why(raw: bytes, error: Exception) -> Malformed | Unprocessable:
    """Whether it is broken, too deep or merely not what was expected: the whole document decides, not its start."""
    try:
        msgspec.json.decode(raw)
    except RecursionError:
        return Malformed("The JSON is nested too deeply.")
    except ValueError:
        return Malformed("The body is not valid JSON in UTF-8.")
    return _unprocessable(error)


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_holds_nul(key) or _holds_nul(item) for key, item in value.items())  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return isinstance(value, list) and any(_holds_nul(item) for item in value)  # pyright: ignore[reportUnknownVariableType]


def _unprocessable(error: Exception) -> Unprocessable:
    matched = _DETAIL.fullmatch(str(error))
    what, path = (matched["what"], matched["path"] or "") if matched else (str(error), "")
    pointer = "".join(_pointer_to(name or number) for name, number in _STEP.findall(path))
    field = _FIELD.fullmatch(what)
    if field is None:
        return Unprocessable([(pointer, what[:200])])
    detail = "This field is required." if field["how"] == "missing required" else "This field is not known."
    return Unprocessable([(pointer + _pointer_to(field["name"][:100]), detail)])


def _pointer_to(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")
