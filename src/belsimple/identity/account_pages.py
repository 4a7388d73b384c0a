"""The pages of the own account: profile, password, address and sessions."""

from uuid import UUID

import msgspec

from belsimple.database.transaction import Transaction
from belsimple.identity import account, actions, recovery
from belsimple.identity.account import Session
from belsimple.identity.addresses import Email
from belsimple.identity.hashing import Hasher
from belsimple.identity.passwords import LONGEST
from belsimple.identity.routes import EMAIL_CHANGES, ZoneName
from belsimple.identity.sign_in_routes import PER_SESSION, Password, PersonName
from belsimple.language import Language
from belsimple.language import marked as _
from belsimple.language.zones import CONTINENTS, cities
from belsimple.web.answers import NewSession, Redirect, View, view
from belsimple.web.browsers import known_browser
from belsimple.web.endpoint import SIGNED_IN, page
from belsimple.web.inputs import Caller, Form
from belsimple.web.problems import NotFound


class ProfileForm(Form, frozen=True):
    """Who one is to the others, and how one reads."""

    name: PersonName
    language: Language
    zone: ZoneName
    version: int


class PasswordForm(Form, frozen=True):
    """The password there is and the one to come."""

    current: Password
    new: Password


class EmailForm(Form, frozen=True):
    """The address to sign in with from now on."""

    email: Email


class ShownSession(msgspec.Struct, frozen=True):
    """A session, and what people call its browser."""

    session: Session
    browser: str


@page("GET", "/account", permission=SIGNED_IN, summary="The own profile")
async def profile(transaction: Transaction) -> View:
    me = await account.me(transaction)
    zones = cities(me.language)
    listed = any(me.zone in of for of in zones.values())
    return view("account.html", me=me, zones=zones, continents=CONTINENTS, unlisted=None if listed else me.zone)


@page("POST", "/account", permission=SIGNED_IN, summary="Change the own profile", done=_("Your profile is saved."))
async def change_profile(transaction: Transaction, body: ProfileForm) -> Redirect:
    await account.change_me(transaction, name=body.name, language=body.language, zone=body.zone, expected=body.version)
    return Redirect("/account")


@page("GET", "/account/password", permission=SIGNED_IN, part="gate", summary="The page of the own password")
async def password(transaction: Transaction) -> View:
    shortest = await actions.own_shortest_password(transaction)
    return view("account_password.html", shortest=shortest, longest=LONGEST)


@page(
    "POST",
    "/account/password",
    permission=SIGNED_IN,
    part="gate",
    limits=(PER_SESSION,),
    secret=True,
    summary="Change the own password on its page",
    done=_("Your new password is set. Wherever else you were signed in, you are signed out."),
)
async def change_password(transaction: Transaction, hasher: Hasher, body: PasswordForm, caller: Caller) -> Redirect:
    token = await actions.change_password(transaction, hasher, current=body.current, new=body.new, caller=caller)
    return Redirect("/account/password", NewSession(token))


@page("GET", "/account/email", permission=SIGNED_IN, summary="The page of the own address")
async def email(transaction: Transaction) -> View:
    try:
        change = await recovery.own_email_change(transaction)
    except NotFound:
        change = None
    return view("account_email.html", change=change)


@page(
    "POST",
    "/account/email",
    permission=SIGNED_IN,
    fresh=True,
    limits=(EMAIL_CHANGES,),
    summary="Ask for a change of the own address",
    done=_("Two mails are on their way. Confirm the change in both mailboxes."),
)
async def request_email_change(transaction: Transaction, body: EmailForm) -> Redirect:
    await recovery.request_email_change(transaction, email=body.email)
    return Redirect("/account/email")


@page(
    "POST",
    "/account/email/cancellation",
    permission=SIGNED_IN,
    form="/account/email",
    summary="Take the own change of address back",
    done=_("The change is cancelled. You keep your address."),
)
async def cancel_email_change(transaction: Transaction) -> Redirect:
    await recovery.cancel_email_change(transaction)
    return Redirect("/account/email")


@page("GET", "/account/sessions", permission=SIGNED_IN, summary="The page of the own sessions")
async def sessions(transaction: Transaction) -> View:
    living = await account.sessions(transaction)
    shown = [ShownSession(one, known_browser(one.agent or "") or (one.agent or "")[:120]) for one in living]
    return view("account_sessions.html", sessions=shown)


@page(
    "POST",
    "/account/sessions/{id}/end",
    permission=SIGNED_IN,
    form="/account/sessions",
    summary="End one of the own sessions on its page",
    done=_("The session is ended."),
)
async def end_session(transaction: Transaction, id: UUID) -> Redirect:
    await account.end_session(transaction, session_id=id)
    return Redirect("/account/sessions")


@page(
    "POST",
    "/account/other-sessions/end",
    permission=SIGNED_IN,
    form="/account/sessions",
    summary="End the own sessions on their page, all but the one that asks",
    done=_("All your other sessions are ended."),
)
async def end_other_sessions(transaction: Transaction) -> Redirect:
    await account.end_other_sessions(transaction)
    return Redirect("/account/sessions")


ENDPOINTS = (
    profile,
    change_profile,
    password,
    change_password,
    email,
    request_email_change,
    cancel_email_change,
    sessions,
    end_session,
    end_other_sessions,
)
