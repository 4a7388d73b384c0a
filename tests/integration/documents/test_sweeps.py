"""What the worker removes from the store, and what it leaves."""

import os
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest_asyncio

from belsimple.database.transaction import Database
from belsimple.files.folder import FolderStore
from belsimple.files.sweep import remove_deleted, remove_orphans
from tests.support.databases import EVERY_PROFILE
from tests.support.world import World

from .conftest import Send, Upload, blobs

pytestmark = EVERY_PROFILE
DAY = 24 * 3600


@pytest_asyncio.fixture
async def swept(world: World) -> AsyncIterator[Database]:
    """The worker's connections."""
    database = await Database.open(world.installed.url("worker"), part="worker", size=1)
    yield database
    await database.close()


async def test_deleted_files_leave_the_store_when_no_backup_needs_them(
    send: Send, upload: Upload, world: World, swept: Database, tmp_path: Path
) -> None:
    store = FolderStore(tmp_path / "blobs")
    document, kept = (await upload(b"gone")).json["id"], (await upload(b"kept")).json["id"]
    await send("DELETE", f"/api/v1/documents/{document}")
    assert await remove_deleted(swept, store, retention_days=35) == 0
    await _age(world, "36 days")
    assert await remove_deleted(swept, store, retention_days=35) == 1
    assert len(blobs(tmp_path)) == 1
    assert (await send("GET", f"/api/v1/documents/{kept}/content")).body == b"kept"
    assert (await send("GET", "/api/v1/usage")).json["retained"] == 0
    removed = await world.trail(object_type="files.file", action="delete")
    assert [entry["source"] for entry in removed] == ["sweep"]


async def test_what_nobody_knows_goes_after_a_day_and_nothing_else(
    send: Send, upload: Upload, world: World, swept: Database, tmp_path: Path
) -> None:
    known = (await upload(b"known")).json["id"]
    folder = blobs(tmp_path)[0].parent
    files = {
        name: folder / name
        for name in (f"{uuid4()}", f"{uuid4()}.part", f"{uuid4()}", f"{uuid4()}.part", "somebody-elses.txt")
    }
    for path in files.values():
        path.write_bytes(b"x")
    old_blob, old_draft, new_blob, new_draft, other = files.values()
    for path in (old_blob, old_draft, other, *[path for path in blobs(tmp_path) if path not in files.values()]):
        os.utime(path, (time.time() - DAY - 60, time.time() - DAY - 60))
    assert await remove_orphans(swept, FolderStore(tmp_path / "blobs")) == (1, 1)
    assert (old_blob.exists(), old_draft.exists()) == (False, False)
    assert all(path.exists() for path in (new_blob, new_draft, other))
    assert (await send("GET", f"/api/v1/documents/{known}/content")).body == b"known"
    told = await world.observe(
        "select detail from audit.system_entry where action = 'orphaned_blobs_removed' order by at desc limit 1"
    )
    assert len(told) == 1
    later = datetime.now(UTC) + timedelta(days=2)
    assert await remove_orphans(swept, FolderStore(tmp_path / "blobs"), now=later) == (1, 1)


async def _age(world: World, by: str) -> None:
    async with world.installed.superuser() as connection:
        await connection.execute("alter table files.file disable trigger user")
        await connection.execute(
            f"update files.file set deleted_at = now() - interval '{by}' where tenant_id = $1 and deleted_at is not null",
            await world.tenant_id(),
        )
        await connection.execute("alter table files.file enable trigger user")
