"""`belsimple operator`."""

import asyncio
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from belsimple.cli.output import AsJson, command_settings, print_json
from belsimple.operators.commands import invite_operator, list_operators
from belsimple.operators.roles import Role
from belsimple.server.access import admin_database
from belsimple.tenancy.actions import Language

app = App(name="operator", help="Operators: the staff that runs this service.")


@app.command
def invite(
    email: Annotated[str, Parameter(help="E-mail address of the new operator.")],
    *,
    role: Annotated[
        Role,
        Parameter(help="support sees the state of the service; security also suspends tenants; platform does all."),
    ],
    language: Annotated[Language, Parameter(help="What the mails to them are written in.")] = "en",
    json: AsJson = False,
) -> None:
    """Invite an operator by mail, and print a link that does the same, in case the mail is lost.

    Both work until one of them is used, for a week. It is also the way back in when no operator can sign in any more.
    """
    settings = command_settings()
    with admin_database(settings) as url:
        token = asyncio.run(invite_operator(url, email=email, role=role, language=language))
    link = f"{settings.url}/operator/invitation?token={token}"  # following it consumes nothing; sending its form does
    if json:
        print_json({"email": email, "role": role, "link": link})
    else:
        print(f"A mail goes to {email}. This link does the same, and works once:\n{link}")


@app.command(name="list")
def list_all(*, json: AsJson = False) -> None:
    """List the operators."""
    with admin_database(command_settings()) as url:
        operators = asyncio.run(list_operators(url))
    if json:
        print_json({"operators": operators})
        return
    table = Table("e-mail", "name", "role", "status", "since", box=None, pad_edge=False)
    for one in operators:
        table.add_row(one.email, one.name, one.role, one.status, f"{one.created_at:%Y-%m-%d}")
    Console(highlight=False).print(table)
