"""The page of the company that runs this installation."""

from typing import Annotated

import msgspec

from belsimple.database.operator_transaction import OperatorTransaction
from belsimple.identity.addresses import Email
from belsimple.identity.sign_in_routes import PersonName
from belsimple.language import marked as _
from belsimple.operators import profile as actions
from belsimple.operators.profile_routes import Number
from belsimple.web.answers import Redirect, View, view
from belsimple.web.endpoint import page
from belsimple.web.inputs import Form


class ProfileForm(Form, frozen=True):
    """The whole profile: a field that is left empty is emptied."""

    version: int
    legal_name: PersonName | None = None
    enterprise_number: Number | None = None
    address: Annotated[str, msgspec.Meta(max_length=500, pattern=r"^[^\x00-\x09\x0b\x0c\x0e-\x1f\x7f]+$")] | None = None
    email: Email | None = None
    officer_name: PersonName | None = None
    officer_email: Email | None = None
    security_name: PersonName | None = None
    security_email: Email | None = None


@page("GET", "/operator/profile", permission="profile:read", part="operator", summary="The company's profile on a page")
async def profile(transaction: OperatorTransaction) -> View:
    return view("operator_profile.html", profile=await actions.profile(transaction))


@page(
    "POST",
    "/operator/profile",
    permission="profile:write",
    part="operator",
    fresh=True,
    done=_("The company's profile is saved."),
    summary="Change the company's profile on its page",
)
async def change_profile(transaction: OperatorTransaction, body: ProfileForm) -> Redirect:
    given = msgspec.structs.asdict(body)
    version = given.pop("version")
    # A browser ends the lines of a text area with CR LF.
    changes = {name: (text or "").replace("\r\n", "\n") for name, text in given.items()}
    await actions.change_profile(transaction, {**changes}, expected=version)
    return Redirect("/operator/profile")


ENDPOINTS = (profile, change_profile)
