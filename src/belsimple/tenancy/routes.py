"""The tenant's own settings over the API."""

from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Transaction
from belsimple.web.answers import Versioned
from belsimple.web.endpoint import endpoint
from belsimple.web.inputs import Input
from belsimple.web.problems import NotFound

_q = load_queries("belsimple.tenancy")


IDLE_MINUTES: Final = (5, 480)
ABSOLUTE_MINUTES: Final = (30, 720)
"""The least and the most."""

TenantName = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
TenantLanguage = Literal["en", "nl", "fr", "de"]
IdleMinutes = Annotated[int, msgspec.Meta(ge=IDLE_MINUTES[0], le=IDLE_MINUTES[1])]
AbsoluteMinutes = Annotated[int, msgspec.Meta(ge=ABSOLUTE_MINUTES[0], le=ABSOLUTE_MINUTES[1])]


class TenantSettings(Versioned, frozen=True):
    """A tenant's settings; session times in minutes. `language`: what its invitations are written in."""

    id: UUID
    slug: str
    name: str
    language: str
    session_idle_minutes: int
    session_absolute_minutes: int


class SettingsChange(Input, frozen=True):
    """What changes; a field left out stays. Idle time 5 to 480 minutes, a session 30 to 720 minutes at most."""

    name: TenantName | None = None
    language: TenantLanguage | None = None
    session_idle_minutes: IdleMinutes | None = None
    session_absolute_minutes: AbsoluteMinutes | None = None


@endpoint("GET", "/api/v1/tenant", permission="settings:read", summary="The tenant's settings")
async def get_settings(transaction: Transaction) -> TenantSettings:
    found = await transaction.row(_q.settings, TenantSettings)
    if found is None:
        raise NotFound
    return found


@endpoint(
    "PATCH",
    "/api/v1/tenant",
    permission="settings:write",
    fresh=True,
    precondition="required",
    summary="Change the tenant's settings",
)
async def change_settings(transaction: Transaction, body: SettingsChange, expected: int) -> TenantSettings:
    await transaction.value(
        _q.change_settings,
        name=body.name,
        language=body.language,
        idle=body.session_idle_minutes,
        absolute=body.session_absolute_minutes,
        expected=expected,
    )
    return await get_settings.handler(transaction)


ENDPOINTS = (get_settings, change_settings)
