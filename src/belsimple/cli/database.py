"""`belsimple database`."""

import asyncio
import os
import shutil
import subprocess
import sys
from typing import Annotated, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from cyclopts import App, Parameter

from belsimple.cli.output import AsJson, command_settings, print_json
from belsimple.database.relocation import DUMP_OPTIONS, LOAD_OPTIONS, header, make_ready, note_move, prefix_in
from belsimple.database.roles import role_url
from belsimple.errors import OperatorError
from belsimple.server.access import installed_prefix, running_database
from belsimple.server.cluster import embedded_binaries
from belsimple.server.layout import credentials_folder
from belsimple.server.preparation import write_role_urls
from belsimple.tenancy.actions import operating_user

app = App(name="database", help="Reach the database as one of its roles.")

Role = Annotated[
    Literal["app", "gate", "operator", "worker", "backup", "admin"], Parameter(help="The role; admin is who migrates.")
]


@app.command
def url(*, role: Role, json: AsJson = False) -> None:
    """Print the connection URL of a role. It holds that role's password."""
    found = _url_of(role)
    print("belsimple: this URL holds a credential; keep it out of logs and shell histories.", file=sys.stderr)
    if json:
        print_json({"url": found})
    else:
        print(found)


@app.command
def shell(*, role: Role) -> None:
    """Open psql as a role. Everything PostgreSQL lets that role do, it lets you do."""
    found = urlsplit(_url_of(role))
    environment = {**os.environ, **_connection(found.netloc, parse_qs(found.query), found.path.lstrip("/"))}
    psql = shutil.which("psql") or str(embedded_binaries() / "psql")
    sys.stdout.flush()
    # In our place: the terminal, the signals and the exit code are psql's own.
    os.execve(psql, [psql], environment)  # noqa: S606 - a shell in between is what is not wanted


@app.command
def dump() -> None:
    """Write the whole database as SQL to standard output, for `load` on another server. It holds everything: guard it."""
    admin = running_database(command_settings())
    sys.stdout.write(header(asyncio.run(installed_prefix(admin))))
    sys.stdout.flush()
    program = _program("pg_dump", admin)
    os.execve(program, [program, *DUMP_OPTIONS], _environment(admin))  # noqa: S606 - see above


@app.command
def load() -> None:
    """Load a dump from standard input into the empty database of BELSIMPLE_DATABASE_URL, all of it or nothing."""
    settings = command_settings()
    admin = running_database(settings)
    prefix = prefix_in(_first_line())
    asyncio.run(make_ready(admin, prefix, credentials_folder(settings.data)))
    program, owner = _program("psql", admin), f"-c role={prefix}_owner -c client_min_messages=error"
    if subprocess.run(
        [program, *LOAD_OPTIONS], env={**_environment(admin), "PGOPTIONS": owner}, check=False
    ).returncode:
        raise OperatorError(
            "The dump could not be loaded", "The lines above say why; the database holds nothing of it."
        )
    asyncio.run(note_move(admin, operating_user()))
    write_role_urls(admin, settings.data, prefix)
    print("The database is loaded. Run `belsimple migrate`, then start the parts.", file=sys.stderr)


def _first_line() -> str:
    """The first line of standard input, and not a byte more: the rest is psql's."""
    line = b""
    while not line.endswith(b"\n") and len(line) < 200 and (byte := os.read(0, 1)):
        line += byte
    return line.decode("utf-8", "replace")


def _program(name: str, url: str) -> str:
    """PostgreSQL's program; the embedded ones speak no TLS, so they are for the socket only."""
    found = shutil.which(name)
    if urlsplit(url).netloc.rpartition("@")[2] and not found:
        raise OperatorError(f"{name} is not installed", "Install the package postgresql-client.")
    local = str(embedded_binaries() / name)
    return (found or local) if urlsplit(url).netloc.rpartition("@")[2] else local


def _environment(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", **_connection(parts.netloc, parse_qs(parts.query), parts.path[1:])}


def _url_of(role: str) -> str:
    settings = command_settings()
    admin = running_database(settings)
    if role == "admin":
        return admin
    return role_url(admin, role, credentials_folder(settings.data), asyncio.run(installed_prefix(admin)))


def _connection(netloc: str, options: dict[str, list[str]], database: str) -> dict[str, str]:
    """The environment variables of libpq: on a command line everybody on the machine could read the password."""
    user, _, password = netloc.rpartition("@")[0].partition(":")
    host, _, port = netloc.rpartition("@")[2].partition(":")
    if "," in host:
        raise OperatorError("psql is not opened on several hosts", "Use the URL of one of them with psql.")
    named = {"PGHOST": options.get("host", [host])[0], "PGPORT": options.get("port", [port or "5432"])[0]}
    for option in ("sslmode", "sslrootcert"):
        if option in options:
            named[f"PG{option.upper()}"] = options[option][0]
    return {**named, "PGUSER": unquote(user), "PGPASSWORD": unquote(password), "PGDATABASE": unquote(database)}
