"""The corpus of SQL attacks: `.sql` files of named statements, each with the refusal it must meet.

A file holds blocks of this form::

    -- name: edited_tenant
    -- What an attacker is after.
    -- number: 2                     (of the list of attacks)
    -- role: app                     (app unless given)
    -- context: write                (see CONTEXTS)
    -- expect: 28000                 (SQLSTATEs, or empty, zero, null, done, equals TEXT)
    -- guard: stamp_mac              (the mutation that must turn this case red)
    -- profile: owned                (only there; both unless given)
    select ...;

In the body ``-- on: NAME CONTEXT`` goes to another backend, ``-- keep: NAME`` names the first value that the next statement
returns, ``-- begin`` starts a transaction as the service does, and what follows ``-- afterwards`` tidies up. ``:'name'``
stands for a value of the ground or a kept one, ``:"name"`` for the name of a role.
"""

import re
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Final, Literal, NamedTuple

import msgspec

CONTEXTS: Final[Mapping[str, tuple[str, bool] | None]] = {
    "raw": None,
    "none": ("", True),
    "read": ("a_token", False),
    "write": ("a_token", True),
    "admin": ("a_admin_token", True),
    "member": ("a_member_token", True),
    "auditor": ("a_auditor_token", True),
    "second": ("a_second_token", True),
    "b_read": ("b_token", False),
    "b_write": ("b_token", True),
}
"""How a backend begins: nothing at all, or a transaction (writing or not) entered with a token of the ground, or with none."""

_BLOCK: Final = re.compile(r"^-- name: (?P<name>[a-z][a-z0-9_]*)\n", re.MULTILINE)
_FIELD: Final = re.compile(r"^-- (?P<key>number|role|context|expect|guard|profile): (?P<value>.+)$")
_DIRECTIVE: Final = re.compile(r"^-- (?P<kind>on|keep|begin|afterwards)(?:: (?P<value>.+))?$")


class Step(NamedTuple):
    """One thing to do: `text` is a statement, a backend with its context, or the name of what to keep."""

    kind: Literal["run", "on", "keep", "begin"]
    text: str


class Case(msgspec.Struct, frozen=True):
    """One attack of the corpus."""

    name: str
    number: int
    role: str
    context: str
    expect: str
    guard: str
    profile: str
    steps: tuple[Step, ...]
    afterwards: tuple[Step, ...]


def load_corpus() -> tuple[Case, ...]:
    """Every case, in the order of the files. Raises ValueError for a block that is not as described above."""
    return tuple(
        case for file in sorted(_folder().glob("*.sql")) for case in parse(file.read_text(encoding="utf-8"), file.name)
    )


def parse(text: str, source: str) -> Iterator[Case]:
    """The cases of one file. Raises ValueError."""
    blocks = list(_BLOCK.finditer(text))
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        yield _case(block["name"], text[block.end() : following.start() if following else len(text)], source)


def _case(name: str, block: str, source: str) -> Case:
    fields: dict[str, str] = {"role": "app", "profile": ""}
    lines = block.splitlines()
    while lines and lines[0].startswith("--") and not _DIRECTIVE.match(lines[0]):
        field = _FIELD.match(lines.pop(0))
        if field:
            fields[field["key"]] = field["value"]
    head, _, tail = "\n".join(lines).partition("-- afterwards\n")
    steps = tuple(_steps(head))
    if missing := {"number", "context", "expect", "guard"} - fields.keys():
        raise ValueError(f"{source}: {name} does not say its {', '.join(sorted(missing))}")
    if fields["context"] not in CONTEXTS or not steps or steps[-1].kind != "run":
        raise ValueError(f"{source}: {name} has an unknown context, or does not end in a statement")
    number = int(fields.pop("number"))
    return Case(name=name, number=number, steps=steps, afterwards=tuple(_steps(tail)), **fields)


def _steps(body: str) -> Iterator[Step]:
    statement: list[str] = []
    for line in body.splitlines():
        directive = _DIRECTIVE.match(line)
        if directive and directive["kind"] in ("on", "keep", "begin"):
            yield Step(
                "on" if directive["kind"] == "on" else "keep" if directive["kind"] == "keep" else "begin",
                directive["value"] or "",
            )
        elif line.strip():
            statement.append(line)
            if line.endswith(";"):
                yield Step("run", "\n".join(statement).removesuffix(";"))
                statement = []
    if statement:
        raise ValueError(f"a statement does not end: {statement}")


def _folder() -> Path:
    """The installed corpus, or the one in the checkout this package runs from."""
    installed = Path(str(resources.files("belsimple.attack") / "statements"))
    return installed if installed.is_dir() else Path(__file__).parents[3] / "tests" / "attack" / "statements"
