"""Lists come newest first, in pages that neither repeat nor lose a dossier."""

from .conftest import Make, Send

DOSSIERS = "/api/v1/dossiers"


async def pages(send: Send, query: str) -> list[str]:
    """Every title, page by page."""
    titles: list[str] = []
    cursor = ""
    while True:
        page = await send("GET", f"{DOSSIERS}?{query}{cursor}")
        assert page.status == 200, page.body
        titles += [item["title"] for item in page.json["items"]]
        if page.json["next"] is None:
            return titles
        cursor = f"&cursor={page.json['next']}"


async def test_the_newest_comes_first(send: Send, make: Make) -> None:
    for number in range(5):
        await make(f"Dossier {number}")
    assert await pages(send, "limit=50") == [f"Dossier {number}" for number in (4, 3, 2, 1, 0)]


async def test_pages_hold_each_once(send: Send, make: Make) -> None:
    for number in range(7):
        await make(f"Dossier {number}")
    for query in ("", "q=dossier&", "status=open&", "q=doss&status=open&"):
        for limit in (1, 2, 7):
            assert await pages(send, f"{query}limit={limit}") == [f"Dossier {number}" for number in range(6, -1, -1)], (
                query
            )


async def test_what_is_made_meanwhile_moves_no_page(send: Send, make: Make) -> None:
    for number in range(4):
        await make(f"Dossier {number}")
    first = await send("GET", f"{DOSSIERS}?limit=2")
    await make("Dossier 4")
    second = await send("GET", f"{DOSSIERS}?limit=2&cursor={first.json['next']}")
    assert [item["title"] for item in second.json["items"]] == ["Dossier 1", "Dossier 0"]


async def test_a_status_filters(send: Send, make: Make) -> None:
    await make("Janssens", status="closed")
    await make("Peeters")
    assert await pages(send, "status=closed") == ["Janssens"]
    assert await pages(send, "status=open") == ["Peeters"]
    assert await pages(send, "status=open&q=janssens") == []


async def test_items_hold_no_notes(send: Send, make: Make) -> None:
    await make(notes="long")
    for query in ("", "?q=janssens", "?status=open"):
        [item] = (await send("GET", f"{DOSSIERS}{query}")).json["items"]
        assert set(item) == {"id", "title", "reference", "status", "version", "created_at", "updated_at", "closed_at"}


REFUSED = {
    "limit=0": "/limit",
    "limit=201": "/limit",
    "limit=x": "/limit",
    "status=gone": "/status",
    "sort=title": "/sort",
    "cursor=": "/cursor",
    "cursor=AAAA": "/cursor",
    "cursor=eyJpZCI6MX0": "/cursor",
    f"q={'x' * 201}": "/q",
}


async def test_what_a_list_does_not_know_is_refused(send: Send) -> None:
    for query, pointer in REFUSED.items():
        answer = await send("GET", f"{DOSSIERS}?{query}")
        assert (answer.status, answer.pointers) == (422, [pointer]), query
