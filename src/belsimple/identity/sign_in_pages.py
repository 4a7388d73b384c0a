"""The pages that ask who somebody is: signing in and out, and the password once more. Served by part gate."""

import os
import re
from typing import Final

from belsimple.database.transaction import Database, Transaction
from belsimple.identity import account, actions
from belsimple.identity.admission_pages import Held, Onward, Wanted, proceed
from belsimple.identity.factors import Factors
from belsimple.identity.hashing import Hasher
from belsimple.identity.links import TOKEN_BYTES
from belsimple.identity.passkeys import Credential
from belsimple.identity.sign_in_routes import (
    PER_ACCOUNT,
    PER_ADDRESS,
    PER_SESSION,
    STRANGERS,
    Code,
    Password,
    Text,
    confirm_person,
)
from belsimple.web.answers import EndSession, Redirect, View, view
from belsimple.web.attempts import Attempts
from belsimple.web.endpoint import SIGNED_IN, page
from belsimple.web.held import START, Next, go_on, wanted_or_start
from belsimple.web.inputs import Caller, Form

_SLUG: Final = re.compile(r"[a-z0-9-]{1,40}")


class SignInForm(Onward, frozen=True, kw_only=True):
    """Credentials, where to go on, and a form that waits."""

    tenant: Text
    email: Text
    password: Password


class ConfirmationForm(Form, frozen=True):
    """The own password, a code or a passkey's answer; where to go on, and a form that waits."""

    password: Password | None = None
    code: Code | None = None
    credential: Credential | None = None
    next: Next = START
    held: Held = ""


@page("GET", "/", permission="public", part="gate", summary="Sign in, or go on to the first page")
async def front(query: Wanted, caller: Caller) -> View | Redirect:
    if caller.token is not None:
        return Redirect(wanted_or_start(query.next))  # a session that has ended comes back here without its cookie
    return _sign_in_form(query)


@page("GET", "/sign-in", permission="public", part="gate", summary="Sign in")
async def sign_in_form(query: Wanted) -> View:
    return _sign_in_form(query)


@page("GET", "/t/{slug}", permission="public", part="gate", summary="A tenant's own sign-in address")
async def tenant_front(slug: str, query: Wanted) -> View:
    # Whether there is such a tenant is not asked: the answer would tell strangers.
    return _sign_in_form(query, tenant=slug.lower() if _SLUG.fullmatch(slug.lower()) else "")


def _sign_in_form(wanted: Wanted, tenant: str = "") -> View:
    return view("sign_in.html", tenant=tenant, next=wanted.next, held="", over=False)


@page(
    "POST", "/sign-in", permission="public", part="gate", limits=(PER_ADDRESS, PER_ACCOUNT), summary="Sign in on a page"
)
async def sign_in(
    database: Database, hasher: Hasher, factors: Factors, body: SignInForm, caller: Caller, attempts: Attempts
) -> View | Redirect:
    attempt = await actions.begin_sign_in(database, tenant=body.tenant, email=body.email, caller=caller)
    if not attempt.familiar:
        await attempts.take(STRANGERS)
    admitted = await actions.sign_in(database, hasher, attempt, password=body.password)
    await attempts.give_back()
    return await proceed(database, factors, caller, admitted, body)


@page("POST", "/sign-out", permission=SIGNED_IN, part="gate", form="/", summary="Sign out on a page")
async def sign_out(transaction: Transaction) -> Redirect:
    handle = os.urandom(TOKEN_BYTES)
    provider = await account.begin_farewell(transaction, handle=handle)
    await account.end_session(transaction, session_id=transaction.principal.session_id)
    return Redirect("/" if provider is None else f"/sso/{provider}/farewell?handle={handle.hex()}", EndSession())


@page("GET", "/reauthentication", permission=SIGNED_IN, part="gate", summary="Confirm who you are")
async def reauthentication_form(query: Wanted) -> View:
    return view("reauthentication.html", next=wanted_or_start(query.next), held="")


@page(
    "POST",
    "/reauthentication",
    permission=SIGNED_IN,
    part="gate",
    limits=(PER_SESSION,),
    secret=True,
    summary="Confirm who you are on a page",
)
async def reauthenticate(
    transaction: Transaction, hasher: Hasher, factors: Factors, body: ConfirmationForm, caller: Caller
) -> View | Redirect:
    await confirm_person(
        transaction,
        hasher,
        factors,
        caller,
        password=body.password,
        code=body.code,
        credential=body.credential,
    )
    return go_on(body.next, body.held)


ENDPOINTS = (front, sign_in_form, tenant_front, sign_in, sign_out, reauthentication_form, reauthenticate)
