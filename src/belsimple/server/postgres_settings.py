"""The cluster's configuration files, written at every start so that they always say what this release means."""

import os
from collections.abc import Mapping
from pathlib import Path

from belsimple.atomic import write_atomically

_SETTINGS = {
    # Who may come in: nobody over TCP, nobody without a password.
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    # A prepared transaction would outlive its connection, and with it the order in which the trail is sealed.
    "max_prepared_transactions": "0",
    # Session tokens and personal data travel as parameters: neither they nor statements are ever written to a log.
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    # One backend's statement is nobody else's business (pg_stat_activity shows a role its other connections).
    "track_activities": "off",
    # Acknowledged is durable; base backups and archiving need no restart later on.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_level": "replica",
    "max_wal_senders": "4",
    # Short requests: a plan is never worth compiling. Row security makes the planner think it is.
    "jit": "off",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    # A week of logs, a file a day, each overwritten after seven days.
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    "log_file_mode": "0600",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %q%u ",
}

_ACCESS = """\
# Written by belsimple at every start. Unix socket and password only.
local all         all scram-sha-256
local replication all scram-sha-256
"""


def write_settings(folder: Path, *, sockets: Path, logs: Path, more: Mapping[str, str]) -> None:
    """Write postgresql.conf and pg_hba.conf. An administrator's ALTER SYSTEM, in a file of its own, wins."""
    places = {"unix_socket_directories": str(sockets), "log_directory": str(logs)}
    lines = [
        f"{name} = {_quoted(value)}\n"
        for name, value in {**_SETTINGS, "shared_buffers": _shared_buffers(), **places, **more}.items()
    ]
    write_atomically(folder / "postgresql.conf", "# Written by belsimple at every start.\n" + "".join(lines))
    write_atomically(folder / "pg_hba.conf", _ACCESS)


def _shared_buffers() -> str:
    """An eighth of the memory, from 64 MiB to 1 GiB: the machine is shared with the service itself."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{min(1024, max(64, memory // 8 >> 20))}MB"


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
