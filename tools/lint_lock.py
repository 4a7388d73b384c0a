"""Lock lint: every pinned requirement has a hash, and no address or path of any machine is in a lock file."""

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+) ?\\?$", re.MULTILINE)
_MACHINE = re.compile(
    r"https?://|file:/|--(?:index|extra-index|find-links|trusted-host)|(?<![A-Za-z0-9])/(?:opt|home|root|tmp|work)/"
)


def main() -> int:
    """Print every fault; the exit code says whether there was one."""
    faults = [fault for file in sorted(Path("requirements").glob("*.txt")) for fault in _faults_in(file)]
    faults += _unlocked()
    faults += _faults_of_npm(Path("tests/provider/package-lock.json"))
    print(*faults, sep="\n")
    return 1 if faults else 0


def _faults_in(file: Path) -> Iterator[str]:
    text = file.read_text("utf-8")
    for found in _MACHINE.finditer(text):
        yield f"{file}: names a machine's own place: {found[0]}"
    for block in re.split(r"\n(?=[A-Za-z0-9])", text):
        if _PIN.match(block) and "--hash=sha256:" not in block:
            yield f"{file}: no hash for {block.splitlines()[0]}"


def _faults_of_npm(file: Path) -> Iterator[str]:
    for name, package in json.loads(file.read_text("utf-8"))["packages"].items():
        if name and "integrity" not in package:
            yield f"{file}: no hash for {name}"
        if "resolved" in package:
            yield f"{file}: names the place that {name} came from"


def _unlocked() -> Iterator[str]:
    """Requirements of pyproject.toml that the lock does not satisfy: it was not locked after a change."""
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    wanted = {"run": project["dependencies"], **project["optional-dependencies"]}
    for name, requirements in wanted.items():
        pins = {
            canonicalize_name(pin): version
            for pin, version in _PIN.findall(Path(f"requirements/{name}.txt").read_text("utf-8"))
        }
        for requirement in map(Requirement, requirements):
            version = pins.get(canonicalize_name(requirement.name))
            if version is None or version not in requirement.specifier:
                yield f"requirements/{name}.txt: does not lock {requirement}; run `make update`"


if __name__ == "__main__":
    sys.exit(main())
