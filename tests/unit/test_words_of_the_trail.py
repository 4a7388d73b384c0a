"""Everything that the platform writes into the trail has a name that people read."""

import re
from pathlib import Path

from belsimple.audit.words import ACTIONS, OBJECTS, SOURCES, actions, objects
from belsimple.modules import Module, discover

MIGRATIONS = Path("src/belsimple/database/migrations")
SQL = "\n".join(file.read_text("utf-8") for file in sorted(MIGRATIONS.glob("*.sql")))
RECORD = re.compile(r"audit\.record\((?:'([a-z_]+)'|case [^,]*? then '([a-z_]+)' else '([a-z_]+)' end), '([a-z_.]+)'")
STAMP = re.compile(r"context\.stamp\([^;]*?, '([a-z_]+)'\);")
WATCH = re.compile(r"audit\.watch\('([a-z_.]+)'")


def test_every_event_has_a_name() -> None:
    found = RECORD.findall(SQL)
    assert len(found) > 10
    assert {action for *actions, _ in found for action in actions if action} <= ACTIONS.keys()
    assert {kind for *_, kind in found} <= OBJECTS.keys()


def test_every_table_that_is_watched_has_a_name() -> None:
    watched = set(WATCH.findall(SQL))
    assert len(watched) > 8
    assert watched <= OBJECTS.keys()


def test_every_source_has_a_name() -> None:
    found = set(STAMP.findall(SQL))
    assert len(found) > 5
    assert found | {"operator"} <= SOURCES.keys()


def test_a_module_names_its_own() -> None:
    [dossiers] = [one for one in discover() if one.name == "dossiers"]
    tables = set(re.findall(r"tenancy\.protect\('([a-z_.]+)'", _sql(dossiers)))
    assert tables == dossiers.objects.keys()
    assert objects([dossiers])["dossiers.dossier"].package == "belsimple_dossiers"
    written = set(re.findall(r'_recorded\(transaction, "([a-z_]+)"', _python(dossiers)))
    assert written == dossiers.actions.keys()
    assert actions([dossiers])["document_added"].label == "Document added"


def _sql(module: Module) -> str:
    return "\n".join(file.read_text("utf-8") for file in module.migrations.iterdir() if file.name.endswith(".sql"))


def _python(module: Module) -> str:
    return "\n".join(file.read_text("utf-8") for file in module.files.iterdir() if file.name.endswith(".py"))
