"""Every statement of the corpus meets the refusal it expects, on both versions and in both profiles."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from belsimple.attack.corpus import Case, load_corpus
from belsimple.attack.database_cases import run_case
from belsimple.attack.fingerprint import fingerprint
from belsimple.attack.ground import Ground

CORPUS = load_corpus()


@pytest_asyncio.fixture(scope="session")
async def untouched(ground: Ground) -> AsyncIterator[None]:
    """Tenant B is after the last attack what it was before the first."""
    before = await fingerprint(ground)
    assert before["strangers in the trail"] == "0"
    yield
    assert await fingerprint(ground) == before


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.name)
async def test_the_statement_is_refused(ground: Ground, case: Case) -> None:
    if case.profile not in ("", ground.profile):
        pytest.skip(f"for a database that is {case.profile}")
    outcome = await run_case(ground, case)
    assert outcome.held, f"expected {outcome.expected}, saw {outcome.seen}"


def test_the_corpus_covers_every_number() -> None:
    assert {case.number for case in CORPUS} == {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 24}


def test_no_two_cases_share_a_name() -> None:
    assert max(Counter(case.name for case in CORPUS).values()) == 1
