"""What the API takes and gives."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from belsimple.modules import Input, Paging, Versioned

Status = Literal["open", "closed"]

# Lengths are checked after Unicode normalisation, by fields.py; here they only document.
Title = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 200})]
Reference = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": 60})]
Notes = Annotated[str, Meta(extra_json_schema={"maxLength": 20_000})]


class NewDossier(Input, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dossier to be made. The reference is unique within the tenant."""

    title: Title
    reference: Reference | None = None
    status: Status = "open"
    notes: Notes = ""


class DossierChange(Input, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change; what is left out stays as it is, and null takes the reference away."""

    title: Title | UnsetType = UNSET
    reference: Reference | UnsetType | None = UNSET
    status: Status | UnsetType = UNSET
    notes: Notes | UnsetType = UNSET


class DossierQuery(Paging, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which dossiers: each word of ``q`` must begin a word of the title or the reference, whatever its case and accents."""

    q: Annotated[str, Meta(max_length=200)] = ""
    status: Status | None = None


class Place(Input, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a page ends."""

    id: UUID


class DossierItem(Struct, frozen=True):
    """A dossier in a list: all but its notes."""

    id: UUID
    title: str
    reference: str | None
    status: Status
    version: int
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None


class Dossier(Versioned, frozen=True):
    """A dossier, with its notes and the accounts that made it and changed it last."""

    id: UUID
    title: str
    reference: str | None
    status: Status
    notes: str
    created_at: datetime
    created_by: UUID | None
    updated_at: datetime
    updated_by: UUID | None
    closed_at: datetime | None
