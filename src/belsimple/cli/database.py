"""`belsimple database`."""

import asyncio
import os
import shutil
import sys
from typing import Annotated, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from cyclopts import App, Parameter

from belsimple.cli.output import AsJson, command_settings, print_json
from belsimple.database.roles import role_url
from belsimple.errors import OperatorError
from belsimple.server.access import installed_prefix, running_database
from belsimple.server.cluster import embedded_binaries
from belsimple.server.layout import credentials_folder

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
