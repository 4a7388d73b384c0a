"""The `belsimple` command. One file for each noun; they are imported when they are used."""

import errno
import os
import sys
from typing import NoReturn

from cyclopts import App

from belsimple import __version__
from belsimple.errors import OperatorError

app = App(
    name="belsimple",
    help="A multi-tenant application server. Settings are environment variables, all beginning with BELSIMPLE_.",
    version=__version__,
)
# The whole help stands here, because a command's own file is imported only when the command is run.
for _name, _where, _help in (
    (
        "up",
        "up:up",
        (
            "Run the whole service in the foreground: database, migrations, web, gate, operator, worker and the redirect to HTTPS.\n\n"
            "It stops on Ctrl-C or SIGTERM. Without BELSIMPLE_DATABASE_URL it runs a PostgreSQL of its own in BELSIMPLE_DATA."
        ),
    ),
    (
        "serve",
        "serve:serve",
        (
            "Run one part of the service in the foreground, as `up` does; for running parts on several machines.\n\n"
            "BELSIMPLE_DATABASE_URL is the URL of that part's own role: web uses app, the others the one of their name."
        ),
    ),
    (
        "migrate",
        "migrate:migrate",
        (
            "Bring the database to this release: roles, schemas, permissions of the installed modules. Safe to repeat.\n\n"
            "BELSIMPLE_DATABASE_URL is the admin's: a superuser, or a role with CREATEROLE that owns the database."
        ),
    ),
    (
        "doctor",
        "doctor:doctor",
        (
            "Check the database's catalogue and this machine. Fails when a finding is fatal.\n\n"
            "Findings called platform-limited are what a managed database service does not let anybody close."
        ),
    ),
    (
        "attack",
        "attack:attack",
        (
            "Attack the running service as a tenant and as an injection would, in two synthetic tenants that are removed after.\n\n"
            "Exits 0 only when every attack was refused; with --mutate, when every guard that was broken turned its cases red."
        ),
    ),
    ("operator", "operator:app", "Operators: the staff that runs this service."),
    ("tenant", "tenant:app", "Tenants: the operator's customers. Their data is never shown here."),
    ("module", "module:app", "Modules: writing one, checking it, listing those there are."),
    ("mail", "mail:app", "Mails: those that wait, went out or were given up; trying the relay."),
    ("database", "database:app", "Connect to the database as one of the service's roles."),
    ("openapi", "openapi:openapi", "Print the OpenAPI 3.1 document of this release and the installed modules."),
):
    app.command(f"belsimple.cli.{_where}", name=_name, help=_help)

_FULL = (errno.ENOSPC, errno.EDQUOT)


def main() -> None:
    """Run the command line; expected trouble is one line on standard error and exit code 1."""
    try:
        app()
    except OperatorError as error:
        _give_up(str(error))
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BrokenPipeError:  # whoever reads our output, such as `head`, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _give_up(f"The disk that holds {error.filename or 'the data'} is full. Free some space; nothing was lost.")


def _give_up(line: str) -> NoReturn:
    print("belsimple:", " ".join(line.split()), file=sys.stderr)
    raise SystemExit(1)
