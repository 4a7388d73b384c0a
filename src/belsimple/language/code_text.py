"""Sentences for people in Python code that nobody marked: they would stay English in every language."""

import ast
import re
from collections.abc import Iterator
from typing import Final

from belsimple.language.checks import Fault
from belsimple.language.extraction import folder_of

_TOLD: Final = frozenset(
    ("Problem", "Unauthorized", "Forbidden", "Conflict", "Stale", "TooLarge", "Unprocessable",
     "FileNameRefused", "PasswordRefused", "message", "MenuEntry", "Permission", "Letter", "Action", "IfGiven")
)  # fmt: skip
"""What is made of text that people read. Not Malformed: what no browser sends is told to programmers."""
_KEYWORDS: Final = frozenset(("done",))
"""Arguments of any call that people read."""
_NAMES: Final = frozenset(("title",))
"""What a class calls such a text, as a problem does."""
_TEXT: Final = re.compile(r"[A-ZÀ-Þ{][^A-Z/:]*[ .!?]|[A-Z][a-z]+$")
"""How it begins, as against a pointer, a name or an address."""


def code_faults(package: str) -> Iterator[Fault]:
    """Text of problems, menus, permissions, notices and letters that is not marked with ``_()``, with file and line."""
    for file in sorted(folder_of(package).rglob("*.py")):
        for line, text in unmarked(file.read_text(encoding="utf-8")):
            yield Fault(file, line, f"not marked with _(): {text!r}")


def unmarked(source: str) -> list[tuple[int, str]]:
    """Line and text of what one module's source does not mark."""
    found = [fault for node in ast.walk(ast.parse(source)) for text in _read(node) for fault in _texts(text)]
    return sorted(set(found))


def _read(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions in a node whose text people read."""
    if isinstance(node, ast.Call):
        told = _name(node.func) in _TOLD
        yield from node.args if told else ()
        yield from (given.value for given in node.keywords if told or given.arg in _KEYWORDS)
    elif isinstance(node, ast.ClassDef):
        for statement in node.body:
            if isinstance(statement, ast.Assign) and any(_names(target) & _NAMES for target in statement.targets):
                yield statement.value


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _names(target: ast.expr) -> set[str]:
    return {_name(one) for one in (target.elts if isinstance(target, ast.Tuple) else (target,))}


def _texts(node: ast.expr) -> Iterator[tuple[int, str]]:
    """The sentences that stand in an expression as they are: a call such as ``_()`` answers for its own."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and _TEXT.match(node.value):
        yield node.lineno, node.value
    elif isinstance(node, ast.JoinedStr):
        if _TEXT.match(
            pattern := "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        ):
            yield node.lineno, pattern
    elif isinstance(node, ast.List | ast.Tuple):
        for part in node.elts:
            yield from _texts(part)
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
