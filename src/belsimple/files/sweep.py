"""What the worker removes from the store: blobs of files deleted long enough ago, and what nobody knows of."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final

import asyncpg

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database
from belsimple.files.stores import BlobName, BlobStore, StoredBlob

_q = load_queries("belsimple.files")
_BATCH: Final = 500
ORPHAN_AGE: Final = timedelta(days=1)
"""An upload writes its blob before its row; nothing that is younger may be touched."""


async def remove_deleted(database: Database, store: BlobStore, *, retention_days: int) -> int:
    """Remove files deleted more than `retention_days` ago, blob first: a row without one is swept again. Returns how many."""
    removed = 0
    while names := _names(await database.call(_q.due, days=retention_days, limit=_BATCH)):
        await store.delete(names)
        for tenant, own in groupby(sorted(names, key=lambda name: name.tenant), key=lambda name: name.tenant):
            ids = [name.file for name in own]
            await database.call(_q.forget, tenant=tenant, ids=ids, days=retention_days)
        removed += len(names)
    return removed


async def remove_orphans(database: Database, store: BlobStore, *, now: datetime | None = None) -> tuple[int, int]:
    """Remove blobs older than a day that no row knows, and uploads cut off by a crash. Returns how many of each."""
    before = (now or datetime.now(UTC)) - ORPHAN_AGE
    orphans = drafts = 0
    async for batch in store.list():
        old = [blob for blob in batch if blob.modified < before]
        unfinished = [blob.name for blob in old if not blob.finished]
        for name in unfinished:
            await store.discard_draft(name)
        unknown = await _unknown(database, [blob for blob in old if blob.finished])
        await store.delete(unknown)
        orphans, drafts = orphans + len(unknown), drafts + len(unfinished)
    if orphans or drafts:
        await database.call(_q.swept, orphans=orphans, drafts=drafts)
    return orphans, drafts


async def _unknown(database: Database, blobs: Sequence[StoredBlob]) -> list[BlobName]:
    if not blobs:
        return []
    tenants, ids = [blob.name.tenant for blob in blobs], [blob.name.file for blob in blobs]
    return _names(await database.call(_q.unknown, tenants=tenants, ids=ids))


def _names(rows: list[asyncpg.Record]) -> list[BlobName]:
    return [BlobName(row[0], row[1]) for row in rows]
