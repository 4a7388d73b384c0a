"""Every word of a search begins a word of the title or the reference, whatever its case and accents."""

import random
import unicodedata
from itertools import product
from urllib.parse import quote
from uuid import UUID

import pytest

from belsimple.modules import Transaction
from belsimple_dossiers import search as module
from belsimple_dossiers.actions import create_dossier
from belsimple_dossiers.model import Dossier, NewDossier, Status
from tests.support.world import World

from .conftest import Make, Send

DOSSIERS = "/api/v1/dossiers"
LAST = UUID(int=2**128 - 1)


async def found(send: Send, query: str) -> list[str]:
    """The titles that a search finds."""
    page = await send("GET", f"{DOSSIERS}?limit=200&q={quote(query)}")
    assert page.status == 200, page.body
    return [item["title"] for item in page.json["items"]]


FOUND = [
    "Élodie",
    "elodie",
    "ELODIE",
    "e\u0301lo",
    "müller",
    "muller",
    "straße",
    "STRA",
    "ﬁscus",
    "fiscus",
    "a12",
    "élodie!",
    "j%",
]
FOUND += [
    "2026",
    "2026/00012",
    "00012 2026",
    "elodie 00012",
    "elo jan",
    "Jan Elo",
    "van den",
    "  janssens\tvan ",
    "jan\\",
]
NOT_FOUND = [
    "lodie",
    "12",
    "elodiejanssens",
    "%",
    "_",
    "%odie",
    "e_odie",
    "'",
    "!!!",
    "elodie peeters",
    "elodie elodia",
]


async def test_it_finds_words_by_their_beginning_in_any_order(send: Send, make: Make) -> None:
    await make("Élodie Janssens-Müller, van den Straße (A12: Fiscus)", reference="2026/00012")
    await make("Iemand anders")
    for query in FOUND:
        assert await found(send, query) == ["Élodie Janssens-Müller, van den Straße (A12: Fiscus)"], query


async def test_it_finds_nothing_else(send: Send, make: Make) -> None:
    await make("Élodie Janssens", reference="2026/00012")
    for query in NOT_FOUND:
        assert await found(send, query) == [], query


async def test_a_blank_search_is_none(send: Send, make: Make) -> None:
    await make()
    assert await found(send, " ") == ["Janssens"]


async def test_the_words_follow_the_dossier(send: Send, make: Make) -> None:
    made = await make("Janssens", reference="2026/1")
    address = f"{DOSSIERS}/{made['id']}"
    await send("PATCH", address, {"title": "Peeters"}, headers={"if-match": '"1"'})
    assert [await found(send, query) for query in ("janssens", "peeters", "2026")] == [[], ["Peeters"], ["Peeters"]]
    await send("PATCH", address, {"reference": None}, headers={"if-match": '"2"'})
    assert [await found(send, query) for query in ("2026", "peeters")] == [[], ["Peeters"]]
    await send("DELETE", address, headers={"if-match": '"3"'})
    assert await found(send, "peeters") == []


async def test_nothing_of_a_deleted_dossier_stays(send: Send, make: Make, world: World) -> None:
    made = await make("Janssens van den Broeck", reference="2026/1")
    await send("DELETE", f"{DOSSIERS}/{made['id']}", headers={"if-match": '"1"'})
    for table in ("dossier_term", "dossier_words"):
        assert await world.observe(f"select from dossiers.{table} where id = $1", UUID(made["id"])) == []


async def test_notes_are_not_searched(send: Send, make: Make) -> None:
    await make("Janssens", notes="confidential")
    assert await found(send, "confidential") == []


VOCABULARY = ["jan", "janssens", "janos", "peeters", "piet", "2026", "élodie", "elo"]


@pytest.mark.parametrize(
    ("rare", "window", "counted"),
    [(2_000, 10_000, 30_000), (3, 5, 8), (3, 1, 1_000), (1_000_000, 1, 1)],
    ids=["as shipped", "all ways", "from two words", "from one word"],
)
async def test_every_way_of_searching_finds_what_looking_at_each_would(
    world: World, monkeypatch: pytest.MonkeyPatch, rare: int, window: int, counted: int
) -> None:
    for name, value in (("RARE", rare), ("WINDOW", window), ("COUNTED", counted)):
        monkeypatch.setattr(module, name, value)
    chance = random.Random(1)
    made: list[Dossier] = []
    async with world.acting() as transaction:
        for _ in range(60):
            title, status = " ".join(chance.choices(VOCABULARY, k=3)), chance.choice(("open", "closed"))
            made.append(await create_dossier(transaction, NewDossier(title=title, status=status)))
        made.sort(key=lambda dossier: dossier.id, reverse=True)
        queries = [
            *VOCABULARY,
            "j",
            "p",
            "ja pe",
            "jan 2026",
            "jan janos piet",
            "janssens janos 2026 elo",
            "zz",
            "jan zz",
            "e 2",
        ]
        for query, status in product(queries, (None, "open")):
            expected = [one.title for one in made if status in (None, one.status) and matches(query, one.title)]
            assert await all_pages(transaction, query, status) == expected, query


async def all_pages(transaction: Transaction, query: str, status: Status | None) -> list[str]:
    """What the search finds, three at a time."""
    words = await module.words_of(transaction, query)
    titles: list[str] = []
    before = LAST
    while page := await module.search(transaction, words, status, before, 3):
        titles += [item.title for item in page]
        before = page[-1].id
    return titles


def matches(query: str, title: str) -> bool:
    """The rule, said in Python for plain words."""
    plain = unicodedata.normalize("NFKD", title).replace("\u0301", "").split()
    wanted = unicodedata.normalize("NFKD", query).replace("\u0301", "").split()
    return all(any(word.startswith(start) for word in plain) for start in wanted)
