"""Two requests that change one thing at the same moment: one of them wins, and the other is told."""

import asyncio

from .conftest import Make, Send

DOSSIERS = "/api/v1/dossiers"


async def test_of_two_changes_of_one_version_one_is_stale(send: Send, make: Make) -> None:
    for _ in range(5):
        address = f"{DOSSIERS}/{(await make())['id']}"
        answers = await asyncio.gather(
            *(send("PATCH", address, {"notes": f"by {who}"}, headers={"if-match": '"1"'}) for who in "abc")
        )
        assert sorted(answer.status for answer in answers) == [200, 412, 412]
        [winner] = [answer.json for answer in answers if answer.status == 200]
        assert (await send("GET", address)).json == winner


async def test_of_two_closings_one_conflicts(send: Send, make: Make) -> None:
    for _ in range(5):
        address = f"{DOSSIERS}/{(await make())['id']}/closure"
        answers = await asyncio.gather(*(send("POST", address) for _ in range(3)))
        assert sorted(answer.status for answer in answers) == [200, 409, 409]


async def test_of_two_that_take_one_reference_one_conflicts(send: Send) -> None:
    for number in range(5):
        body = {"title": "x", "reference": f"2026/{number}"}
        answers = await asyncio.gather(*(send("POST", DOSSIERS, body) for _ in range(3)))
        assert sorted(answer.status for answer in answers) == [201, 409, 409]


async def test_a_change_and_a_deletion_do_not_both_succeed(send: Send, make: Make) -> None:
    for _ in range(5):
        address = f"{DOSSIERS}/{(await make())['id']}"
        match = {"if-match": '"1"'}
        changed, deleted = await asyncio.gather(
            send("PATCH", address, {"notes": "x"}, headers=match), send("DELETE", address, headers=match)
        )
        assert (changed.status, deleted.status) in {(200, 412), (404, 204)}
