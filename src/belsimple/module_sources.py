"""What a module's Python and templates refer to by name and what is not there: queries, templates, jobs, letters."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError, meta

from belsimple.console.templating import environment
from belsimple.database.queries import QueryFile, load_queries
from belsimple.fault import Fault

_PLATFORMS = "belsimple/"


class Declared(NamedTuple):
    """What the Module names."""

    jobs: frozenset[str]
    letters: frozenset[str]


def source_faults(package: str, folder: Path, declared: Declared) -> Iterator[Fault]:
    """Names in the package's Python that lead nowhere."""
    for file in sorted(folder.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        files = dict(_query_files(package, tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in files:
                yield from _query_fault(file, node, files[node.value.id])
            elif isinstance(node, ast.Call):
                yield from _call_faults(file, node, folder, declared)


def template_faults(package: str, folder: Path) -> Iterator[Fault]:
    """Templates that do not compile, or that build on one that does not exist."""
    if not (folder / "templates").is_dir():
        return
    known = environment(package)
    for file in sorted((folder / "templates").rglob("*")):
        if not file.is_file():
            continue
        source = file.read_text(encoding="utf-8")
        try:
            tree = known.parse(source)
            _ = known.compile(source, filename=str(file))
        except TemplateSyntaxError as error:
            yield Fault(file, error.lineno, f"is a template that does not compile: {error.message}")
            continue
        for name in meta.find_referenced_templates(tree):
            if name is not None and not _loadable(package, name):
                yield Fault(file, _line_of(source, name), f"builds on the template {name!r}, which does not exist")


def _query_files(package: str, tree: ast.Module) -> Iterator[tuple[str, QueryFile]]:
    """The names at the top of a file that stand for query files."""
    for node in tree.body:
        if not (
            isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name)
        ):
            continue
        if node.value.func.id != "load_queries" or not isinstance(node.targets[0], ast.Name):
            continue
        words = [one.value for one in node.value.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        named = [word for word in words if word.endswith(".sql")]
        whose = next((word for word in words if not word.endswith(".sql")), package)
        try:
            yield node.targets[0].id, load_queries(whose, *named)
        except (OSError, ValueError, ModuleNotFoundError):
            continue  # importing the package has failed already, or its SQL is a fault of its own


def _query_fault(file: Path, node: ast.Attribute, queries: QueryFile) -> Iterator[Fault]:
    names = {query.name for query in queries.all()}
    if node.attr not in names and not hasattr(QueryFile, node.attr):
        yield Fault(file, node.lineno, f"uses the query {node.attr!r}, which no `-- name:` in its file has")


def _call_faults(file: Path, node: ast.Call, folder: Path, declared: Declared) -> Iterator[Fault]:
    first = node.args[0] if node.args else None
    if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
        return
    word = first.value
    if isinstance(node.func, ast.Name) and node.func.id in ("view", "View"):
        if not word.startswith(_PLATFORMS) and not (folder / "templates" / word).is_file():
            yield Fault(file, node.lineno, f"shows the template {word!r}, which is not in its folder `templates`")
    elif isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        on = (node.func.value.id, node.func.attr)
        if on == ("transaction", "mail") and word not in declared.letters:
            yield Fault(file, node.lineno, f"posts the letter {word!r}, which its Module does not name")
        if on == ("transaction", "enqueue") and word not in declared.jobs:
            yield Fault(file, node.lineno, f"enqueues the job {word!r}, which its Module does not name")


def _loadable(package: str, name: str) -> bool:
    known = environment(package)
    try:
        assert known.loader is not None  # environment() gives it one
        _ = known.loader.get_source(known, name)
    except (TemplateNotFound, TemplateError):
        return False
    return True


def _line_of(source: str, name: str) -> int:
    return source.count("\n", 0, max(source.find(name), 0)) + 1
