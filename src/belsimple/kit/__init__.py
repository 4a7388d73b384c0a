"""The kit: a module of one's own, written by `belsimple module new`.

The folder `scaffold` is a whole module that works as it stands; a new one is a copy of it under another name.
"""

import re
from pathlib import Path
from typing import Final

from belsimple.errors import OperatorError
from belsimple.module_names import name_fault

_SCAFFOLD: Final = Path(__file__).with_name("scaffold")


def new_module(name: str, into: Path) -> Path:
    """Write the package of a module called `name` into a new folder under `into`; returns that folder.

    Raises OperatorError for a name that no module can have and for a folder that is there already.
    """
    if why := name_fault(name):
        raise OperatorError(f"No module can be called {name!r}: {why}", "Choose another name, such as `visits`.")
    folder = into / f"belsimple-{name.replace('_', '-')}"
    if folder.exists():
        raise OperatorError(f"There is a folder {folder} already", "Choose another name, or another place with --into.")
    if not into.is_dir():
        raise OperatorError(f"There is no folder {into}", "Make it first.")
    for source in sorted(_SCAFFOLD.rglob("*")):
        if source.is_file() and "__pycache__" not in source.parts:
            target = folder / renamed(source.relative_to(_SCAFFOLD).as_posix(), name)
            target.parent.mkdir(parents=True, exist_ok=True)
            _ = target.write_text(renamed(source.read_text(encoding="utf-8"), name), encoding="utf-8")
    return folder


def renamed(text: str, name: str) -> str:
    """The scaffold's own text or path, of a module that is called `name`."""
    title = name.replace("_", " ").capitalize()
    text = text.replace("belsimple-scaffold", f"belsimple-{name.replace('_', '-')}")
    return re.sub("scaffold", name, text.replace("Scaffold", title))
