"""Babel catalogues, read from the `.po` files themselves: there is no compiled copy that could be out of step with them."""

from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from io import BytesIO
from typing import Final, Literal, TypeAlias, cast, get_args

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

Language: TypeAlias = Literal["en", "nl", "fr", "de"]
LANGUAGES: Final = cast("tuple[Language, ...]", get_args(Language))
"""The languages of the service. Messages are written in English, which therefore needs no catalogue."""
PLATFORM: Final = "belsimple"


def marked(message: str) -> str:
    """Mark a message that is translated later, in the language of whoever reads it. Imported as ``_``, for the extractor."""
    return message


@cache
def translations(language: Language, package: str = PLATFORM) -> NullTranslations:
    """The translations of a package into `language`, and behind them the platform's.

    A message that neither has stays English. `ngettext` follows the plural forms in the catalogue's header.
    """
    if language == "en":
        return NullTranslations()
    own = _read(language, package)
    if package != PLATFORM:
        own.add_fallback(translations(language))
    return own


def _read(language: Language, package: str) -> NullTranslations:
    source = catalogue(language, package)
    if package != PLATFORM and not source.is_file():
        return NullTranslations()  # a module that says nothing of its own
    compiled = BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language, abort_invalid=True))
    compiled.seek(0)
    return Translations(compiled)


def catalogue(language: Language, package: str = PLATFORM) -> Traversable:
    """The `.po` file of a package in a language other than English, which need not exist."""
    folder = resources.files("belsimple.language" if package == PLATFORM else package)
    return folder / "locale" / language / "LC_MESSAGES" / f"{package}.po"
