"""What is wrong with a form, field by field, in words for the person who filled it in.

msgspec stops at the first fault and speaks to programmers. Here each field is tried by itself, so that all faults are told at
once, and its complaint becomes a sentence. A field whose pattern nobody could guess says what it wants in its annotation::

    Slug = Annotated[str, Meta(pattern=..., extra={SAID: _("Use small letters, digits and hyphens.")})]
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, get_args, get_origin

import msgspec

from belsimple.language import Message, message
from belsimple.language import marked as _

SAID: Final = "said"
"""The key, in an annotation's ``extra``, of the sentence for text that the field does not take."""

_MISSING: Final = _("Fill this in.")
_UNUSABLE: Final = _("This cannot be used here.")
_COLLECTIONS: Final = (list, set, frozenset, tuple)
_AT: Final = re.compile(r" - at `[^`]*`$")

Complaint = tuple[re.Pattern[str], Callable[[str], Message]]


def form_errors(kind: type[msgspec.Struct], values: Mapping[str, object]) -> list[tuple[str, Message]]:
    """A JSON pointer and a sentence for each faulty field, in the order of the form.

    ``values``: what was typed, text or a list of texts by field; an empty one counts as not given. Fields that `kind` does not
    have are not looked at: no person typed them.
    """
    return [
        (f"/{field.encode_name}", said)
        for field in msgspec.structs.fields(kind)
        if (said := _error(field, values.get(field.encode_name))) is not None
    ]


def _error(field: msgspec.structs.FieldInfo, value: object) -> Message | None:
    if value in (None, "", []):
        return _absence(field.type) if field.required else None
    try:
        msgspec.convert(value, field.type, strict=False)
    except msgspec.ValidationError as error:
        return _sentence(_AT.sub("", str(error)), _own_sentence(field.type))
    return None


def _absence(kind: Any) -> Message:
    return message(_("Choose at least one.")) if _is_collection(kind) else message(_MISSING)


def _is_collection(kind: Any) -> bool:
    return get_origin(kind) in _COLLECTIONS or any(_is_collection(part) for part in get_args(kind)[:1])


def _own_sentence(kind: Any) -> str | None:
    """What the annotation says, however deep it stands: in a union, in a list."""
    return next(_own_sentences(kind), None)


def _own_sentences(kind: Any) -> Iterator[str]:
    if isinstance(kind, msgspec.Meta) and kind.extra and SAID in kind.extra:
        yield kind.extra[SAID]
    for part in get_args(kind):
        yield from _own_sentences(part)


def _sentence(complaint: str, own: str | None) -> Message:
    for pattern, said in _OF_SYNTAX if own is None else ():
        if found := pattern.fullmatch(complaint):
            return said(found.group(found.lastindex or 0))
    for pattern, said in _OF_SIZE:
        if found := pattern.fullmatch(complaint):
            return said(found[1])
    return message(own or _UNUSABLE)


def _with_count(sentence: str) -> Callable[[str], Message]:
    return lambda count: message(sentence, count=_number(count))


def _plain(sentence: str) -> Callable[[str], Message]:
    return lambda _complaint: message(sentence)


def _number(text: str) -> float:
    value = float(text)
    return int(value) if value.is_integer() else value


# A field's own sentence goes before these, because it says more.
_OF_SYNTAX: Final[tuple[Complaint, ...]] = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (r"Expected `str` of length >= (\d+)", _with_count(_("At least {count} characters."))),
        (r"Expected `int(?: \| null)?`, got `.*`", _plain(_("Write a whole number."))),
        (r"Expected `(?:int \| )?float(?: \| null)?`, got `.*`|Invalid decimal string", _plain(_("Write a number."))),
        (r"Expected `int` that's a multiple of (\S+)", _with_count(_("Write a multiple of {count}."))),
        (r"Invalid enum value .*|Invalid UUID|Expected `bool(?: \| null)?`, got `.*`", _plain(_("Choose one of these."))),
        (r"Invalid RFC3339 encoded date", _plain(_("Write a date, such as 2026-12-31."))),
        (r"Invalid RFC3339 encoded time", _plain(_("Write a time of day, such as 14:30."))),
        (r"Invalid RFC3339 encoded datetime|Expected `datetime` .*", _plain(_("Write a date with a time of day."))),
    )
)  # fmt: skip
# What these say, no sentence of a field's own replaces: the number is what the person needs.
_OF_SIZE: Final[tuple[Complaint, ...]] = tuple(
    (re.compile(pattern), _with_count(sentence))
    for pattern, sentence in (
        (r"Expected `str` of length <= (\d+)", _("At most {count} characters.")),
        (r"Expected `array` of length >= (\d+)", _("Choose at least {count}.")),
        (r"Expected `array` of length <= (\d+)", _("Choose at most {count}.")),
        (r"Expected `(?:int|float|decimal)` >=? (\S+)", _("At least {count}.")),
        (r"Expected `(?:int|float|decimal)` <=? (\S+)", _("At most {count}.")),
    )
)
