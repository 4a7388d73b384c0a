"""`python -m belsimple.attack.mutant GUARD PART TENANT`: one part of a scratch service with one guard taken out of the program.

`none` takes out nothing: the guard is the database's, and is broken there.
"""

import sys
from typing import Final, Literal

from belsimple.attack.mutating import all_mutants

PARTS: Final[dict[str, Literal["gate", "operator", "web"]]] = {"gate": "gate", "operator": "operator", "web": "web"}


def main(guard: str, part: str, other_tenant: str) -> None:
    """Apply the mutation, then serve as `belsimple serve` does."""
    mutants = all_mutants()
    if guard in mutants:
        mutants[guard](other_tenant)
    from belsimple.server import parts  # noqa: PLC0415 - only now: what it imports must see the mutation
    from belsimple.server.settings import load_settings  # noqa: PLC0415

    parts.serve(PARTS[part], load_settings())


if __name__ == "__main__":
    main(*sys.argv[1:])
