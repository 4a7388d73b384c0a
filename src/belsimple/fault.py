"""A fault in a package, with the place where it is corrected."""

from pathlib import Path
from typing import NamedTuple


class Fault(NamedTuple):
    """One thing that is wrong; printed as ``file:line: text``."""

    file: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"
