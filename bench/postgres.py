"""The embedded PostgreSQL's client tools, over its Unix socket."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from belsimple.server.cluster import embedded_binaries

SQL: Final = Path(__file__).parent / "sql"


class PostgresError(Exception):
    """A tool failed; the message is what it wrote."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Where to connect and as whom. `host` is the folder of the socket; the password goes by the environment only."""

    host: str
    port: int
    database: str
    user: str
    password: str

    @classmethod
    def parse(cls, url: str) -> Connection:
        """From a postgresql:// URL whose host is a folder, given as `?host=`."""
        parts = urlsplit(url)
        query = parse_qs(parts.query)
        return cls(
            host=query["host"][0],
            port=int(query.get("port", ["5432"])[0]),
            database=parts.path.lstrip("/"),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )

    @property
    def url(self) -> str:
        """The URL again."""
        return f"postgresql://{self.user}:{self.password}@/{self.database}?host={self.host}&port={self.port}"


def run_file(connection: Connection, name: str, **variables: str | int) -> None:
    """Run sql/NAME with psql's variables set; raises PostgresError at the first error."""
    arguments = [word for key, value in variables.items() for word in ("-v", f"{key}={value}")]
    _run(connection, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", *arguments, "-f", str(SQL / name))


def pgbench_rate(connection: Connection, name: str, *, clients: int, seconds: float, **variables: str) -> float:
    """Transactions a second of the pgbench script sql/NAME, every one of which succeeded."""
    arguments = [word for key, value in variables.items() for word in ("-D", f"{key}={value}")]
    script = ("-n", "-M", "prepared", "-c", str(clients), "-j", "1", "-T", str(max(1, round(seconds))))
    output = _run(connection, "pgbench", *script, *arguments, "-f", str(SQL / name))
    failed = re.search(r"number of failed transactions: (\d+)", output)
    rate = re.search(r"tps = ([\d.]+) \(without initial connection time\)", output)
    if not rate or not failed or failed[1] != "0":
        raise PostgresError(output)
    return float(rate[1])


def _run(connection: Connection, tool: str, *arguments: str) -> str:
    environment = os.environ | {
        "PGHOST": connection.host,
        "PGPORT": str(connection.port),
        "PGDATABASE": connection.database,
        "PGUSER": connection.user,
        "PGPASSWORD": connection.password,
    }
    done = subprocess.run(
        [embedded_binaries() / tool, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PostgresError(f"{tool} {' '.join(arguments)}\n{done.stdout}{done.stderr}")
    return done.stdout
