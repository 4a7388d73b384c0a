"""docs/operations.md as a list of commands, and releases to follow it with."""

import re
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```sh(?P<mark>[ a-z]*)\n(?P<commands>.*?)^```", re.DOTALL | re.MULTILINE)
_NEXT = """\
-- What the release after this one adds: the release before it goes on working.
alter table system.component add column note text;
"""
_NEXT_AFTER = """\
-- What only the release before needed.
drop function system.of_old();
"""
_NOW = "create function system.of_old() returns integer language sql as $$ select 1 $$;\n"


def section(number: int, mark: str = "") -> list[str]:
    """The commands of a numbered section, block by block; `mark` chooses blocks that are marked for another place."""
    text = (ROOT / "docs" / "operations.md").read_text("utf-8")
    version = _version(ROOT)
    part = re.split(r"^## ", text, flags=re.MULTILINE)[number]
    assert part.startswith(f"{number}. ")
    return [
        found["commands"].replace("0.1.0", version) for found in _BLOCK.finditer(part) if found["mark"].strip() == mark
    ]


def build_release(folder: Path, version: str | None = None) -> Path:
    """The archive of `make wheel` for this tree, or for a next release that has two migrations more."""
    tree = folder / (version or "now")
    _ = shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".*", "var", "dist", "build", "__pycache__", "bench"))
    migrations = tree / "src" / "belsimple" / "database" / "migrations"
    last = max(int(file.name[:4]) for file in migrations.glob("*.sql"))
    _ = (migrations / f"{last + 1:04}_of_old.sql").write_text(_NOW, "utf-8")
    if version:
        _ = (migrations / f"{last + 2:04}_next.sql").write_text(_NEXT, "utf-8")
        _ = (migrations / f"{last + 3:04}_next_only.post.sql").write_text(_NEXT_AFTER, "utf-8")
        package = tree / "src" / "belsimple" / "__init__.py"
        _ = package.write_text(package.read_text("utf-8").replace(_version(ROOT), version), "utf-8")
    built = subprocess.run([tree / "tools" / "wheel", sys.executable], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return tree / built.stdout.strip().splitlines()[-1]


def download_wheels(folder: Path) -> None:
    """What an installation downloads, beforehand: the machine under test has no network."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes", "--dest", str(folder)]
    done = subprocess.run(
        [*command, "-r", str(ROOT / "requirements" / "run.txt")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _version(tree: Path) -> str:
    found = re.search(r'__version__ = "(.+)"', (tree / "src" / "belsimple" / "__init__.py").read_text("utf-8"))
    assert found
    return found[1]


def patience() -> float:
    """The five seconds that nobody may wait longer than; more where this machine is busy with other work besides.

    What a start of the program takes by the clock, against what it takes of a processor, says how busy.
    """
    began, used = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    _ = subprocess.run([sys.executable, "-I", "-c", "import belsimple.server.parts"], check=True)
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    share = (now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime) / (time.monotonic() - began)
    return 5 / min(1.0, 1.25 * share)
