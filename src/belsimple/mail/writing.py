"""From an order to a letter: the text in the reader's language, once plain and once as HTML."""

import re
import textwrap
from collections.abc import Mapping
from functools import cache
from typing import Final
from urllib.parse import quote, urlsplit

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from belsimple.language import PLATFORM, Language, translations
from belsimple.language import marked as _
from belsimple.letter import ByValue, IfGiven, Letter, Paragraph
from belsimple.mail.facts import browser, fit, moment
from belsimple.mail.letters import LETTERS

_WIDTH: Final = 72
_SIGNATURE: Final = 720  # a name, an address and a number at their longest
_GREETING: Final = IfGiven("person", _("Hello {person},"), _("Hello,"))
_BUTTON_HELP: Final = _("If the button does not work, copy this address into your browser:")
_FOOTER: Final = (
    _("This mail was sent automatically by the service at {url}."),
    _("Nobody will ever ask you for your password by mail or telephone."),
)


class LetterFault(Exception):
    """There is no letter of that kind, or a fact that it needs is missing: trying again does not help."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A letter to be written, as the outbox has it. `token`: what stands in its link, if it has one."""

    kind: str
    recipient: str
    language: Language
    facts: Mapping[str, object] = {}
    tenant: str | None = None
    person: str | None = None
    zone: str | None = None
    signature: str | None = None
    token: str = ""


class ModuleLetter(msgspec.Struct, frozen=True):
    """A letter of a module, and the package in whose catalogues its texts are translated."""

    letter: Letter
    package: str


class Written(msgspec.Struct, frozen=True):
    """A letter in one language."""

    language: Language
    subject: str
    text: str
    html: str


_MOMENTS: Final = ("at", "until")
"""Facts that are RFC 3339 times, and are said by the reader's clock."""
NO_LETTERS: Final[Mapping[str, ModuleLetter]] = {}


def write(order: Order, url: str, modules: Mapping[str, ModuleLetter] = NO_LETTERS) -> Written:
    """The letter, one of the platform's or of `modules`; every link in it begins with `url`, the public one.

    Raises LetterFault.
    """
    found = ModuleLetter(LETTERS[order.kind], PLATFORM) if order.kind in LETTERS else modules.get(order.kind)
    if found is None:
        raise LetterFault(f"there is no letter {order.kind!r}")
    letter, said = found.letter, _Saying(order, url, found.package)
    button = letter.action or letter.link
    body = {
        "language": order.language,
        "subject": said(letter.subject),
        "greeting": said(_GREETING),
        "before": [said(paragraph) for paragraph in letter.before],
        "action": said(button.label) if button else None,
        "help": said(_BUTTON_HELP),
        "link": said.address(letter),
        "details": said.details(letter),
        "after": [said(paragraph) for paragraph in letter.after],
        "footer": [said(line) for line in _FOOTER],
        "signature": fit(order.signature or "", _SIGNATURE),
    }
    text = _template("letter.txt").render(body)
    return Written(order.language, said(letter.subject), _wrapped(text), _template("letter.html").render(body))


class _Saying:
    """Says messages in the order's language, with its facts."""

    def __init__(self, order: Order, url: str, package: str) -> None:
        self._order = order
        self._url = url
        self._gettext = translations(order.language, package).gettext
        given = {**order.facts, "tenant": order.tenant, "person": order.person, "recipient": order.recipient}
        self._facts = {
            **{name: fit(str(value)) for name, value in given.items() if value not in {None, ""}},
            "url": url,
            "service": urlsplit(url).hostname or "",
        }

    def __call__(self, paragraph: Paragraph) -> str:
        try:
            # Facts are values of one call of format_map: what stands in them is never read as a pattern.
            return self._gettext(self._text(paragraph)).format_map(self._facts)
        except (KeyError, ValueError) as error:
            raise LetterFault(f"the letter {self._order.kind!r} lacks {error}") from error

    def address(self, letter: Letter) -> str | None:
        """Where the button leads: with a token where the platform's own letters have one, never where a module's do."""
        if letter.action is not None:
            return f"{self._url}{letter.action.page}?token={self._order.token}"
        if letter.link is None:
            return None
        facts = {name: quote(str(value), safe="") for name, value in self._order.facts.items()}
        try:
            return self._url + letter.link.path.format_map(facts)
        except (KeyError, ValueError) as error:
            raise LetterFault(f"the letter {self._order.kind!r} lacks {error}") from error

    def details(self, letter: Letter) -> list[tuple[str, str]]:
        return [(self(label), self._value(fact)) for label, fact in letter.details if fact in self._facts]

    def _text(self, paragraph: Paragraph) -> str:
        if isinstance(paragraph, IfGiven):
            return paragraph.then if paragraph.fact in self._facts else paragraph.otherwise
        if isinstance(paragraph, ByValue):
            return paragraph.texts[self._facts[paragraph.fact]]
        return paragraph

    def _value(self, fact: str) -> str:
        value = self._facts[fact]
        if fact == "agent":
            return browser(str(self._order.facts[fact]))
        try:
            return moment(value, self._order.language, self._order.zone) if fact in _MOMENTS else value
        except ValueError:
            return value


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("belsimple.mail"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)


def _wrapped(text: str) -> str:
    """Paragraphs of at most 72 columns; a link stays whole."""
    lines = (
        textwrap.fill(line, _WIDTH, break_long_words=False, break_on_hyphens=False) if line.strip() else ""
        for line in text.splitlines()
    )
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
