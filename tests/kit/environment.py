"""A Python environment of a module author's: belsimple runs in it, and what is installed into it stays in it."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from belsimple.testing import Service


class Environment:
    """`folder` is where its author works."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "work"
        self._root = root
        self.folder.mkdir()
        self.python = root / "venv" / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", root / "venv"], check=True, timeout=120)
        site = Path(sysconfig.get_path("purelib", vars={"base": str(root / "venv")}))
        (site / "outer.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
        command = root / "venv" / "bin" / "belsimple"
        command.write_text(f'#!/bin/sh\nexec {self.python} -m belsimple "$@"\n', "utf-8")
        command.chmod(0o755)

    def run(self, where: Path, *words: str, text: str = "", fails: bool = False) -> str:
        """Run a command as a person at a terminal would; returns what it said."""
        path = f"{self.python.parent}:/usr/bin:/bin"
        environment = {"PATH": path, "HOME": str(self._root), "PIP_NO_INDEX": "1", "PIP_ROOT_USER_ACTION": "ignore"}
        done = subprocess.run(
            words, cwd=where, env=environment, input=text, capture_output=True, text=True, timeout=300, check=False
        )
        said = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, f"{' '.join(words)}\n{said}"
        return said

    @contextmanager
    def service(self) -> Iterator[Service]:
        """`belsimple up --demo` in this environment."""
        folder = self._root / "service"
        folder.mkdir(exist_ok=True)
        with Service(folder, python=str(self.python)).running() as service:
            yield service


@contextmanager
def new_environment() -> Iterator[Environment]:
    """One for the length of a `with`, which the service's own user can reach."""
    root = Path(tempfile.mkdtemp(prefix="belsimple-author-", dir="/tmp"))
    root.chmod(0o755)
    os.umask(0o022)
    try:
        yield Environment(root)
    finally:
        shutil.rmtree(root, ignore_errors=True)
