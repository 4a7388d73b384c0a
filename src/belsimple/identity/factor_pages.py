"""The pages on which a person looks after their own second factors: served by part gate."""

from uuid import UUID

from belsimple.database.transaction import Transaction
from belsimple.identity import account, own_factors, totp
from belsimple.identity.admission_routes import PasskeyName, new_totp
from belsimple.identity.factors import Factors
from belsimple.identity.own_factors import Passkey
from belsimple.identity.passkeys import Credential
from belsimple.identity.sign_in_routes import PER_SESSION, Code
from belsimple.language import marked as _
from belsimple.web.answers import EndPending, Redirect, View, view
from belsimple.web.endpoint import SIGNED_IN, page
from belsimple.web.inputs import Caller, Form
from belsimple.web.problems import NotFound

_FACTORS = "/account/factors"


class CodeForm(Form, frozen=True):
    """A code that the new app shows."""

    code: Code


class PasskeyForm(Form, frozen=True):
    """What the browser made, and what the person calls it."""

    credential: Credential
    name: PasskeyName


class NameForm(Form, frozen=True):
    """Another name."""

    name: PasskeyName


@page("GET", "/account/factors", permission=SIGNED_IN, part="gate", summary="The own second factors on a page")
async def overview(transaction: Transaction) -> View:
    return view("factors.html", own=await own_factors.overview(transaction))


@page(
    "POST",
    "/account/factors/totp",
    permission=SIGNED_IN,
    part="gate",
    fresh=True,
    form=_FACTORS,
    summary="Begin with an authenticator app on a page",
)
async def begin_totp(transaction: Transaction, factors: Factors) -> Redirect:
    await own_factors.begin_totp(transaction, factors)
    return Redirect(f"{_FACTORS}/totp")


@page(
    "GET",
    "/account/factors/totp",
    permission=SIGNED_IN,
    part="gate",
    fresh=True,
    summary="The new authenticator app's secret",
)
async def totp_form(transaction: Transaction, factors: Factors) -> View | Redirect:
    secret = await own_factors.waiting_secret(transaction, factors)
    if secret is None:
        return Redirect(_FACTORS)
    me = await account.me(transaction)
    made = new_totp(secret, factors, tenant=me.tenant.slug, email=me.email)
    return view("factors_totp.html", made=made, picture=totp.picture_of(made.address))


@page(
    "POST",
    "/account/factors/totp/confirmation",
    permission=SIGNED_IN,
    part="gate",
    fresh=True,
    limits=(PER_SESSION,),
    form=f"{_FACTORS}/totp",
    summary="Confirm the new authenticator app on a page",
    done=_("The authenticator app is added."),
)
async def confirm_totp(transaction: Transaction, factors: Factors, body: CodeForm) -> View | Redirect:
    codes = await own_factors.confirm_totp(transaction, factors, code=body.code)
    return view("recovery_codes.html", codes=codes) if codes else Redirect(_FACTORS)


@page(
    "GET",
    "/account/factors/totp/removal",
    permission=SIGNED_IN,
    part="gate",
    summary="Before the authenticator app is removed",
)
async def totp_removal(transaction: Transaction) -> View | Redirect:
    own = await own_factors.overview(transaction)
    return view("factors_totp_removal.html", own=own) if own.totp else Redirect(_FACTORS)


@page(
    "POST",
    "/account/factors/totp/removal",
    permission=SIGNED_IN,
    part="gate",
    fresh=True,
    summary="Remove the authenticator app on a page",
    done=_("The authenticator app is removed."),
)
async def remove_totp(transaction: Transaction) -> Redirect:
    await own_factors.remove_totp(transaction)
    return Redirect(_FACTORS)


@page(
    "POST",
    "/account/factors/recovery-codes",
    permission=SIGNED_IN,
    part="gate",
    fresh=True,
    form=_FACTORS,
    summary="Ten new recovery codes on a page",
)
async def replace_recovery_codes(transaction: Transaction) -> View:
    return view("recovery_codes.html", codes=await own_factors.replace_recovery_codes(transaction))


@page(
    "GET",
    "/account/factors/passkey",
    permission=SIGNED_IN,
    part="gate",
    fresh=True,
    summary="A page to add a passkey",
)
async def passkey_form() -> View:
    return view("factors_passkey.html")


@page(
    "POST",
    "/account/factors/passkey",
    permission=SIGNED_IN,
    part="gate",
    fresh=True,
    summary="Add a passkey on a page",
    done=_("The passkey is added."),
)
async def add_passkey(transaction: Transaction, factors: Factors, body: PasskeyForm, caller: Caller) -> View | Redirect:
    _made, codes = await own_factors.add_passkey(
        transaction, factors, caller, credential=body.credential, name=body.name
    )
    if codes:
        return View("recovery_codes.html", {"codes": codes}, cookie=EndPending())
    return Redirect(_FACTORS, EndPending())


@page(
    "GET",
    "/account/factors/passkeys/{id}",
    permission=SIGNED_IN,
    part="gate",
    summary="One passkey: its name, and its removal",
)
async def passkey(transaction: Transaction, id: UUID) -> View:
    return view("factors_passkey_one.html", passkey=await _one(transaction, id))


@page(
    "POST",
    "/account/factors/passkeys/{id}",
    permission=SIGNED_IN,
    part="gate",
    summary="Give a passkey another name on a page",
    done=_("The name is saved."),
)
async def rename_passkey(transaction: Transaction, id: UUID, body: NameForm) -> Redirect:
    await own_factors.rename_passkey(transaction, passkey_id=id, name=body.name)
    return Redirect(_FACTORS)


@page(
    "POST",
    "/account/factors/passkeys/{id}/removal",
    permission=SIGNED_IN,
    part="gate",
    fresh=True,
    form="/account/factors/passkeys/{id}",
    summary="Remove a passkey on a page",
    done=_("The passkey is removed."),
)
async def remove_passkey(transaction: Transaction, id: UUID) -> Redirect:
    await own_factors.remove_passkey(transaction, passkey_id=id)
    return Redirect(_FACTORS)


async def _one(transaction: Transaction, passkey_id: UUID) -> Passkey:
    for one in (await own_factors.overview(transaction)).passkeys:
        if one.id == passkey_id:
            return one
    raise NotFound


ENDPOINTS = (
    overview,
    begin_totp,
    totp_form,
    confirm_totp,
    totp_removal,
    remove_totp,
    replace_recovery_codes,
    passkey_form,
    add_passkey,
    passkey,
    rename_passkey,
    remove_passkey,
)
