"""docs/module-guide.md, followed word by word: every command run, every change applied, every file written."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.kit.environment import Environment, new_environment

GUIDE = Path(__file__).parents[2] / "docs" / "module-guide.md"
MOST_LINES = 150
pytestmark = pytest.mark.slow


class Block(NamedTuple):
    """A fenced block: its language, what stands behind that, and its lines."""

    language: str
    where: str
    text: str


def blocks() -> list[Block]:
    found = re.findall(r"^```(\w+) ?(\S*)\n(.*?)^```$", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [Block(*one) for one in found]


def typed(block: Block) -> int:
    """How many lines of it a reader writes by hand."""
    lines = block.text.splitlines()
    if block.language == "diff":
        return sum(line.startswith("+") and not line.startswith("+++") for line in lines)
    return len(lines)


@pytest.fixture(scope="module")
def environment() -> Iterator[Environment]:
    """An environment in which belsimple runs and nothing else is installed, and an empty folder."""
    with new_environment() as made:
        yield made


def test_little_is_written_by_hand() -> None:
    assert {block.language for block in blocks()} == {"sh", "diff", "python"}
    assert sum(typed(block) for block in blocks()) < MOST_LINES


def test_it_works_word_by_word(environment: Environment) -> None:
    project = environment.folder
    for block in blocks():
        if block.language == "diff":
            environment.run(project, "patch", "--strip=1", "--fuzz=0", text=block.text)
        elif block.language == "python":
            (project / block.where).write_text(block.text, "utf-8")
        else:
            for command in block.text.splitlines():
                if command.startswith("cd "):
                    project = project / command.removeprefix("cd ")
                elif command == "belsimple up --demo":
                    look(environment)
                else:
                    environment.run(project, *command.split())


def look(environment: Environment) -> None:
    """The service as it runs afterwards: the module is in the menu, its page opens, its mail is written."""
    with environment.service() as service:
        member = service.signed_in("member")
        shown = member.get("/visits?language=nl")
        assert shown.status == 200
        assert re.search(r'<a href="/visits"[^>]*>\s*Bezoeken\s*</a>', shown.text)
        assert member.post("/visits/new", title="The inspector", day=time.strftime("%Y-%m-%d")).path == "/visits"
        assert "The inspector" in service.mail("visits.written", "The inspector").text
        listed = service.command("module", "list")
        assert [one["name"] for one in listed["installed"]] == ["dossiers", "visits"]
