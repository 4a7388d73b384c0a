"""How a guard is taken out of the program: a mutant replaces what the guard is, in a process of its own.

Mutants are applied before the request path is imported, so that a name imported elsewhere is the changed one.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

Mutant = Callable[[str], None]
_mutants: Final[dict[str, Mutant]] = {}


def mutant(change: Mutant) -> Mutant:
    """Declare a mutant: its name is the guard's. It is given the id of the other tenant."""
    _mutants[change.__name__.lstrip("_")] = change
    return change


def all_mutants() -> dict[str, Mutant]:
    """By the guard's name."""
    for module in (
        "mutants",
        "browser_mutants",
        "file_mutants",
        "provider_mutants",
        "saml_mutants",
        "provisioning_mutants",
        "token_mutants",
    ):
        import_module(f"belsimple.attack.{module}")
    return dict(_mutants)


def original(target: str) -> Any:
    """What stands at `target`, written `module:Class.name` or `module:name`."""
    return getattr(*_owner(target))


def replace(target: str, replacement: Any) -> None:
    """Put something else there."""
    setattr(*_owner(target), replacement)


def _owner(target: str) -> tuple[Any, str]:
    module, _, path = target.partition(":")
    *classes, name = path.split(".")
    owner: Any = import_module(f"belsimple.{module}")
    for one in classes:
        owner = getattr(owner, one)
    return owner, name


async def nothing(*_: Any, **__: Any) -> None:
    """Takes the place of a coroutine function that mattered."""
