"""A closer look at modules before the database is brought to them: at each one once, until its files change."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import structlog

from belsimple.atomic import write_atomically
from belsimple.errors import OperatorError
from belsimple.language.extraction import folder_of
from belsimple.module_checks import broken_templates_of, language_faults_of
from belsimple.modules import Module

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("belsimple")


def look_at_modules(modules: Sequence[Module], data: Path) -> None:
    """Refuse templates that do not compile; tell of text that stays English. What was looked at is noted in `data`.

    A missing translation stops no start: a platform's newer release may word anew what a module relied on.
    Raises OperatorError.
    """
    noted = data / "modules.checked"
    digest = _digest(modules)
    if noted.is_file() and noted.read_text("ascii") == digest:
        return
    for module in modules:
        for fault in broken_templates_of(module):
            raise OperatorError(
                f"The module {module.name} is not right: {fault}", "`belsimple module check` tells all."
            )
        untranslated = list(language_faults_of(module))
        if untranslated:
            _log.warning(
                "module-untranslated", module=module.name, faults=len(untranslated), first=str(untranslated[0])
            )
    if data.is_dir():  # not yet made, where the database is somebody else's and this the first command
        write_atomically(noted, digest)


def _digest(modules: Sequence[Module]) -> str:
    """Of what decides: which files there are, how long, and since when."""
    made = hashlib.sha256()
    for module in modules:
        for file in sorted(folder_of(module.package).rglob("*")):
            if file.suffix in {".py", ".html", ".txt", ".sql", ".po"}:
                state = file.stat()
                made.update(f"{file}|{state.st_size}|{state.st_mtime_ns}\n".encode())
    return made.hexdigest()
