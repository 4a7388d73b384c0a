"""Migration lint: what a reviewer would have to look for in every migration, looked for by a program."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

_PLATFORM = Path("src/belsimple/database/migrations")
_NAME = re.compile(r"(\d{4})_[a-z0-9_]+(?:\.post)?\.sql")
_COMMENT = re.compile(r"--[^\n]*")
_FUNCTION = re.compile(r"create (?:or replace )?(?:function|procedure) [^;$]*?\$(\w*)\$", re.IGNORECASE)
_DEFINER_PATH = re.compile(r"set search_path\s*(?:=|to)\s*pg_catalog, ?pg_temp", re.IGNORECASE)
_POLICY = re.compile(r"create policy [^;]*;", re.IGNORECASE)
_NAMED_ROLE = re.compile(r"\bto\s+(?::\"|%(?:\d\$)?[Is])", re.IGNORECASE)
_WEAKENED = (
    (
        re.compile(r"\bdisable row level security\b|\bno force row level security\b", re.IGNORECASE),
        "lifts row security",
    ),
    (re.compile(r"\bgrant\b[^;]*\bto public\b", re.IGNORECASE), "grants to everybody"),
    (re.compile(r"\bbypassrls\b", re.IGNORECASE), "lets a role pass row security by"),
)
# Between tables that row security protects, a cascade deletes what its permission would refuse.
_CASCADE = re.compile(r"\bon (?:delete|update) (?:cascade|set null|set default)\b", re.IGNORECASE)


def main() -> int:
    """Print every fault; the exit code says whether there was one."""
    folders = sorted(Path("src").glob("*/**/migrations"))
    faults = [fault for folder in folders for fault in _faults_in(folder)]
    print(*faults, sep="\n")
    return 1 if faults or not folders else 0


def _faults_in(folder: Path) -> Iterator[str]:
    for position, file in enumerate(sorted(folder.glob("*.sql")), start=1):
        named = _NAME.fullmatch(file.name)
        if not named or int(named[1]) != position:
            yield f"{file}: is not number {position:04} of its folder"
        sql = _COMMENT.sub("", file.read_text("utf-8"))
        yield from (f"{file}: {fault}" for fault in _faults_of(sql))
        if folder != _PLATFORM and _CASCADE.search(sql):
            yield f"{file}: cascades, which skips the permissions of what it deletes"


def _faults_of(sql: str) -> Iterator[str]:
    for function in _FUNCTION.finditer(sql):
        head = _head_and_options(sql, function)
        if re.search(r"security definer", head, re.IGNORECASE) and not _DEFINER_PATH.search(head):
            yield f"a definer function without its own search_path: {_start(function[0])}"
    for policy in _POLICY.findall(sql):
        if not _NAMED_ROLE.search(policy):
            yield f"a policy for everybody: {_start(policy)}"
    for pattern, what in _WEAKENED:
        for found in pattern.finditer(sql):
            yield f"{what}: {_start(found[0])}"


def _head_and_options(sql: str, function: re.Match[str]) -> str:
    """A function's head, and the options that may follow its body."""
    closing = sql.find(f"${function[1]}$", function.end())
    return function[0] + sql[closing : sql.find(";", closing)]


def _start(text: str) -> str:
    return " ".join(text.split())[:80]


if __name__ == "__main__":
    sys.exit(main())
