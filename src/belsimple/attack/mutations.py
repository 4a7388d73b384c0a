"""The SQL mutations: what breaks each guard that the database is."""

import re
from importlib import resources
from typing import Any, Final

from belsimple.attack.backend import substitute

_BLOCK: Final = re.compile(r"^-- name: (?P<name>[a-z][a-z0-9_]*)\n", re.MULTILINE)


class Mutations:
    """The blocks of mutations.sql, by guard."""

    def __init__(self) -> None:
        text = (resources.files("belsimple.attack") / "mutations.sql").read_text(encoding="utf-8")
        pieces = _BLOCK.split(text)[1:]
        self._blocks = dict(zip(pieces[::2], pieces[1::2], strict=True))

    def guards(self) -> frozenset[str]:
        """Every guard that a block breaks."""
        return frozenset(name for name in self._blocks if name != "prelude" and not name.endswith("__undo"))

    def shared(self, guard: str) -> bool:
        """Whether breaking it changes a role, which all databases of the cluster share."""
        return f"{guard}__undo" in self._blocks

    async def apply(self, superuser: Any, guard: str, roles: dict[str, str]) -> None:
        """Break `guard` in the database of an asyncpg connection. Raises asyncpg.PostgresError when it is not as expected."""
        await superuser.execute(self._blocks["prelude"])
        await superuser.execute(substitute(self._blocks[guard], roles))

    async def undo(self, superuser: Any, guard: str, roles: dict[str, str]) -> None:
        """Take back what reaches beyond the database: a role's attributes."""
        if f"{guard}__undo" in self._blocks:
            await superuser.execute(substitute(self._blocks[f"{guard}__undo"], roles))
