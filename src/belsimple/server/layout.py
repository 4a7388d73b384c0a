"""Where things lie in a data folder."""

from collections.abc import Mapping
from pathlib import Path

from belsimple.files.place import Bucket
from belsimple.metrics.slots import FOLDER
from belsimple.server.cluster import Cluster, embedded_binaries
from belsimple.server.runtime import runtime_folder
from belsimple.server.settings import Settings


def credentials_folder(data: Path) -> Path:
    """Passwords of the database roles, a file each, readable by the service user only."""
    return data / "credentials"


def admin_url_file(data: Path) -> Path:
    """Where part database writes the admin's URL, for `belsimple migrate`; no part of the service ever sees it."""
    return credentials_folder(data) / "admin.url"


def role_url_file(data: Path, role: str) -> Path:
    """Where `belsimple migrate` writes the URL of a role: the one secret that the role's part is handed."""
    return credentials_folder(data) / f"{role}.url"


def keys_folder(settings: Settings) -> Path:
    """The key store: the operator's key and one wrapped key per tenant."""
    return settings.keys or settings.data / "keys"


def blob_place(settings: Settings) -> Path | Bucket:
    """Where encrypted documents are kept."""
    return settings.blobs or settings.data / "blobs"


def mail_folder(settings: Settings) -> Path:
    """Where mails are kept, encrypted, when there is no relay to send them by."""
    return settings.data / "mail"


def metrics_folder(settings: Settings) -> Path:
    """Where the processes count. In a shared runtime folder, the one folder in which every part may write."""
    return runtime_folder(settings.data, settings.run) / FOLDER


def embedded_cluster(data: Path, sockets: Path, settings: Mapping[str, str] | None = None) -> Cluster:
    """The embedded cluster of a data folder, its socket in `sockets`; `settings` are added to PostgreSQL's."""
    return Cluster(
        binaries=embedded_binaries(),
        folder=data / "postgresql",
        sockets=sockets,
        logs=data / "log",
        credential=credentials_folder(data) / "admin",
        settings=settings,
    )
