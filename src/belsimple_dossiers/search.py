"""Search over titles and references: every word must begin a word of the dossier.

Under row security PostgreSQL uses an index only through leakproof operators, which rules out full-text, trigram and LIKE
indexes. What remains is comparison: ``dossier_term`` holds one row a word and is read by range, ``dossier_words`` one line a
dossier. A rare word is answered from its range; where every word is common, the newest dossiers are likely to match, so
they are tried first. Both ways give the same page.
"""

from typing import Final
from uuid import UUID

import msgspec

from belsimple.modules import Transaction, load_queries
from belsimple_dossiers.model import DossierItem, Status

_q = load_queries("belsimple_dossiers")

RARE: Final = 2_000
"""Hits up to which a word's range is read at once (about 5 ms)."""
WINDOW: Final = 10_000
"""Newest dossiers tried for words that are all common (about 5 ms)."""
COUNTED: Final = 30_000
"""How far hits are counted to choose the rarest of common words (about 5 ms a word)."""
CANDIDATES: Final = 8
"""How many words, the longest, are counted; all of them are matched."""


class _Hits(msgspec.Struct, frozen=True):
    word: str
    hits: int


async def words_of(transaction: Transaction, text: str) -> list[str]:
    """The words of a search as the database splits them, the longest first."""
    words: list[str] = await transaction.value(_q.words_of, text=text)
    return sorted(words, key=len, reverse=True)


async def search(
    transaction: Transaction, words: list[str], status: Status | None, before: UUID, limit: int
) -> list[DossierItem]:
    """At most ``limit`` dossiers with an id before ``before``, newest first, that hold every word."""
    if not words:
        return []
    wanted: dict[str, object] = {"words": words, "status": status, "before": before, "limit": limit}
    counted = await _count(transaction, words, RARE)
    if counted[0].hits == RARE:
        newest = await transaction.rows(_q.search_newest, DossierItem, window=WINDOW, **wanted)
        if len(newest) == limit:
            return newest
        counted = await _count(transaction, words, COUNTED)
    return await _from_rarest(transaction, counted, wanted)


async def _count(transaction: Transaction, words: list[str], ceiling: int) -> list[_Hits]:
    return await transaction.rows(_q.count_hits, _Hits, words=words[:CANDIDATES], ceiling=ceiling)


async def _from_rarest(transaction: Transaction, counted: list[_Hits], wanted: dict[str, object]) -> list[DossierItem]:
    rarest = counted[0]
    if not rarest.hits:
        return []
    if len(counted) > 1 and RARE < counted[1].hits < COUNTED:
        return await transaction.rows(
            _q.search_from_two_words, DossierItem, word=rarest.word, second=counted[1].word, **wanted
        )
    return await transaction.rows(_q.search_from_word, DossierItem, word=rarest.word, **wanted)
