"""Sentences that carry their own translation: English for programs, the reader's language for people."""

from collections.abc import Mapping
from typing import Final, Self

from belsimple.language.catalogues import PLATFORM, Language, translations
from belsimple.language.formats import number

Facts = Mapping[str, object]
_NONE: Final[Facts] = {}


class Message(str):
    """A sentence in English with its facts filled in, which still knows what it was made of.

    It is text wherever text is wanted; `translated` says it in another language. msgspec encodes plain text only: give it
    ``str(message)``.
    """

    __slots__ = ("facts", "msgid", "plural")

    msgid: str
    facts: Facts
    plural: str | None

    def __new__(cls, msgid: str, facts: Facts = _NONE, plural: str | None = None) -> Self:
        """Raises KeyError when a fact that the sentence names is missing."""
        made = super().__new__(cls, _filled(_form(msgid, plural, facts), facts))
        made.msgid = msgid
        made.facts = facts
        made.plural = plural
        return made


def message(msgid: str, /, **facts: object) -> Message:
    """The sentence with these facts: ``message(_("At most {count} characters."), count=200)``.

    Numbers are written as the reader's language writes them; one that is a name, such as a year, is given as text. A fact
    may be a Message itself.
    """
    return Message(msgid, facts)


def counted(singular: str, plural: str, /, *, count: int, **facts: object) -> Message:
    """The sentence for this many: ``counted("{count} file was kept.", "{count} files were kept.", count=n)``.

    The extractor takes both texts from this call; they are written here, not marked elsewhere.
    """
    return Message(singular, {"count": count, **facts}, plural)


def translated(text: str, language: Language, *packages: str) -> str:
    """A sentence in a language, from the catalogues of these packages and then from the platform's.

    A Message keeps its facts; other text is looked up as it stands, and stays as it is when no catalogue has it.
    """
    if not isinstance(text, Message):
        return _said(text, None, _NONE, language, packages)
    pattern = _said(text.msgid, text.plural, text.facts, language, packages)
    return _filled(pattern, {name: _fact(value, language, packages) for name, value in text.facts.items()})


def _said(msgid: str, plural: str | None, facts: Facts, language: Language, packages: tuple[str, ...]) -> str:
    english = _form(msgid, plural, facts)
    if not msgid or language == "en":  # the translation of nothing is the catalogue's header
        return english
    for package in packages or (PLATFORM,):
        known = translations(language, package)
        said = known.gettext(msgid) if plural is None else known.ngettext(msgid, plural, _count(facts))
        if said != english:
            return said
    return english


def _form(msgid: str, plural: str | None, facts: Facts) -> str:
    return msgid if plural is None or _count(facts) == 1 else plural


def _count(facts: Facts) -> int:
    count = facts["count"]
    return count if isinstance(count, int) else 0


def _filled(pattern: str, facts: Facts) -> str:
    # One call of format_map: what stands in a fact is never read as a pattern. Without facts braces are text like any other.
    return pattern.format_map(facts) if facts else pattern


def _fact(value: object, language: Language, packages: tuple[str, ...]) -> object:
    if isinstance(value, Message):
        return translated(value, language, *packages)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value, language)
    return value
