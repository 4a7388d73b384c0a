"""What a case found."""

import msgspec


class Outcome(msgspec.Struct, frozen=True):
    """One case: whether the guard held, what was expected and what was seen."""

    number: int
    name: str
    guard: str
    held: bool
    expected: str
    seen: str
