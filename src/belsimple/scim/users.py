"""Users of a connection: made, replaced, patched, deleted. What a sync repeats unchanged is not written."""

import re
from typing import Any, Final
from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import KeepChanges, Transaction
from belsimple.scim.documents import Document, read_resource
from belsimple.scim.faults import InvalidValue
from belsimple.scim.listing import one
from belsimple.scim.patching import patched
from belsimple.scim.schemas import USER
from belsimple.web.problems import Conflict
from belsimple.web.provisioning import ScimAnswer, ScimRequest

_q = load_queries("belsimple.scim")
_ADDRESS: Final = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[a-z0-9.-]{1,190}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_LANGUAGES: Final = frozenset(("en", "nl", "fr", "de"))
_NAME_LENGTH: Final = 300


class Waits(Conflict, KeepChanges):
    """409: an account that the connection did not make has this address. It is kept for an administrator to link."""

    name = "uniqueness"

    def __init__(self) -> None:
        super().__init__(
            "An account with this address exists already. An administrator can link it on the page of this connection."
        )


class Held(msgspec.Struct, frozen=True):
    """A resource as it is, held until the transaction ends."""

    document: str
    version: int


async def create(transaction: Transaction, request: ScimRequest) -> ScimAnswer:
    """A new user (RFC 7644, section 3.3). Raises Waits, BS409 uniqueness, BS400 for an address of another's domain, and Fault."""
    document = read_resource(request.document, USER)
    document.setdefault("active", True)
    outcome, made = msgspec.structs.astuple(await _added(transaction, document))
    if outcome == "waiting":
        raise Waits
    shown = await one(transaction, USER, made, request)
    return ScimAnswer(201, shown.body, shown.version, f"{request.base}/Users/{made}")


class _Added(msgspec.Struct, frozen=True):
    outcome: str
    id: UUID | None


async def _added(transaction: Transaction, document: Document) -> _Added:
    added = await transaction.row(_q.add_user, _Added, **_facts(document))
    assert added is not None  # the function answers with a row
    return added


async def replace(transaction: Transaction, id: UUID, request: ScimRequest) -> ScimAnswer:  # noqa: A002 - SCIM's own word
    """All of a user (3.5.1); ``active`` stays when it is left out. Raises as `create`, BS404 and BS412."""
    present = await _held(transaction, id, request.expected)
    wanted = read_resource(request.document, USER)
    wanted.setdefault("active", present["active"])
    return await _written(transaction, id, present, wanted, request)


async def patch(transaction: Transaction, id: UUID, request: ScimRequest) -> ScimAnswer:  # noqa: A002 - SCIM's own word
    """Operations on a user (3.5.2). Raises as `replace`."""
    present = await _held(transaction, id, request.expected)
    wanted = patched(present, request.document, USER)
    wanted.setdefault("active", present["active"])
    return await _written(transaction, id, present, wanted, request)


async def delete(transaction: Transaction, id: UUID, request: ScimRequest) -> ScimAnswer:  # noqa: A002 - SCIM's own word
    """Out of the directory's view, and shut (3.6). Raises BS404, BS412, and BS409 for the last owner."""
    await transaction.value(_q.delete_user, id=id, expected=request.expected)
    return ScimAnswer(204)


async def _held(transaction: Transaction, id: UUID, expected: int | None) -> Document:  # noqa: A002 - SCIM's own word
    held = await transaction.row(_q.held_user, Held, id=id, expected=expected)
    assert held is not None  # else the function raises
    return {
        name: value
        for name, value in msgspec.json.decode(held.document).items()
        if name not in ("id", "meta", "groups")
    }


async def _written(
    transaction: Transaction,
    id: UUID,  # noqa: A002 - SCIM's own word
    present: Document,
    wanted: Document,
    request: ScimRequest,
) -> ScimAnswer:
    if wanted != present:
        await transaction.value(_q.change_user, id=id, **_facts(wanted))
    return await one(transaction, USER, id, request)


def _facts(document: Document) -> dict[str, Any]:
    """What the account takes from a document; all the rest is kept beside it. Raises InvalidValue."""
    user_name, external_id = document.get("userName"), document.get("externalId")
    if not user_name or len(user_name) > _NAME_LENGTH or len(external_id or "") > _NAME_LENGTH:
        raise InvalidValue(f"A user has a userName; it and externalId have {_NAME_LENGTH} characters at most.")
    rest = {name: value for name, value in document.items() if name not in ("userName", "externalId", "active")}
    return {
        "external_id": external_id,
        "user_name": user_name,
        "email": address_of(document),
        "name": name_of(document),
        "language": language_of(document),
        "active": document["active"],
        "attributes": msgspec.json.encode(rest).decode(),
    }


def address_of(document: Document) -> str:
    """The primary e-mail address, else one for work, else any, else a userName that is one. Raises InvalidValue."""
    emails: list[Document] = [one for one in document.get("emails", []) if one.get("value")]
    emails.sort(key=lambda one: (not one.get("primary"), str(one.get("type", "")).lower() != "work"))
    address = str(emails[0]["value"] if emails else document["userName"]).strip().lower()
    if not _ADDRESS.fullmatch(address):
        raise InvalidValue("A user needs an e-mail address, in emails or as userName.")
    return address


def name_of(document: Document) -> str:
    """What people read: displayName, else the name's parts, else userName."""
    name: Document = document.get("name", {})
    parts = " ".join(name[part] for part in ("givenName", "familyName") if name.get(part))
    said = document.get("displayName") or name.get("formatted") or parts or document["userName"]
    return _CONTROL.sub(" ", said).strip()[:200] or document["userName"][:200]


def language_of(document: Document) -> str | None:
    """One of the service's languages, by preferredLanguage or locale; None for another."""
    said = str(document.get("preferredLanguage") or document.get("locale") or "")[:2].lower()
    return said if said in _LANGUAGES else None
