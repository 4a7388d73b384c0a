"""The page of what a tenant demands of whoever signs in: served by part web."""

from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec

from belsimple.access import actions as access
from belsimple.access.actions import Role
from belsimple.database.transaction import Transaction
from belsimple.language import marked as _
from belsimple.tenancy import policy
from belsimple.tenancy.policy import Policy
from belsimple.tenancy.policy_routes import MOST_SESSIONS, SHORTEST, Length, SessionCount
from belsimple.web.answers import Redirect, View, view
from belsimple.web.endpoint import page
from belsimple.web.inputs import Caller, Form

_WAYS: Final = ("password", "passkey")


class PolicyForm(Form, frozen=True, kw_only=True):
    """All of the policy; networks one on each line."""

    ways: list[Literal["password", "passkey"]] = msgspec.field(default_factory=list[Literal["password", "passkey"]])
    factor_role_ids: list[UUID] = msgspec.field(default_factory=list[UUID])
    shortest_password: Length
    networks: Annotated[str, msgspec.Meta(max_length=6000)] = ""
    most_sessions: SessionCount | None = None
    version: int


@page("GET", "/settings/security", permission="settings:read", summary="What the tenant demands at sign-in, on a page")
async def security(transaction: Transaction, caller: Caller) -> View:
    roles = await access.roles(transaction) if "roles:read" in transaction.principal.permissions else list[Role]()
    return view(
        "settings_security.html",
        policy=await policy.shown(transaction),
        roles=roles,
        ways=_WAYS,
        shortest=SHORTEST,
        most=MOST_SESSIONS,
        address=caller.address,
    )


@page(
    "POST",
    "/settings/security",
    permission="settings:write",
    fresh=True,
    summary="Change what the tenant demands at sign-in on a page",
    done=_("The sign-in rules are saved. Sessions that they do not allow have ended."),
)
async def change_security(transaction: Transaction, body: PolicyForm, caller: Caller) -> Redirect:
    known = await policy.shown(transaction)
    await policy.change(transaction, _wanted(known, body), expected=body.version, address=caller.address)
    return Redirect("/settings/security")


def _wanted(known: Policy, body: PolicyForm) -> Policy:
    kept = [way for way in known.ways if way not in _WAYS]
    return msgspec.structs.replace(
        known,
        ways=[*body.ways, *kept],
        factor_role_ids=body.factor_role_ids,
        shortest_password=body.shortest_password,
        networks=body.networks.split(),
        most_sessions=body.most_sessions,
    )


ENDPOINTS = (security, change_security)
