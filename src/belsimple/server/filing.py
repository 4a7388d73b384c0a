"""The documents' store and keys, as the settings say."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from belsimple.database.transaction import Database
from belsimple.files.bucket import BucketStore
from belsimple.files.folder import FolderStore
from belsimple.files.stores import BlobStore
from belsimple.files.sweep import remove_deleted, remove_orphans
from belsimple.files.vault import Vault
from belsimple.jobs.worker import PlatformJob
from belsimple.keys.store import KeyStore
from belsimple.server.layout import blob_place, keys_folder
from belsimple.server.settings import Settings


def vault(settings: Settings) -> Vault:
    """Keys and store for part web; neither is touched before the first document."""
    keys = KeyStore(keys_folder(settings), settings.operator_key)
    return Vault(keys, blob_store(settings), limit=settings.document_limit)


def blob_store(settings: Settings) -> BlobStore:
    """A folder, or a bucket."""
    place = blob_place(settings)
    return FolderStore(place) if isinstance(place, Path) else BucketStore(place)


def sweeps(settings: Settings) -> tuple[PlatformJob, ...]:
    """Deleted files go each hour as they fall due; a search through the whole store is for the night."""
    store = blob_store(settings)

    async def deleted(database: Database, _: Mapping[str, Any]) -> None:
        await remove_deleted(database, store, retention_days=settings.blob_retention_days)

    async def orphans(database: Database, _: Mapping[str, Any]) -> None:
        await remove_orphans(database, store)

    return (
        PlatformJob("belsimple.sweep_files", deleted, cron="40 * * * *"),
        PlatformJob("belsimple.sweep_blobs", orphans, cron="15 3 * * *"),
    )
