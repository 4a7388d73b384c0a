"""Text in templates that no catalogue can translate, because it stands outside of ``_()`` and ``ngettext()``.

What is no language (a name, a code) is allowed by a comment in the template that quotes it, for text that is exactly that::

    {# no language: "belsimple", "PDF" #}
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final

from jinja2 import Environment, TemplateSyntaxError, nodes

from belsimple.fault import Fault
from belsimple.language.extraction import SCAFFOLD, folder_of

_HOLE: Final = "\ue000"
"""Stands where the template fills something in; of Unicode's private use, so it is no letter."""
_OPENING: Final = ("variable_begin", "block_begin")
_ATTRIBUTES: Final = frozenset(
    ("title", "alt", "placeholder", "label", "aria-label", "aria-description", "aria-placeholder", "aria-roledescription",
     "aria-valuetext", "hx-confirm", "hx-prompt", "data-confirm")
)  # fmt: skip
"""Attributes that are read to people or shown to them."""
_BUTTONS: Final = frozenset(("submit", "button", "reset"))
_SILENT: Final = frozenset(("script", "style", "code", "kbd", "samp"))
_TRANSLATES: Final = frozenset(("_", "gettext", "ngettext"))
_ALLOWED: Final = re.compile(r"no language:\s*(.*)", re.DOTALL)
_ATTRIBUTE: Final = re.compile(r'[a-z-]+="[^"]*"')
_SENTENCE: Final = re.compile(r"[A-ZÀ-Þ][a-zß-ÿ\u2019']+(?:[ ,.:;!?…]|$)|[A-ZÀ-Þ] [a-z]")
"""How text for people begins, as against a CSS class, a method, a field's name or an address."""


def template_faults(package: str) -> Iterator[Fault]:
    """Text outside of ``_()`` in the package's ``templates`` folders, and templates that cannot be read."""
    for file in sorted(folder_of(package).rglob("templates/**/*")):
        if file.suffix in {".html", ".txt"} and SCAFFOLD not in file.as_posix():
            for line, text in faults_in(file.read_text(encoding="utf-8"), html=file.suffix == ".html"):
                yield Fault(file, line, f"outside of _(): {text!r}")


def faults_in(source: str, *, html: bool) -> list[tuple[int, str]]:
    """Line and text of what a template says outside of ``_()``, in the order of its lines."""
    environment = Environment()  # noqa: S701 - nothing is rendered
    try:
        outside, allowed = _outside(environment, source)
        constants = list(_constants(environment.parse(source)))
    except TemplateSyntaxError as error:
        return [(error.lineno, error.message or "cannot be read")]
    shown = _Shown(outside).found if html else list(_pieces(1, outside))
    return sorted((line, text) for line, text in shown + constants if text not in allowed)


def _outside(environment: Environment, source: str) -> tuple[str, set[str]]:
    """The template with a hole for each expression and statement, on the same lines; and what it allows."""
    kept: list[str] = []
    allowed: set[str] = set()
    line = 1
    for number, kind, text in environment.lexer.tokeniter(source, name=None):
        kept.append("\n" * (number - line))
        line = number + text.count("\n")
        if kind == "data":
            kept.append(text)
            continue
        if kind == "comment" and (found := _ALLOWED.match(text.strip(" -+"))):
            allowed.update(re.findall(r'"([^"]+)"', found[1]))
        kept.append((_HOLE if kind in _OPENING else "") + "\n" * text.count("\n"))
    return "".join(kept), allowed


class _Shown(HTMLParser):
    """Collects what a browser would show of the template's own text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []
        self._silent = False
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent = tag in _SILENT
        given = {name.strip(_HOLE): value for name, value in attrs}
        read = [name for name in given if name in _ATTRIBUTES]
        if tag == "input" and given.get("type") in _BUTTONS:
            read.append("value")
        if tag == "meta" and given.get("name") == "description":
            read.append("content")
        for name in read:
            self.found += _pieces(self.getpos()[0] + self._lines_before(name), given[name] or "")

    def handle_endtag(self, tag: str) -> None:
        self._silent = self._silent and tag not in _SILENT

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        line = self.getpos()[0]
        for attribute in _ATTRIBUTE.finditer(data):  # of a block or a macro that fills in what stands in a tag
            shown = _Shown(f"<x {attribute[0]}>").found
            self.found += [(line + data.count("\n", 0, attribute.start()) + number - 1, text) for number, text in shown]
        self.found += _pieces(line, _ATTRIBUTE.sub(lambda found: _HOLE + "\n" * found[0].count("\n"), data))

    def _lines_before(self, attribute: str) -> int:
        tag = self.get_starttag_text() or ""
        return tag.count("\n", 0, max(tag.lower().find(attribute + "="), 0))


def _pieces(line: int, text: str) -> Iterator[tuple[int, str]]:
    """The parts between holes that hold a letter, with the line where each begins."""
    for piece in re.finditer(f"[^{_HOLE}]+", text):
        if any(character.isalpha() for character in piece[0]):
            start = piece.start() + len(piece[0]) - len(piece[0].lstrip())
            yield line + text.count("\n", 0, start), " ".join(piece[0].split()).strip(" ·|:\u2013\u2014")


def _constants(node: nodes.Node) -> Iterator[tuple[int, str]]:
    """Sentences written inside of expressions and statements, such as the argument of a macro."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Call) and isinstance(child.node, nodes.Name) and child.node.name in _TRANSLATES:
            yield from (fault for fact in child.kwargs for fault in _constants(fact))
        elif isinstance(child, nodes.Const) and isinstance(child.value, str) and _SENTENCE.match(child.value):
            yield child.lineno, child.value
        else:
            yield from _constants(child)
