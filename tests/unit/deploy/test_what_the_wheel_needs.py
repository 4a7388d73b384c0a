"""The wheel runs with what its own list of requirements brings: nothing that only development has is imported."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[3]
_OWN = {"belsimple", "belsimple_dossiers"}
_OF_AUTHORS = ("belsimple/kit/scaffold", "belsimple/testing.py")
"""Copied by module authors, or imported by their tests: no part of the service loads it."""


def _files() -> list[Path]:
    files = (ROOT / "src").rglob("*.py")
    return [file for file in files if not file.relative_to(ROOT / "src").as_posix().startswith(_OF_AUTHORS)]


def _imported() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for file in _files():
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0]: file for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found[node.module.partition(".")[0]] = file
    return {name: file for name, file in found.items() if name not in sys.stdlib_module_names and name not in _OWN}


def test_every_import_is_of_a_locked_requirement():
    locked = set(
        re.findall(r"^([A-Za-z0-9_.-]+)==", (ROOT / "requirements" / "run.txt").read_text("utf-8"), re.MULTILINE)
    )
    normal = {re.sub(r"[-_.]+", "-", name).lower() for name in locked}
    brought = packages_distributions()
    imported = _imported()
    assert len(imported) > 10
    missing = {
        name: str(file)
        for name, file in imported.items()
        if not {re.sub(r"[-_.]+", "-", one).lower() for one in brought.get(name, [])} & normal
    }
    assert missing == {}


def test_nothing_of_the_service_imports_what_is_for_tests_of_modules():
    assert [file for file in _files() if "belsimple.testing" in file.read_text("utf-8")] == []
