"""`belsimple tenant`."""

import asyncio
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from belsimple.cli.output import AsJson, command_settings, print_json
from belsimple.server.access import admin_database
from belsimple.tenancy.actions import create_tenant, list_tenants

app = App(name="tenant", help="Tenants: the operator's customers. Their data is never shown here.")


@app.command
def create(
    slug: Annotated[
        str, Parameter(help="The tenant's short name, used to sign in: lower-case letters, digits, hyphens.")
    ],
    *,
    owner: Annotated[str, Parameter(help="E-mail address of the first owner.")],
    name: Annotated[str | None, Parameter(help="The tenant's full name.")] = None,
    json: AsJson = False,
) -> None:
    """Make a tenant and print the link with which its first owner sets a password. The link works once."""
    settings = command_settings()
    with admin_database(settings) as url:
        token = asyncio.run(create_tenant(url, slug=slug, owner=owner, name=name))
    link = f"{settings.url}/invitation?token={token}"  # following it consumes nothing; sending the page's form does
    if json:
        print_json({"slug": slug, "owner": owner, "link": link})
    else:
        print(f"Tenant {slug} is made. Give {owner} this link, which works once:\n{link}")


@app.command(name="list")
def list_all(*, json: AsJson = False) -> None:
    """List the tenants."""
    settings = command_settings()
    with admin_database(settings) as url:
        tenants = asyncio.run(list_tenants(url))
    if json:
        print_json({"tenants": tenants})
        return
    table = Table("slug", "name", "status", "accounts", "since", box=None, pad_edge=False)
    for tenant in tenants:
        table.add_row(tenant.slug, tenant.name, tenant.status, str(tenant.accounts), f"{tenant.created_at:%Y-%m-%d}")
    Console(highlight=False).print(table)
