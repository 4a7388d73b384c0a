"""The pages of a sign-in that is not over yet: a second factor, making one, a new browser. Served by part gate, without JavaScript too."""

from typing import Annotated, Final, Literal
from urllib.parse import quote

import msgspec

from belsimple.database.transaction import Database
from belsimple.identity import admission, totp
from belsimple.identity.admission import Admitted, Pending
from belsimple.identity.admission_routes import PasskeyName, enrolled, new_totp, proven
from belsimple.identity.factors import Factors
from belsimple.identity.links import LinkOver, token_of
from belsimple.identity.pages import Link
from belsimple.identity.passkeys import Credential
from belsimple.identity.recovery_routes import LINKS
from belsimple.identity.sign_in_routes import PER_ADDRESS, Code, Text
from belsimple.web.answers import EndPending, Redirect, View
from belsimple.web.browsers import known_browser
from belsimple.web.endpoint import page
from belsimple.web.held import Next, go_on, wanted_or_start
from belsimple.web.inputs import Caller, Form, Input
from belsimple.web.problems import NotFound, Unauthorized

Held = Annotated[str, msgspec.Meta(max_length=1 << 20)]
_PATH: Final = {
    "factor": "/sign-in/factor",
    "enrolment": "/sign-in/enrolment",
    "browser": "/sign-in/browser",
}


class Wanted(Input, frozen=True):
    """Where somebody was going who has to sign in first."""

    next: Next | None = None


class Onward(Form, frozen=True):
    """Where to go on, and a form that waits: what every form of a sign-in carries along."""

    next: Next | None = None
    held: Held = ""


class FactorForm(Onward, frozen=True):
    """One of the three: a code of an app, a recovery code, or what a passkey answered."""

    code: Code | None = None
    recovery_code: Code | None = None
    credential: Credential | None = None


class EnrolmentForm(Onward, frozen=True):
    """The first code of a new secret, or a new passkey and its name."""

    code: Code | None = None
    credential: Credential | None = None
    name: PasskeyName = "Passkey"


class BrowserAnswer(Form, frozen=True):
    """The mailbox's answer."""

    token: Text
    answer: Literal["yes", "no"]


async def proceed(
    database: Database, factors: Factors, caller: Caller, admitted: Admitted, onward: Onward
) -> View | Redirect:
    """To where the person was going, or to what the sign-in still wants; a form that waits comes along in the page."""
    target = wanted_or_start(onward.next)
    if admitted.recovery_codes:
        return _codes(admitted, target, onward.held)
    if admitted.outcome == "open":
        return go_on(target, onward.held, admitted.cookie)
    if not onward.held:
        return Redirect(f"{_PATH[admitted.outcome]}?next={quote(target, safe='/')}", admitted.cookie)
    there = msgspec.structs.replace(caller, pending=admitted.token)
    shown = await admission.pending(database, there)
    made = await _page_of(database, factors, there, shown, admitted.outcome, target, onward.held)
    return msgspec.structs.replace(made, cookie=admitted.cookie)


def _codes(admitted: Admitted, target: str, held: str) -> View:
    """The new recovery codes, once; its button leads on."""
    values = {
        "codes": admitted.recovery_codes,
        "path_on": _PATH.get(admitted.outcome) or target,
        "next": target,
        "held": held,
    }
    return View("recovery_codes_signing_in.html", values, cookie=admitted.cookie)


@page(
    "POST",
    "/sign-in/continuation",
    permission="public",
    part="gate",
    limits=(PER_ADDRESS,),
    form="/sign-in",
    summary="Go on with the form that waits, once the recovery codes are kept",
)
async def continue_form(database: Database, factors: Factors, body: Onward, caller: Caller) -> View | Redirect:
    shown = await admission.pending(database, caller)
    if shown is None or shown.wants not in _PATH:
        return go_on(wanted_or_start(body.next), body.held)
    return await _page_of(database, factors, caller, shown, shown.wants, wanted_or_start(body.next), body.held)


@page("GET", "/sign-in/factor", permission="public", part="gate", summary="The second factor of a sign-in")
async def factor_form(database: Database, factors: Factors, query: Wanted, caller: Caller) -> View | Redirect:
    return await _page(database, factors, caller, "factor", query.next)


@page(
    "POST",
    "/sign-in/factor",
    permission="public",
    part="gate",
    limits=(PER_ADDRESS,),
    summary="Give the second factor, or a passkey alone, on a page",
)
async def prove(database: Database, factors: Factors, body: FactorForm, caller: Caller) -> View | Redirect:
    try:
        admitted = await proven(
            database,
            factors,
            caller,
            code=body.code,
            recovery_code=body.recovery_code,
            credential=body.credential,
        )
    except Unauthorized:
        if (over := await _over(database, caller, "factor", body)) is not None:
            return over
        raise
    return await proceed(database, factors, caller, admitted, body)


@page("GET", "/sign-in/enrolment", permission="public", part="gate", summary="Make a second factor while signing in")
async def enrolment_form(database: Database, factors: Factors, query: Wanted, caller: Caller) -> View | Redirect:
    return await _page(database, factors, caller, "enrolment", query.next)


