"""Queues, mails and the operator's own trail on pages."""

import json
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

import msgspec

from belsimple.audit.routes import Place, Word
from belsimple.database.operator_transaction import OperatorTransaction
from belsimple.language import marked as _
from belsimple.language.formats import ZONE, zone_of
from belsimple.operators import service, staff
from belsimple.operators.service import MailState, SystemEntry
from belsimple.operators.service_routes import Actor, BeforeJob, BeforeMail, MailQuery
from belsimple.web.answers import Redirect, View, view
from belsimple.web.cursor import cut_page, read_cursor
from belsimple.web.endpoint import page
from belsimple.web.inputs import Form, Paging

_MOST_OPERATORS: Final = 200
_STATES: Final[tuple[MailState, ...]] = ("waiting", "sent", "dead")


class TrailFilter(Paging, frozen=True):
    """From the day `since` until the day `until`, both included, by actor and action."""

    since: date | None = None
    until: date | None = None
    actor: Actor | None = None
    action: Word | None = None


class Shown(msgspec.Struct, frozen=True):
    """An entry of the trail as a page shows it."""

    id: UUID
    at: datetime
    actor: str
    who: str
    action: str
    detail: str


class RetryForm(Form, frozen=True):
    """Which mails were looked at, to come back to them."""

    state: MailState | None = None


@page("GET", "/operator/jobs", permission="queues:read", part="operator", summary="Queues, and jobs that were given up")
async def jobs(transaction: OperatorTransaction, query: Paging) -> View:
    cursor = read_cursor(query.cursor, BeforeJob)
    found = await service.failed_jobs(transaction, before=cursor and cursor.id, limit=query.limit + 1)
    shown = cut_page(found, query.limit, lambda last: BeforeJob(id=last.id))
    queues = await service.queues(transaction)
    return view(
        "operator_jobs.html",
        queues=queues,
        jobs=shown.items,
        next=shown.next,
        later=cursor is not None,
        late=service.LATE_SECONDS,
    )


@page("GET", "/operator/mails", permission="mails:read", part="operator", summary="Mails, without what they say")
async def mails(transaction: OperatorTransaction, query: MailQuery) -> View:
    cursor = read_cursor(query.cursor, BeforeMail)
    found = await service.mails(transaction, state=query.state, before=cursor and cursor.id, limit=query.limit + 1)
    shown = cut_page(found, query.limit, lambda last: BeforeMail(id=last.id))
    return view(
        "operator_mails.html",
        mails=shown.items,
        next=shown.next,
        later=cursor is not None,
        state=query.state,
        states=_STATES,
    )


@page(
    "POST",
    "/operator/mails/{id}/attempts",
    permission="mails:write",
    part="operator",
    form="/operator/mails",
    done=_("The mail is tried again."),
    summary="Try a mail again on the mails' page",
)
async def retry_mail(transaction: OperatorTransaction, id: UUID, body: RetryForm) -> Redirect:
    await service.retry_mail(transaction, mail_id=id)
    return Redirect(f"/operator/mails?state={body.state}" if body.state else "/operator/mails")


@page("GET", "/operator/trail", permission="trail:read", part="operator", summary="The operator's own trail")
async def trail(transaction: OperatorTransaction, query: TrailFilter) -> View:
    place = read_cursor(query.cursor, Place)
    found = await service.trail(
        transaction,
        since=query.since and _begin(query.since),
        until=query.until and _begin(query.until + timedelta(days=1)),
        actor=query.actor,
        action=query.action,
        before=place and (place.at, place.id),
        limit=query.limit + 1,
    )
    shown = cut_page(found, query.limit, lambda last: Place(at=last.at, id=last.id))
    names = await _names(transaction)
    return view(
        "operator_trail.html",
        entries=[_shown(entry, names) for entry in shown.items],
        next=shown.next,
        later=place is not None,
        filter=query,
        actors=names | ({query.actor: query.actor} if query.actor and query.actor not in names else {}),
    )


def _begin(day: date) -> datetime:
    # The zone that the operator's pages tell times in.
    return datetime.combine(day, time.min, zone_of(ZONE))


async def _names(transaction: OperatorTransaction) -> dict[str, str]:
    """Actors that are operators, by name."""
    if "operators:read" not in transaction.principal.permissions:
        return {}
    known = await staff.operators(transaction, after=None, limit=_MOST_OPERATORS)
    return {f"operator:{one.id}": one.name for one in known}


def _shown(entry: SystemEntry, names: dict[str, str]) -> Shown:
    detail = "" if entry.detail is None else json.dumps(msgspec.json.decode(entry.detail), indent=2, ensure_ascii=False)
    who = names.get(entry.actor, entry.actor)
    return Shown(entry.id, entry.at, entry.actor, who, entry.action, detail)


ENDPOINTS = (jobs, mails, retry_mail, trail)
