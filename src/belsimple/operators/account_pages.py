"""An operator's own account on pages."""

from typing import Final
from uuid import UUID

import msgspec

from belsimple.database.operator_transaction import OperatorTransaction
from belsimple.identity.account import Session
from belsimple.identity.hashing import Hasher
from belsimple.identity.passwords import LONGEST, SHORTEST
from belsimple.identity.sign_in_routes import Password, PersonName
from belsimple.language import Language
from belsimple.language import marked as _
from belsimple.operators import sign_in as actions
from belsimple.operators.sign_in_routes import PER_SESSION
from belsimple.web.answers import NewSession, Redirect, View, view
from belsimple.web.browsers import known_browser
from belsimple.web.endpoint import SIGNED_IN, page
from belsimple.web.inputs import Caller, Form

_ACCOUNT: Final = "/operator/account"
_LONGEST_AGENT: Final = 120


class ShownSession(msgspec.Struct, frozen=True):
    """A session and what people call its browser."""

    session: Session
    browser: str


class OwnForm(Form, frozen=True):
    """The own name, and the language of pages and mails."""

    name: PersonName
    language: Language


class PasswordForm(Form, frozen=True):
    """The current password and the new one."""

    current: Password
    new: Password


@page("GET", _ACCOUNT, permission=SIGNED_IN, part="operator", summary="An operator's own account")
async def account(transaction: OperatorTransaction) -> View:
    return view(
        "operator_account.html",
        me=await actions.me(transaction),
        sessions=[ShownSession(one, _browser(one.agent)) for one in await actions.sessions(transaction)],
    )


def _browser(agent: str | None) -> str:
    return known_browser(agent or "") or (agent or "")[:_LONGEST_AGENT]


@page(
    "POST",
    _ACCOUNT,
    permission=SIGNED_IN,
    part="operator",
    done=_("Your account is saved."),
    summary="Change an operator's own name or language on its page",
)
async def change_account(transaction: OperatorTransaction, body: OwnForm) -> Redirect:
    await actions.change_me(transaction, name=body.name, language=body.language)
    return Redirect(_ACCOUNT)


@page(
    "GET", f"{_ACCOUNT}/password", permission=SIGNED_IN, part="operator", summary="The form of an operator's password"
)
async def password_form() -> View:
    return view("operator_password.html", shortest=SHORTEST, longest=LONGEST)


@page(
    "POST",
    f"{_ACCOUNT}/password",
    permission=SIGNED_IN,
    part="operator",
    limits=(PER_SESSION,),
    secret=True,
    done=_("Your password is changed. Your other sessions have ended."),
    summary="Change an operator's own password on its page",
)
async def change_password(
    transaction: OperatorTransaction, hasher: Hasher, body: PasswordForm, caller: Caller
) -> Redirect:
    token = await actions.change_password(transaction, hasher, current=body.current, new=body.new, caller=caller)
    return Redirect(_ACCOUNT, NewSession(token))


@page(
    "POST",
    f"{_ACCOUNT}/sessions/{{id}}/end",
    permission=SIGNED_IN,
    part="operator",
    form=_ACCOUNT,
    done=_("The session has ended."),
    summary="End one of an operator's own sessions on a page",
)
async def end_session(transaction: OperatorTransaction, id: UUID) -> Redirect:
    await actions.end_session(transaction, session_id=id)
    return Redirect(_ACCOUNT)


ENDPOINTS = (account, change_account, password_form, change_password, end_session)
