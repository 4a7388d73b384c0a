"""Migrations as files: NNNN_name.sql, from 0001 on without a gap.

An upgrade has two halves. NNNN_name.sql is for before the new code: the old code goes on working on what it makes.
NNNN_name.post.sql is for after it: it takes away what only the old code needed.

They are psql-compatible: ``:"app"`` stands for the role's quoted name and ``:'app'`` for it as a literal.
"""

import hashlib
import re
from datetime import datetime
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple

from belsimple.database.roles import ROLES
from belsimple.errors import OperatorError

_FILE: Final = re.compile(r"^(?P<number>\d{4})_(?P<name>[a-z0-9_]+)(?P<half>\.post)?\.sql$")
_ROLE: Final = re.compile(rf":(?P<quote>[\"'])(?P<role>{'|'.join(ROLES)})(?P=quote)")


class ModuleSchema(NamedTuple):
    """A module's name, which is its schema's, and its folder of migrations."""

    name: str
    migrations: Traversable


class InstalledModule(NamedTuple):
    """What the database keeps of an installed module: its package, and what it may mail and lets tenants set."""

    name: str
    package: str
    version: str
    letters: tuple[str, ...]
    settings: tuple[str, ...]


class RemovedModule(NamedTuple):
    """A module whose package is gone and whose data is still in the database, in so many tables."""

    name: str
    package: str
    version: str
    removed_at: datetime
    tables: int


class Migration(NamedTuple):
    """One numbered file of `source` ('belsimple' or a module's name); `after`: for when the new code runs everywhere."""

    source: str
    number: int
    name: str
    text: str
    after: bool

    @property
    def checksum(self) -> str:
        """SHA-256 of the file, as hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrations_in(source: str, folder: Traversable) -> list[Migration]:
    """The numbered files of `folder`, in order. Raises OperatorError for a gap or a file that is not named NNNN_name.sql."""
    found: list[Migration] = []
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".sql"):
            continue
        match = _FILE.match(file.name)
        if match is None or int(match["number"]) != len(found) + 1:
            raise OperatorError(
                f"{source}: {file.name} is out of sequence", "Name migrations 0001_name.sql, 0002_name.sql and so on."
            )
        text = file.read_text(encoding="utf-8")
        found.append(Migration(source, int(match["number"]), match["name"], text, match["half"] is not None))
    return found


def with_roles(text: str, prefix: str) -> str:
    """`text` with the installation's role names in place of :"app", :'owner' and so on."""

    def name(match: re.Match[str]) -> str:
        return f"{match['quote']}{prefix}_{match['role']}{match['quote']}"

    return _ROLE.sub(name, text)