@page(
    "POST",
    "/sign-in/enrolment/totp",
    permission="public",
    part="gate",
    limits=(PER_ADDRESS,),
    form="/sign-in/enrolment",
    summary="Make an authenticator app's secret while signing in",
)
async def begin_totp(database: Database, factors: Factors, body: Onward, caller: Caller) -> View | Redirect:
    shown = await admission.pending(database, caller)
    if shown is None or shown.wants != "enrolment":
        return _begin_again(body)
    await admission.begin_enrolment(database, factors, caller, shown)
    return await _page_of(database, factors, caller, shown, "enrolment", wanted_or_start(body.next), body.held)


@page(
    "POST",
    "/sign-in/enrolment",
    permission="public",
    part="gate",
    limits=(PER_ADDRESS,),
    summary="Confirm a second factor while signing in",
)
async def enrol(database: Database, factors: Factors, body: EnrolmentForm, caller: Caller) -> View | Redirect:
    try:
        admitted = await enrolled(database, factors, caller, code=body.code, credential=body.credential, name=body.name)
    except Unauthorized:
        if (over := await _over(database, caller, "enrolment", body)) is not None:
            return over
        raise
    return await proceed(database, factors, caller, admitted, body)


@page("GET", "/sign-in/browser", permission="public", part="gate", summary="A sign-in that waits for the mailbox")
async def browser_form(database: Database, factors: Factors, query: Wanted, caller: Caller) -> View | Redirect:
    return await _page(database, factors, caller, "browser", query.next)


@page(
    "POST",
    "/sign-in/browser",
    permission="public",
    part="gate",
    limits=(PER_ADDRESS,),
    summary="Go on once the mailbox has said yes",
)
async def go_on_in_browser(database: Database, factors: Factors, body: Onward, caller: Caller) -> View | Redirect:
    try:
        admitted = await admission.prove_browser(database, caller)
    except Unauthorized:
        if (over := await _over(database, caller, "browser", body)) is not None:
            return over
        values = {"next": wanted_or_start(body.next), "held": body.held, "waited": True}
        return View("sign_in_browser.html", values)
    return await proceed(database, factors, caller, admitted, body)


@page("GET", "/sign-in/confirmation", permission="public", part="gate", summary="Whether a new browser is one's own")
async def browser_question(database: Database, query: Link) -> View:
    try:
        asked = await admission.browser_question(database, token=token_of(query.token))
    except NotFound:
        asked = None
    if asked is None:
        return View("link_over.html", {}, status=404)
    values = {"asked": asked, "browser": known_browser(asked.agent or ""), "token": query.token}
    return View("browser_confirmation.html", values, language=asked.language)


@page(
    "POST",
    "/sign-in/confirmation",
    permission="public",
    part="gate",
    limits=(LINKS,),
    summary="Say whether a new browser is one's own",
)
async def answer_browser(database: Database, body: BrowserAnswer, caller: Caller) -> View:
    try:
        token = token_of(body.token)
        asked = await admission.browser_question(database, token=token)
        await admission.answer_browser(database, caller, token=token, yes=body.answer == "yes")
    except (LinkOver, NotFound):
        return View("link_over.html", {}, status=404)
    return View("browser_answered.html", {"yes": body.answer == "yes"}, language=asked and asked.language)


async def _page(
    database: Database, factors: Factors, caller: Caller, wants: str, target: str | None
) -> View | Redirect:
    """The page, if this is what the pending sign-in wants; else where it stands."""
    shown = await admission.pending(database, caller)
    if shown is None or shown.wants not in _PATH:
        return Redirect(f"/sign-in?next={quote(target, safe='/')}" if target else "/sign-in")
    if shown.wants != wants:
        return Redirect(f"{_PATH[shown.wants]}?next={quote(wanted_or_start(target), safe='/')}")
    return await _page_of(database, factors, caller, shown, wants, wanted_or_start(target), "")


async def _page_of(
    database: Database, factors: Factors, caller: Caller, shown: Pending | None, wants: str, target: str, held: str
) -> View:
    values: dict[str, object] = {"next": target, "held": held, "shown": shown}
    if shown is None or wants == "browser":
        return View("sign_in_browser.html", {**values, "waited": False}, language=shown and shown.language)
    if wants == "factor":
        values["options"] = await admission.passkey_request(database, factors, caller) if shown.has_passkey else None
        return View("sign_in_factor.html", values, language=shown.language)
    secret = await admission.enrolment_secret(database, factors, caller) if shown.totp_allowed else None
    made = None if secret is None else new_totp(secret, factors, tenant=shown.slug or "", email=shown.email or "")
    picture = None if made is None else totp.picture_of(made.address)
    values |= {"made": made, "picture": picture, "options": admission.creation_request(factors, caller, shown)}
    return View("sign_in_enrolment.html", values, language=shown.language)


async def _over(database: Database, caller: Caller, wants: str, onward: Onward) -> View | None:
    """The first page again when the pending sign-in has died; None while its own page can be shown again."""
    shown = await admission.pending(database, caller)
    return None if shown is not None and shown.wants == wants else _begin_again(onward)


def _begin_again(onward: Onward) -> View:
    values = {"tenant": "", "next": onward.next, "held": onward.held, "over": True}
    return View("sign_in.html", values, status=401, cookie=EndPending())


ENDPOINTS = (
    continue_form,
    factor_form,
    prove,
    enrolment_form,
    begin_totp,
    enrol,
    browser_form,
    go_on_in_browser,
    browser_question,
    answer_browser,
)
