"""The table in docs/ways-in.md: every way in, tried in every state.

A way is prepared while nothing stands against it, then the state comes about, then it is tried. What is said of the outcome is
what happened, never what was expected.
"""

from collections.abc import Callable
from typing import Any

from . import saml_ways as saml
from . import ways_in as ways
from .factors import ELSEWHERE
from .ways_in import Someone, State, Way

STATES = (
    State("nothing against it", ways.nothing),
    State("only passkeys allowed", ways.only_passkeys),
    State("role needs a second factor", ways.factor_required),
    State("single sign-on only", ways.provider_only),
    State("provider switched off", ways.provider_off),
    State("tenant suspended", ways.suspended),
    State("account deactivated", ways.deactivated),
    State("deactivated by its directory", ways.shut_by_directory),
    State("from a foreign network", ways.networks, ELSEWHERE),
)
WAYS = (
    Way("password", ways.password),
    Way("password and authenticator app", ways.password_and_code),
    Way("password and recovery code", ways.password_and_recovery_code),
    Way("code, the password given before", ways.code_after_the_state),
    Way("passkey", ways.passkey),
    Way("reset link, begun before", ways.reset),
    Way("invitation, sent before", ways.invitation),
    Way("identity provider", ways.provider),
    Way("identity provider, set off before", ways.provider_before),
    Way("SAML provider", saml.saml_provider),
    Way("SAML provider, set off before", saml.saml_provider_before),
    Way("SAML provider, its answer brought before", saml.saml_answer_before),
    Way("SAML provider, begun there", saml.saml_begun_there),
    Way("API token, made before", ways.api_token),
    Way("session, open before", ways.open_session),
    Way("session by the provider, open before", ways.provider_session),
    Way("session by a SAML provider, open before", saml.saml_session),
    Way("support, let in before", ways.support),
    Way("directory's token, made before", ways.directory_token),
)


async def table(make: Callable[[], Any]) -> str:
    """The table as Markdown; ``make`` is an async context manager with a new world for each cell."""
    lines = ["| way in | " + " | ".join(state.name for state in STATES) + " |", "|---" * (len(STATES) + 1) + "|"]
    for way in WAYS:
        cells: list[str] = []
        for state in STATES:
            async with make() as world:
                someone = await Someone.new(world)
                tried = await way.prepare(someone)
                await state.bring_about(someone)
                cells.append(await tried(state.address))
        lines.append(f"| {way.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
