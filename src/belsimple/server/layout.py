"""Where things lie in a data folder."""

from pathlib import Path

from belsimple.server.cluster import Cluster, embedded_binaries


def credentials_folder(data: Path) -> Path:
    """Passwords of the database roles, a file each, readable by the service user only."""
    return data / "credentials"


def embedded_cluster(data: Path, sockets: Path) -> Cluster:
    """The embedded cluster of a data folder, its socket in `sockets`."""
    return Cluster(
        binaries=embedded_binaries(),
        folder=data / "postgresql",
        sockets=sockets,
        logs=data / "log",
        credential=credentials_folder(data) / "admin",
    )
