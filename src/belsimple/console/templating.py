"""The templates of a package: its own, and the platform's under the name ``belsimple/``.

Every value is escaped, and a name that a template does not get is an error, not an empty space.
"""

from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined
from jinja2.loaders import BaseLoader
from markupsafe import Markup

from belsimple.console.assets import asset_address
from belsimple.language import PLATFORM, Language, formats, translated, translations

_PLATFORM: Final = PackageLoader("belsimple.console")


@cache
def environment(package: str) -> Environment:
    """Where the templates of a package are found."""
    own: BaseLoader = _PLATFORM if package == PLATFORM else PackageLoader(package)
    made = Environment(
        loader=ChoiceLoader([own, PrefixLoader({PLATFORM: _PLATFORM})]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["asset_address"] = asset_address  # pyright: ignore[reportArgumentType] - its type knows its own globals only
    return made


class Speech:
    """What the templates of a package say in one language, and to somebody in one time zone."""

    def __init__(self, package: str, language: Language, zone: str) -> None:
        self._package = package
        self._language: Language = language
        self._zone = zone
        self._catalogue = translations(language, package)

    def names(self) -> dict[str, Callable[..., Any]]:
        """The functions that templates call."""
        return {
            "_": self.say,
            "ngettext": self.say_many,
            "translated": self.translated,
            "moment": self.moment,
            "day": self.day,
            "number": self.number,
            "size": self.size,
        }

    def say(self, message: str, /, **facts: object) -> Markup:
        """A message of ours, which may hold markup, with somebody's facts, which are escaped."""
        return Markup(self._catalogue.gettext(message)).format(**facts)  # noqa: S704

    def say_many(self, one: str, many: str, /, *, count: int, **facts: object) -> Markup:
        """The same for a number of things."""
        return Markup(self._catalogue.ngettext(one, many, count)).format(count=self.number(count), **facts)  # noqa: S704

    def translated(self, text: str, package: str | None = None) -> str:
        """A sentence that came from somewhere else: a problem's, a permission's description."""
        return translated(text, self._language, package or self._package)

    def moment(self, at: datetime) -> Markup:
        """A moment by the reader's clock, for machines too."""
        said = formats.moment(at, self._language, self._zone)
        return Markup('<time datetime="{}">{}</time>').format(at.isoformat(timespec="seconds"), said)

    def day(self, at: date) -> Markup:
        """A date, for machines too."""
        return Markup('<time datetime="{}">{}</time>').format(
            at.isoformat(), formats.day(at, self._language, self._zone)
        )

    def number(self, value: float) -> str:
        """A number with the language's separators."""
        return formats.number(value, self._language)

    def size(self, count: int) -> str:
        """A number of bytes."""
        return formats.size(count, self._language)


def address_with(path: str, query: str, /, **changes: object) -> str:
    """The same address with other parameters; None takes one away. A notice is not repeated."""
    kept = [(name, value) for name, value in parse_qsl(query) if name not in changes and name not in ("done", "on")]
    kept += [(name, str(value)) for name, value in changes.items() if value is not None and value != ""]
    return f"{path}?{urlencode(kept)}" if kept else path
