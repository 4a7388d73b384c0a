"""`make update`: lock the newest dependencies, test with them, and note what changed. Nothing is kept if a test fails."""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

# In this order, so that the files agree: dev is locked on top of run, build on top of dev.
_LOCKS = {
    "run": ["pyproject.toml"],
    "dev": ["-c", "requirements/run.txt", "--extra", "dev", "pyproject.toml"],
    "build": ["-c", "requirements/dev.txt", "requirements/build.in"],
}
_NOTES = Path("docs/dependency-updates.md")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+) ?\\?$", re.MULTILINE)


def main() -> int:
    """Lock, test, note; the exit code is that of the tests."""
    before = {name: _file(name).read_text("utf-8") for name in _LOCKS}
    for name in _LOCKS:
        _lock(name)
    changes = _changes(before)
    if not changes:
        print("Everything is up to date.")
        return 0
    print(*changes, sep="\n")
    code = subprocess.run(["make", "check", "test"], check=False).returncode
    if code:
        for name, text in before.items():
            _ = _file(name).write_text(text, "utf-8")
        print("The tests fail with the new versions; the old lock is back.", file=sys.stderr)
        return code
    _note(changes)
    return 0


def _lock(name: str) -> None:
    command = [sys.executable, "-m", "piptools", "compile", "--quiet", "--upgrade", "--strip-extras", "--allow-unsafe"]
    command += [
        "--generate-hashes",
        "--no-emit-index-url",
        "--no-emit-find-links",
        "--no-header",
        "-o",
        str(_file(name)),
    ]
    print(f"Locking requirements/{name}.txt ...", flush=True)
    _ = subprocess.run([*command, *_LOCKS[name]], check=True)


def _changes(before: dict[str, str]) -> list[str]:
    old, new = (_pins(texts) for texts in (before, {name: _file(name).read_text("utf-8") for name in before}))
    names = sorted({*old, *new})
    return [
        f"- {name}: {old.get(name, 'new')} -> {new.get(name, 'gone')}"
        for name in names
        if old.get(name) != new.get(name)
    ]


def _pins(texts: dict[str, str]) -> dict[str, str]:
    return {name: version for text in texts.values() for name, version in _PIN.findall(text)}


def _note(changes: list[str]) -> None:
    heading = "# Dependency updates\n\nWritten by `make update`, after the tests passed with these versions.\n"
    text = _NOTES.read_text("utf-8") if _NOTES.exists() else heading
    entry = f"\n## {datetime.now(UTC):%Y-%m-%d}\n\n" + "\n".join(changes) + "\n"
    _NOTES.parent.mkdir(exist_ok=True)
    _ = _NOTES.write_text(text.replace(heading, heading + entry), "utf-8")


def _file(name: str) -> Path:
    return Path("requirements") / f"{name}.txt"


if __name__ == "__main__":
    sys.exit(main())
