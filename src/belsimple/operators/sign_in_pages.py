"""The pages that ask an operator who it is: signing in and out, and the password once more. As identity's, on accounts of their own."""

from typing import Final

from belsimple.database.operator_transaction import OperatorTransaction
from belsimple.database.transaction import Database
from belsimple.identity.hashing import Hasher
from belsimple.identity.sign_in_pages import Held, Wanted
from belsimple.identity.sign_in_routes import Password, Text
from belsimple.operators import sign_in as actions
from belsimple.operators.sign_in_routes import PER_ACCOUNT, PER_ADDRESS, PER_SESSION, STRANGERS
from belsimple.web.answers import Cookie, EndSession, NewSession, Redirect, View, view
from belsimple.web.attempts import Attempts
from belsimple.web.endpoint import SIGNED_IN, page
from belsimple.web.held import Next, go_on
from belsimple.web.inputs import Caller, Form
from belsimple.web.pages import is_local

_START: Final = "/operator/overview"


class SignInForm(Form, frozen=True):
    """Credentials, where to go on, and a form that waits."""

    email: Text
    password: Password
    next: Next | None = None
    held: Held = ""


class ConfirmationForm(Form, frozen=True):
    """The own password, where to go on, and a form that waits."""

    password: Password
    next: Next = _START
    held: Held = ""


@page("GET", "/operator/", permission="public", part="operator", summary="Sign in as an operator, or go on")
async def front(query: Wanted, caller: Caller) -> View | Redirect:
    if caller.token is not None:
        return Redirect(_ours(query.next))  # a session that has ended comes back here without its cookie
    return _sign_in_form(query)


@page("GET", "/operator/sign-in", permission="public", part="operator", summary="Sign in as an operator")
async def sign_in_form(query: Wanted) -> View:
    return _sign_in_form(query)


def _sign_in_form(wanted: Wanted) -> View:
    return view("operator_sign_in.html", next=wanted.next, held="")


@page(
    "POST",
    "/operator/sign-in",
    permission="public",
    part="operator",
    limits=(PER_ADDRESS, PER_ACCOUNT),
    summary="Sign in as an operator on a page",
)
async def sign_in(
    database: Database, hasher: Hasher, body: SignInForm, caller: Caller, attempts: Attempts
) -> View | Redirect:
    attempt = await actions.begin_sign_in(database, email=body.email, caller=caller)
    if not attempt.familiar:
        await attempts.take(STRANGERS)
    opened = await actions.sign_in(database, hasher, attempt, password=body.password)
    await attempts.give_back()
    return _go_on(body.next, body.held, NewSession(opened.token))


@page(
    "POST",
    "/operator/sign-out",
    permission=SIGNED_IN,
    part="operator",
    form="/operator/",
    summary="Sign out on the operator's pages",
)
async def sign_out(transaction: OperatorTransaction) -> Redirect:
    await actions.end_session(transaction, session_id=transaction.principal.session_id)
    return Redirect("/operator/", EndSession())


@page(
    "GET",
    "/operator/reauthentication",
    permission=SIGNED_IN,
    part="operator",
    summary="Confirm which operator you are",
)
async def reauthentication_form(query: Wanted) -> View:
    return view("operator_reauthentication.html", next=_ours(query.next), held="")


@page(
    "POST",
    "/operator/reauthentication",
    permission=SIGNED_IN,
    part="operator",
    limits=(PER_SESSION,),
    secret=True,
    summary="Confirm which operator you are on a page",
)
async def reauthenticate(transaction: OperatorTransaction, hasher: Hasher, body: ConfirmationForm) -> View | Redirect:
    await actions.reauthenticate(transaction, hasher, password=body.password)
    return _go_on(body.next, body.held)


def _go_on(address: str | None, held: str, cookie: Cookie | None = None) -> View | Redirect:
    return go_on(_ours(address), held if address == _ours(address) else "", cookie)


def _ours(address: str | None) -> str:
    """The address if it is on this side. An operator has nothing to send to the tenants' one."""
    return address if address is not None and address.startswith("/operator/") and is_local(address) else _START


ENDPOINTS = (front, sign_in_form, sign_in, sign_out, reauthentication_form, reauthenticate)
