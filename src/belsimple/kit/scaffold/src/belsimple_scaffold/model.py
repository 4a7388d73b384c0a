"""What the API and the pages take and give."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from belsimple.modules import Form, Input, Paging, Versioned

Title = Annotated[str, Meta(min_length=1, max_length=200)]


class NewEntry(Input, frozen=True, kw_only=True):
    """An entry to be written."""

    title: Title


class EntryForm(Form, frozen=True, kw_only=True):
    """The form of the pages; `version` is there when an entry is changed."""

    title: Title
    version: int = 0


class EntryPaging(Paging, frozen=True, kw_only=True):
    """Which page."""


class Place(Input, frozen=True, kw_only=True):
    """Where a page ends."""

    id: UUID


class Entry(Versioned, frozen=True):
    """An entry."""

    id: UUID
    title: str
    created_at: datetime
