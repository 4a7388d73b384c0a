"""The page of who becomes what here: accounts at a first sign-in, roles by claims, and what that would have given. Served by part web."""

from typing import Final
from uuid import UUID

import msgspec

from belsimple.access import actions as access
from belsimple.access.actions import Role
from belsimple.database.transaction import Transaction
from belsimple.language import marked as _
from belsimple.sso import providers as actions
from belsimple.sso.provider_pages import VersionForm
from belsimple.sso.provider_routes import Claim, Value
from belsimple.sso.providers import Rule, ShownProvider
from belsimple.web.answers import Redirect, View, view
from belsimple.web.endpoint import page
from belsimple.web.inputs import Form

_SAVED: Final = _("The rules are saved. They hold from each person's next sign-in on.")


class RuleForm(VersionForm, frozen=True, kw_only=True):
    """One more rule."""

    claim: Claim
    value: Value
    role_id: UUID


class AccountsForm(Form, frozen=True, kw_only=True):
    """Whether accounts are made, and what each of them gets."""

    makes_accounts: bool = False
    role_ids: list[UUID] = msgspec.field(default_factory=list[UUID])
    version: int


@page("GET", "/settings/providers/{id}/rules", permission="settings:write", summary="Who becomes what here")
async def rules(transaction: Transaction, id: UUID) -> View:
    shown = await actions.shown(transaction, provider_id=id)
    return await _page(transaction, shown, None)


@page(
    "POST",
    "/settings/providers/{id}/rules/trial",
    permission="settings:write",
    form="/settings/providers/{id}/rules",
    summary="What the rules with one more would have given",
)
async def try_rule(transaction: Transaction, id: UUID, body: RuleForm) -> View:
    shown = await actions.shown(transaction, provider_id=id)
    return await _page(transaction, shown, Rule(body.claim, body.value, body.role_id))


@page(
    "POST",
    "/settings/providers/{id}/rules",
    permission="settings:write",
    fresh=True,
    summary="Add a rule on a page",
    done=_SAVED,
)
async def add_rule(transaction: Transaction, id: UUID, body: RuleForm) -> Redirect:
    shown = await actions.shown(transaction, provider_id=id)
    await _save(transaction, shown, [*shown.rules, Rule(body.claim, body.value, body.role_id)], body.version)
    return Redirect(f"/settings/providers/{id}/rules")


@page(
    "POST",
    "/settings/providers/{id}/rules/removal",
    permission="settings:write",
    fresh=True,
    form="/settings/providers/{id}/rules",
    summary="Remove a rule on a page",
    done=_SAVED,
)
async def remove_rule(transaction: Transaction, id: UUID, body: RuleForm) -> Redirect:
    shown = await actions.shown(transaction, provider_id=id)
    gone = Rule(body.claim, body.value, body.role_id)
    await _save(transaction, shown, [one for one in shown.rules if one != gone], body.version)
    return Redirect(f"/settings/providers/{id}/rules")


@page(
    "POST",
    "/settings/providers/{id}/accounts",
    permission="settings:write",
    fresh=True,
    form="/settings/providers/{id}/rules",
    summary="Whether a first sign-in makes an account, on a page",
    done=_SAVED,
)
async def change_accounts(transaction: Transaction, id: UUID, body: AccountsForm) -> Redirect:
    shown = await actions.shown(transaction, provider_id=id)
    wanted = msgspec.structs.replace(shown, makes_accounts=body.makes_accounts, role_ids=body.role_ids)
    await _save(transaction, wanted, shown.rules, body.version)
    return Redirect(f"/settings/providers/{id}/rules")


async def _save(transaction: Transaction, shown: ShownProvider, wanted: list[Rule], expected: int) -> None:
    await actions.change_rules(
        transaction,
        provider_id=shown.id,
        makes_accounts=shown.makes_accounts,
        role_ids=shown.role_ids,
        rules=wanted,
        expected=expected,
    )


async def _page(transaction: Transaction, shown: ShownProvider, tried: Rule | None) -> View:
    roles = await access.roles(transaction) if "roles:read" in transaction.principal.permissions else list[Role]()
    wanted = shown.rules if tried is None else [*shown.rules, tried]
    return view(
        "provider_rules.html",
        provider=shown,
        tried=tried,
        roles={role.id: role.name for role in roles},
        attempts=await actions.attempts(transaction, provider_id=shown.id, rules=wanted),
    )


ENDPOINTS = (rules, try_rule, add_rule, remove_rule, change_accounts)
