"""Single logout with a SAML provider (profiles, 4.4): it is told of a session that ended here, and ends those that it opened."""

import hashlib
from datetime import UTC, datetime
from uuid import UUID

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Database
from belsimple.identity.tokens import sha256
from belsimple.language import marked as _
from belsimple.sso import saml_sign_in
from belsimple.sso.failures import ProviderFailure
from belsimple.sso.saml.departure import Departure
from belsimple.sso.saml.logout import (
    LogoutMessage,
    LogoutRequest,
    logout_request,
    logout_response,
    message_id,
    read_logout,
)
from belsimple.sso.saml.provider import SamlProvider
from belsimple.sso.saml_party import SamlParty
from belsimple.sso.saml_sign_in import SKEW
from belsimple.web.problems import NotFound, Problem

_q = load_queries("belsimple.sso")


class SamlLogoutRefused(Problem):
    """400: the message is none of this provider's, too old, used before, or for somebody else."""

    status, name, title = 400, "logout-refused", _("The message about signing out does not count.")


async def farewell(
    database: Database, party: SamlParty, provider: SamlProvider, *, handle: str | None
) -> Departure | None:
    """The way to tell a provider whose session has ended here; None where there is nobody to tell, or nothing."""
    if handle is None or provider.logout_address is None:
        return None
    found = await database.call(_q.take_farewell, id=provider.id, handle_hash=sha256(bytes.fromhex(handle)))
    if not found:
        return None
    name_id, name_id_format, session = found[0]
    here = await saml_sign_in.known(database, party, provider_id=provider.id)
    return logout_request(
        provider,
        here.own,
        id=message_id(),
        name_id=name_id,
        name_id_format=name_id_format,
        session=session,
        now=party.clock(),
    )


async def take(
    database: Database, party: SamlParty, *, provider_id: UUID, message: LogoutMessage
) -> tuple[SamlProvider, Departure | None]:
    """What a provider sends about signing out, and the way back to it where it waits for an answer.

    A request ends what it names: one session there, or all of a person's. An answer to ours changes nothing: what it is about has
    ended here before. Raises NotFound, SamlLogoutRefused.
    """
    here = await saml_sign_in.known(database, party, provider_id=provider_id)
    provider = here.provider
    if here.status != "active":
        raise NotFound
    try:
        read = read_logout(message, provider, here.own, now=party.clock())
    except ProviderFailure:
        raise SamlLogoutRefused from None
    if not isinstance(read, LogoutRequest):
        return provider, None
    await _end(database, provider, read)
    if provider.logout_address is None:
        return provider, None
    return provider, logout_response(provider, here.own, in_response_to=read.id, relay=read.relay, now=party.clock())


async def _end(database: Database, provider: SamlProvider, request: LogoutRequest) -> None:
    [found] = await database.call(
        _q.end_named_sessions,
        id=provider.id,
        version=provider.version,
        name_id=request.name_id,
        sessions=list(request.sessions),
        request_hash=hashlib.sha256(b"logout " + request.id.encode()).digest(),
        expires_at=datetime.fromtimestamp(request.expires_at + SKEW, UTC),
    )
    if found[0] is None:
        raise SamlLogoutRefused
