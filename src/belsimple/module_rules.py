"""What the SQL of a module may not forget, checked when the process starts; every fault names its file and line.

These rules stop an oversight before it ships. They are not the line of defence: row security holds without them, and the
catalogue check reads what the database really has.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from belsimple.database.queries import Query, load_queries
from belsimple.fault import Fault

_COMMENT: Final = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_STRING: Final = re.compile(r"'(?:[^']|'')*'")
_CREATE_TABLE: Final = re.compile(
    r"\bcreate\s+(?P<odd>unlogged\s+|foreign\s+|temp\w*\s+)?table\s+(?:if\s+not\s+exists\s+)?(?P<table>[\w.]+)",
    re.IGNORECASE,
)
_PROTECT: Final = re.compile(r"\btenancy\.protect\s*\(\s*'(?P<table>[\w.]+)'", re.IGNORECASE)
_ADD_COLUMN: Final = re.compile(
    r"\balter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?(?P<table>[\w.]+)[^;]*?\badd\s+column\b", re.IGNORECASE
)
_HIDE: Final = re.compile(r"\btenancy\.hide_statistics\s*\(\s*'(?P<table>[\w.]+)'", re.IGNORECASE)
_NOT_FOR_MODULES: Final = re.compile(
    r"\bsecurity\s+definer\b|\brow\s+level\s+security\b|\b(?:create|alter|drop)\s+policy\b|\b(?:grant|revoke)\b|\b(?:disable|drop)\s+trigger\b"
    r"|\bcreate\s+(?:or\s+replace\s+)?(?:recursive\s+)?(?:view|materialized)\b|\bset\s+(?:local\s+|session\s+)?(?:role|session)\b|\bsession_replication_role\b|\bpartition\s+of\b",
    re.IGNORECASE,
)
_INSERT: Final = re.compile(r"\binto\s+$", re.IGNORECASE)


def migration_faults(schema: str, folder: Path) -> Iterator[Fault]:
    """Tables that nothing protects, tables of another schema, and statements that are the platform's to make."""
    texts = {file: _blank(_COMMENT, file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.sql"))}
    if not texts:
        yield Fault(folder.parent / "__init__.py", 1, "has no migration 0001_name.sql in its folder `migrations`")
    protected = {match["table"].lower() for text in texts.values() for match in _PROTECT.finditer(text)}
    for file, text in texts.items():
        for match in _CREATE_TABLE.finditer(text):
            table, line = match["table"].lower(), _line(text, match.start())
            if match["odd"] or not table.startswith(f"{schema}."):
                yield Fault(
                    file, line, f"makes the table {table}: only plain tables in the schema {schema} can be protected"
                )
            elif table not in protected:
                yield Fault(file, line, f"makes the table {table} without tenancy.protect('{table}', ...)")
        hidden = {match["table"].lower(): match.start() for match in _HIDE.finditer(text)}
        for match in _ADD_COLUMN.finditer(text):
            table = match["table"].lower()
            if hidden.get(table, -1) < match.start():
                line = _line(text, match.start())
                yield Fault(file, line, f"adds a column to {table} without tenancy.hide_statistics('{table}') after it")
        for match in _NOT_FOR_MODULES.finditer(_blank(_STRING, text)):
            statement = " ".join(match[0].lower().split())
            yield Fault(file, _line(text, match.start()), f"says `{statement}`: that is the platform's to decide")


def query_faults(schema: str, package: str, folder: Path) -> Iterator[Fault]:
    """Queries that cannot be read, and those that reach a table without naming their tenant."""
    for file in sorted(folder.rglob("*.sql")):
        if file.is_relative_to(folder / "migrations"):
            continue
        try:
            queries = load_queries(package, file.relative_to(folder).as_posix()).all()
        except ValueError as error:
            yield Fault(file, _line_in(str(error)), f"has unreadable SQL ({error})")
            continue
        for query in queries:
            yield from _tenant_faults(schema, query, file)


def _line_in(message: str) -> int:
    found = re.search(r"\.sql:(\d+):", message)
    return int(found[1]) if found else 1


def _tenant_faults(schema: str, query: Query, file: Path) -> Iterator[Fault]:
    """Each table wants its own ``tenant_id = :tenant`` (a row written wants ``:tenant`` among its values).

    Row security would do without; but where the tables are sharded the query is routed by it, and a reader of the query
    sees whose rows it touches.
    """
    sql = _blank(_STRING, query.sql).replace('"', "").lower()
    number = query.parameters.index("tenant") + 1 if "tenant" in query.parameters else 0
    written = named = 0
    for match in re.finditer(rf"\b{schema}\.[a-z_][a-z0-9_]*\b(?!\s*\.)", sql):
        if _INSERT.search(sql[: match.start()]):
            written += 1
        elif not sql[match.end() :].lstrip().startswith("("):  # else a function
            named += 1
    filters = len(re.findall(rf"\btenant_id\s*=\s*\${number}\b", sql)) if number else 0
    if filters < named or (written and not number):
        yield Fault(file, query.line, f"has the query {query.name} that reaches a table without `tenant_id = :tenant`")


def _blank(pattern: re.Pattern[str], text: str) -> str:
    """`text` without what `pattern` matches, its lines kept where they are."""
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
