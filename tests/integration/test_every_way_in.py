"""docs/ways-in.md: each way in, tried in each state; the table is what the database did, and the document must say the same."""

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from belsimple.database.transaction import Database
from tests.support.databases import ONE_PROFILE, Installed
from tests.support.ways_in import REFUSED
from tests.support.ways_in_table import table
from tests.support.world import World

DOCUMENT = Path("docs/ways-in.md")
MADE = Path("build/ways-in.md")


@ONE_PROFILE
async def test_the_document_tells_what_happens(
    shared: Installed, shared_parts: Callable[[Installed], Awaitable[tuple[Database, Database]]]
) -> None:
    made = await table(partial(World.opened, shared, await shared_parts(shared)))
    MADE.parent.mkdir(exist_ok=True)
    MADE.write_text(made, "utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in made.splitlines()]
    columns = dict(zip(rows[0], zip(*rows[2:], strict=True), strict=True))
    for closed in ("tenant suspended", "from a foreign network"):
        assert not [cell for cell in columns[closed] if cell.endswith(("signed in", "goes on", "wanted", "first"))]
    for shut in ("account deactivated", "deactivated by its directory"):
        assert [way for way, cell in zip(columns["way in"], columns[shut], strict=True) if cell != REFUSED] == [
            "invitation, sent before",  # whose account is another
            "directory's token, made before",  # which is nobody's account
        ]
    assert {
        cell for way, cell in zip(columns["way in"], columns["provider switched off"], strict=True) if "provider" in way
    } == {REFUSED}
    only = zip(columns["way in"], columns["single sign-on only"], strict=True)
    assert {way for way, cell in only if cell.endswith("signed in")} == {
        "identity provider",
        "SAML provider",
        "SAML provider, begun there",
    }
    assert made in DOCUMENT.read_text("utf-8"), (
        f"Look at {MADE}; if all of it is as it should be, put it into {DOCUMENT}."
    )
