"""Times, dates, numbers and sizes as a reader of a language in Belgium writes them."""

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from belsimple.language.catalogues import Language

ZONE: Final = "Europe/Brussels"
"""Of readers who have not chosen one."""
_UNITS: Final[dict[Language, tuple[str, ...]]] = {
    "en": ("bytes", "kB", "MB", "GB", "TB"),
    "nl": ("bytes", "kB", "MB", "GB", "TB"),
    "fr": ("octets", "ko", "Mo", "Go", "To"),
    "de": ("Byte", "kB", "MB", "GB", "TB"),
}
_ONE: Final[dict[Language, str]] = {"en": "byte", "nl": "byte", "fr": "octet", "de": "Byte"}
_STEP: Final = 1000  # SI: a kilobyte is 1000 bytes, as operating systems' file managers and disks have it
_NO_BREAK: Final = "\u00a0"


def zone_of(name: str | None) -> ZoneInfo:
    """The zone of that name; Brussels when there is none."""
    try:
        return ZoneInfo(name or ZONE)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # ValueError and OSError: what is no name at all
        return ZoneInfo(ZONE)


def moment(at: dt.datetime, language: Language, zone: str | None) -> str:
    """A moment by the reader's clock: "12 January 2026, 15:04". A time without a zone is taken for UTC."""
    return f"{day(_local(at, zone), language)}, {clock(at, language, zone)}"


def clock(at: dt.datetime, language: Language, zone: str | None) -> str:
    """The time of day by the reader's clock: "15:04"."""
    local = _local(at, zone)
    return format_time(local, "short", zone_of(zone), _locale(language))


def day(date: dt.date, language: Language, zone: str | None = None) -> str:
    """A date: "12 January 2026". A moment's is that of the reader's zone, if one is given."""
    if isinstance(date, dt.datetime) and zone is not None:
        date = _local(date, zone)
    return format_date(date, "long", _locale(language))


def number(value: float, language: Language) -> str:
    """A number with the language's separators: "20.000" in Dutch, at most three decimals."""
    return format_decimal(value, locale=_locale(language))


def size(count: int, language: Language) -> str:
    """A number of bytes: "1,5 MB", "812 bytes"; one decimal below ten."""
    unit, value = 0, float(count)
    while unit + 1 < len(_UNITS[language]) and round(value) >= _STEP:
        unit, value = unit + 1, value / _STEP
    name = _ONE[language] if count == 1 else _UNITS[language][unit]
    shown = round(value, 1) if unit and round(value, 1) < 10 else round(value)
    return f"{number(shown, language)}{_NO_BREAK}{name}"


def _local(at: dt.datetime, zone: str | None) -> dt.datetime:
    return (at if at.tzinfo else at.replace(tzinfo=dt.UTC)).astimezone(zone_of(zone))


def _locale(language: Language) -> str:
    return f"{language}_BE"
