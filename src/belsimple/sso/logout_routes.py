"""Where a provider tells us that somebody has signed out there. Served by part gate."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from belsimple.database.transaction import Database
from belsimple.sso import logout
from belsimple.sso.relying_party import RelyingParty
from belsimple.sso.tokens import MOST_TOKEN
from belsimple.web.answers import Answer
from belsimple.web.endpoint import endpoint
from belsimple.web.inputs import Form
from belsimple.web.limits import Limit, by_address

LOGOUTS = Limit(name="provider-logout", times=600, seconds=60, burst=300, subject=by_address)


class LogoutForm(Form, frozen=True):
    """As the provider sends it."""

    logout_token: Annotated[str, msgspec.Meta(max_length=MOST_TOKEN)] = ""


@endpoint(
    "POST",
    "/sso/{id}/logout",
    permission="public",
    part="gate",
    limits=(LOGOUTS,),
    cross_site=True,
    summary="A provider ends the sessions that it opened",
)
async def end_sessions(
    database: Database, providers: RelyingParty, id: UUID, body: LogoutForm
) -> Answer[Literal[200], None]:
    await logout.end_sessions(database, providers, provider_id=id, logout_token=body.logout_token)
    return Answer(200)


ENDPOINTS = (end_sessions,)
