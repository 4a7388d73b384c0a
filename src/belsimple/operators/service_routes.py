"""The state of the service over the operator's API."""

from typing import Annotated
from uuid import UUID

import msgspec

from belsimple.audit.trail import Moment, Place, Word
from belsimple.database.operator_transaction import OperatorTransaction
from belsimple.operators import service
from belsimple.operators.service import Diagnosis, FailedJob, Mail, MailState, Queue, ServiceHealth, SystemEntry
from belsimple.web.answers import Page
from belsimple.web.cursor import cut_page, page_of_all, read_cursor
from belsimple.web.endpoint import endpoint
from belsimple.web.inputs import Input, Paging

Actor = Annotated[str, msgspec.Meta(max_length=120)]


class BeforeJob(Input, frozen=True):
    """A cursor into the list of jobs."""

    id: Annotated[int, msgspec.Meta(ge=0)]


class MailQuery(Paging, frozen=True):
    """Only mails in this state."""

    state: MailState | None = None


class BeforeMail(Input, frozen=True):
    """A cursor into the list of mails."""

    id: UUID


class TrailQuery(Paging, frozen=True):
    """Filters: from `since` (included) until `until` (excluded), by actor and action."""

    since: Moment | None = None
    until: Moment | None = None
    actor: Actor | None = None
    action: Word | None = None


@endpoint("GET", "/operator/api/v1/queues", permission="queues:read", part="operator", summary="List the queues")
async def list_queues(transaction: OperatorTransaction, query: Paging) -> Page[Queue]:
    return page_of_all(await service.queues(transaction), query)


@endpoint("GET", "/operator/api/v1/jobs", permission="queues:read", part="operator", summary="Jobs that were given up")
async def list_failed_jobs(transaction: OperatorTransaction, query: Paging) -> Page[FailedJob]:
    cursor = read_cursor(query.cursor, BeforeJob)
    found = await service.failed_jobs(transaction, before=cursor and cursor.id, limit=query.limit + 1)
    return cut_page(found, query.limit, lambda last: BeforeJob(id=last.id))


@endpoint(
    "GET",
    "/operator/api/v1/mails",
    permission="mails:read",
    part="operator",
    summary="Mails, without what they say, newest first",
)
async def list_mails(transaction: OperatorTransaction, query: MailQuery) -> Page[Mail]:
    cursor = read_cursor(query.cursor, BeforeMail)
    found = await service.mails(transaction, state=query.state, before=cursor and cursor.id, limit=query.limit + 1)
    return cut_page(found, query.limit, lambda last: BeforeMail(id=last.id))


@endpoint(
    "POST",
    "/operator/api/v1/mails/{id}/attempts",
    permission="mails:write",
    part="operator",
    summary="Try a mail again that was given up",
)
async def retry_mail(transaction: OperatorTransaction, id: UUID) -> None:
    await service.retry_mail(transaction, mail_id=id)


@endpoint("GET", "/operator/api/v1/health", permission="health:read", part="operator", summary="The service's figures")
async def health(transaction: OperatorTransaction) -> ServiceHealth:
    return await service.health(transaction)


@endpoint(
    "GET", "/operator/api/v1/doctor", permission="doctor:read", part="operator", summary="The catalogue check, now"
)
async def doctor(transaction: OperatorTransaction) -> Diagnosis:
    return await service.diagnosis(transaction)


@endpoint("GET", "/operator/api/v1/audit", permission="trail:read", part="operator", summary="The operator's own trail")
async def list_trail(transaction: OperatorTransaction, query: TrailQuery) -> Page[SystemEntry]:
    place = read_cursor(query.cursor, Place)
    found = await service.trail(
        transaction,
        since=query.since,
        until=query.until,
        actor=query.actor,
        action=query.action,
        before=place and (place.at, place.id),
        limit=query.limit + 1,
    )
    return cut_page(found, query.limit, lambda last: Place(at=last.at, id=last.id))


ENDPOINTS = (list_queues, list_failed_jobs, list_mails, retry_mail, health, doctor, list_trail)
