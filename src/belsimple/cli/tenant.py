"""`belsimple tenant`."""

import asyncio
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from belsimple.cli.output import AsJson, command_settings, print_json
from belsimple.server.access import admin_database
from belsimple.tenancy.actions import Language, create_tenant, list_tenants, set_status
from belsimple.tenancy.actions import clear_factors as tenancy_clear_factors

Slug = Annotated[str, Parameter(help="The tenant's short name.")]
app = App(name="tenant", help="Tenants: the operator's customers. Their data is never shown here.")


@app.command
def create(
    slug: Annotated[
        str, Parameter(help="The tenant's short name, used to sign in: lower-case letters, digits, hyphens.")
    ],
    *,
    owner: Annotated[str, Parameter(help="E-mail address of the first owner.")],
    name: Annotated[str | None, Parameter(help="The tenant's full name.")] = None,
    language: Annotated[Language, Parameter(help="What its invitations are written in.")] = "en",
    json: AsJson = False,
) -> None:
    """Make a tenant and mail its first owner a link to set a password. It is printed too, in case the mail is lost.

    Both work until one of them is used, for a week.
    """
    settings = command_settings()
    with admin_database(settings) as url:
        token = asyncio.run(create_tenant(url, slug=slug, owner=owner, name=name, language=language))
    link = f"{settings.url}/invitation?token={token}"  # following it consumes nothing; sending the page's form does
    if json:
        print_json({"slug": slug, "owner": owner, "link": link})
    else:
        print(f"Tenant {slug} is made. A mail goes to {owner}. This link does the same, and works once:\n{link}")


@app.command
def suspend(slug: Slug, *, json: AsJson = False) -> None:
    """Refuse everything of a tenant's at once and sign its people out. Nothing is lost; `resume` ends it."""
    _change(slug, "suspended", json=json)


@app.command
def resume(slug: Slug, *, json: AsJson = False) -> None:
    """Let a suspended tenant work again. Its jobs and mails go on where they stood; its people sign in anew."""
    _change(slug, "active", json=json)


@app.command
def clear_factors(
    slug: Slug, email: Annotated[str, Parameter(help="Whose they are.")], *, json: AsJson = False
) -> None:
    """Take the second factors of a tenant's only owner, who lost them all. Others ask a colleague who looks after people.

    The password is still needed. Be sure who asks: call back on a number you know. It stands in the tenant's trail, and a mail tells.
    """
    with admin_database(command_settings()) as url:
        gone = asyncio.run(tenancy_clear_factors(url, slug=slug, email=email))
    if json:
        print_json({"slug": slug, "email": email, "factors": gone})
    else:
        print(
            f"{email} at {slug} had {gone} second factors; now none."
            if gone
            else f"{email} at {slug} has no second factor."
        )


def _change(slug: str, status: str, *, json: bool) -> None:
    with admin_database(command_settings()) as url:
        asyncio.run(set_status(url, slug=slug, status=status))
    if json:
        print_json({"slug": slug, "status": status})
    else:
        print(f"Tenant {slug} is {status}.")


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
