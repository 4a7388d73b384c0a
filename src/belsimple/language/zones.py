"""The time zones that a person may choose, by continent, with their cities as the language names them."""

import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from babel.core import get_global
from babel.dates import get_timezone_location

from belsimple.language.catalogues import Language
from belsimple.language.catalogues import marked as _

CONTINENTS: Final[Mapping[str, str]] = {
    "Europe": _("Europe"),
    "Africa": _("Africa"),
    "America": _("America"),
    "Antarctica": _("Antarctica"),
    "Arctic": _("Arctic"),
    "Asia": _("Asia"),
    "Atlantic": _("Atlantic Ocean"),
    "Australia": _("Australia"),
    "Indian": _("Indian Ocean"),
    "Pacific": _("Pacific Ocean"),
}
"""What the first part of a zone's name stands for, the nearest first."""


@cache
def cities(language: Language) -> Mapping[str, Mapping[str, str]]:
    """For each continent its zones, by name, and the city that stands for each; in the order of the alphabet.

    Those that the time zone database lists for a territory (CLDR): of two names for one zone, the one in use.
    """
    listed = sorted(get_global("zone_territories").keys() & available_timezones())
    found: dict[str, dict[str, str]] = {continent: {} for continent in CONTINENTS}
    for zone in listed:
        continent, _separator, place = zone.partition("/")
        if place and continent in found:
            found[continent][zone] = get_timezone_location(zone, language, return_city=True)
    return {continent: dict(sorted(of.items(), key=_by_city)) for continent, of in found.items()}


def _by_city(entry: tuple[str, str]) -> str:
    # Without its accents: "Évora" stands beside "Evian", not behind "Zürich".
    return "".join(one for one in unicodedata.normalize("NFD", entry[1].casefold()) if not unicodedata.combining(one))
