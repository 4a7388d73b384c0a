"""The page of the organisation: its settings and what it uses. Served by part web."""

from typing import Final

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Transaction
from belsimple.language import marked as _
from belsimple.tenancy.routes import (
    ABSOLUTE_MINUTES,
    IDLE_MINUTES,
    AbsoluteMinutes,
    IdleMinutes,
    SettingsChange,
    TenantLanguage,
    TenantName,
    change_settings,
    get_settings,
)
from belsimple.tenancy.usage_routes import read_usage
from belsimple.web.answers import Redirect, View, view
from belsimple.web.endpoint import page
from belsimple.web.inputs import Form

_q: Final = load_queries("belsimple.tenancy", "usage.sql")


class OrganisationForm(Form, frozen=True):
    """The tenant's settings, all of them."""

    name: TenantName
    language: TenantLanguage
    session_idle_minutes: IdleMinutes
    session_absolute_minutes: AbsoluteMinutes
    version: int


class People(msgspec.Struct, frozen=True):
    """How many accounts there are, and how many of them can sign in."""

    people: int
    active: int


@page("GET", "/settings/organisation", permission="settings:read", summary="The organisation's settings and usage")
async def organisation(transaction: Transaction) -> View:
    may_count = "members:read" in transaction.principal.permissions
    return view(
        "organisation.html",
        tenant=await get_settings.handler(transaction),
        usage=await read_usage.handler(transaction),
        people=await transaction.row(_q.people, People) if may_count else None,
        idle=IDLE_MINUTES,
        absolute=ABSOLUTE_MINUTES,
    )


@page(
    "POST",
    "/settings/organisation",
    permission="settings:write",
    fresh=True,
    summary="Change the organisation's settings on a page",
    done=_("The settings are saved."),
)
async def change_organisation(transaction: Transaction, body: OrganisationForm) -> Redirect:
    change = SettingsChange(
        name=body.name,
        language=body.language,
        session_idle_minutes=body.session_idle_minutes,
        session_absolute_minutes=body.session_absolute_minutes,
    )
    await change_settings.handler(transaction, change, body.version)
    return Redirect("/settings/organisation")


ENDPOINTS = (organisation, change_organisation)
