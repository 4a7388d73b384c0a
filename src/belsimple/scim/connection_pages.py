"""The pages of provisioning connections: what a directory is told, who waits, what it asked last. Served by part web."""

from typing import Annotated, Final
from uuid import UUID

import msgspec

from belsimple.database.transaction import Transaction
from belsimple.identity import account
from belsimple.language import marked as _
from belsimple.scim import connections as actions
from belsimple.scim.connection_routes import Name, SubjectClaim
from belsimple.scim.connections import NewConnectionToken, SubjectAttribute
from belsimple.sso import providers
from belsimple.sso.provider_pages import NameForm, StatusForm, VersionForm
from belsimple.web.answers import Redirect, View, view
from belsimple.web.endpoint import page
from belsimple.web.inputs import Form

_ALL: Final = "/settings/provisioning"
_ONE: Final = _ALL + "/{id}"


class ConnectionForm(Form, frozen=True, kw_only=True):
    """All that an admin says of a connection; networks one on each line."""

    name: Name
    networks: Annotated[str, msgspec.Meta(max_length=7000)] = ""
    provider_id: UUID | None = None
    subject_claim: SubjectClaim = "sub"
    subject_attribute: SubjectAttribute = "externalId"
    version: int


@page("GET", _ALL, permission="settings:read", summary="Provisioning")
async def provisioning(transaction: Transaction) -> View:
    return view("provisioning.html", connections=await actions.listed(transaction))


@page("POST", _ALL, permission="settings:write", fresh=True, summary="Make a provisioning connection on a page")
async def add(transaction: Transaction, origin: str, body: NameForm) -> View:
    # The answer is the one place where the token stands: a redirect would need to keep it somewhere.
    return _token(await actions.add(transaction, name=body.name), origin)


def _token(made: NewConnectionToken, origin: str) -> View:
    return view("connection_token.html", made=made, address=f"{origin}/scim/v2")


@page("GET", _ONE, permission="settings:read", summary="A provisioning connection")
async def connection(transaction: Transaction, origin: str, id: UUID) -> View:
    shown = await actions.shown(transaction, connection_id=id)
    asked = []
    if "settings:write" in transaction.principal.permissions:
        asked = await actions.requests(transaction, connection_id=id)
    bound = [one for one in await providers.listed(transaction) if one.id == shown.provider_id]
    return view(
        "connection.html",
        connection=shown,
        provider=bound[0] if bound else None,
        waiting=await actions.waiting(transaction, connection_id=id),
        groups=await actions.groups(transaction, connection_id=id),
        requests=asked,
        address=f"{origin}/scim/v2",
    )


@page("GET", _ONE + "/configuration", permission="settings:write", summary="The form of a provisioning connection")
async def configuration(transaction: Transaction, id: UUID) -> View:
    shown = await actions.shown(transaction, connection_id=id)
    listed = await providers.listed(transaction)
    return view("connection_form.html", connection=shown, providers={one.id: one.name for one in listed})


@page(
    "POST",
    _ONE + "/configuration",
    permission="settings:write",
    fresh=True,
    summary="Change a provisioning connection on a page",
    done=_("The connection is saved."),
)
async def configure(transaction: Transaction, id: UUID, body: ConnectionForm) -> Redirect:
    await actions.change(
        transaction,
        connection_id=id,
        name=body.name,
        networks=body.networks.split(),
        provider_id=body.provider_id,
        subject_claim=body.subject_claim,
        subject_attribute=body.subject_attribute,
        expected=body.version,
    )
    return Redirect(f"{_ALL}/{id}")


@page(
    "POST",
    _ONE + "/status",
    permission="settings:write",
    fresh=True,
    form=_ONE,
    summary="Switch a provisioning connection on or off on a page",
    done=_("The connection is saved."),
)
async def set_status(transaction: Transaction, id: UUID, body: StatusForm) -> Redirect:
    await actions.set_status(transaction, connection_id=id, status=body.status, expected=body.version)
    return Redirect(f"{_ALL}/{id}")


@page(
    "POST",
    _ONE + "/tokens",
    permission="settings:write",
    fresh=True,
    form=_ONE,
    summary="A new token for a provisioning connection, on a page",
)
async def renew_token(transaction: Transaction, origin: str, id: UUID) -> View:
    return _token(await actions.renew_token(transaction, connection_id=id), origin)


@page(
    "POST",
    _ONE + "/tokens/{token}/end",
    permission="settings:write",
    fresh=True,
    form=_ONE,
    summary="End a token of a provisioning connection on a page",
    done=_("The token has ended. No directory can use it any more."),
)
async def end_token(transaction: Transaction, id: UUID, token: UUID) -> Redirect:
    await actions.end_token(transaction, connection_id=id, token_id=token)
    return Redirect(f"{_ALL}/{id}")


@page(
    "POST",
    _ONE + "/waiting/{user}/link",
    permission="settings:write",
    fresh=True,
    form=_ONE,
    summary="Put an account into a directory's hands on a page",
    done=_("The account is the directory's now. It follows from the directory's next request on."),
)
async def link(transaction: Transaction, id: UUID, user: UUID) -> Redirect:
    await actions.link(transaction, connection_id=id, waiting_id=user)
    return Redirect(f"{_ALL}/{id}")


@page(
    "POST",
    _ONE + "/waiting/{user}/dismissal",
    permission="settings:write",
    fresh=True,
    form=_ONE,
    summary="Take a waiting user off the list on a page",
    done=_("The user is off the list, until the directory tries again."),
)
async def dismiss(transaction: Transaction, id: UUID, user: UUID) -> Redirect:
    await actions.dismiss(transaction, connection_id=id, waiting_id=user)
    return Redirect(f"{_ALL}/{id}")


@page("GET", _ONE + "/removal", permission="ownership:write", summary="Whether to remove a provisioning connection")
async def removal(transaction: Transaction, id: UUID) -> View:
    return view("connection_removal.html", connection=await actions.shown(transaction, connection_id=id))


@page(
    "POST",
    _ONE + "/removal",
    permission="ownership:write",
    fresh=True,
    summary="Remove a provisioning connection on a page",
    done=_("The connection is removed. Its accounts stay as they are."),
)
async def remove(transaction: Transaction, id: UUID, body: VersionForm) -> Redirect:
    await actions.remove(transaction, connection_id=id, expected=body.version)
    return Redirect(_ALL)


@page("GET", "/settings/members/{id}/directory", permission="members:read", summary="The directory of a person")
async def member_directory(transaction: Transaction, id: UUID) -> View:
    shown = await account.member(transaction, member_id=id)
    directory = await account.member_directory(transaction, member_id=id)
    return view("member_directory.html", member=shown, directory=directory)


@page(
    "POST",
    "/settings/members/{id}/directory",
    permission="ownership:write",
    fresh=True,
    summary="Take an account out of its directory's hands on a page",
    done=_("The account is yours again: its directory sees and changes it no more."),
)
async def detach(transaction: Transaction, id: UUID) -> Redirect:
    await actions.detach(transaction, member_id=id)
    return Redirect(f"/settings/members/{id}")


ENDPOINTS: Final = (
    provisioning,
    add,
    connection,
    configuration,
    configure,
    set_status,
    renew_token,
    end_token,
    link,
    dismiss,
    removal,
    remove,
    member_directory,
    detach,
)
