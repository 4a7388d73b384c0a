"""The state of the service as the operator sees it: queues, mails, health, doctor's findings, the operator's own trail."""

from datetime import datetime
from typing import Final, Literal, cast
from uuid import UUID

import msgspec

from belsimple.database.catalogue import Finding
from belsimple.database.operator_transaction import OperatorTransaction
from belsimple.database.queries import load_queries
from belsimple.language import marked as _

_q = load_queries("belsimple.operators", "service.sql")
LATE_SECONDS: Final = 300.0
"""A job that has been due for longer says that the worker does not keep up."""

MailState = Literal["waiting", "sent", "dead"]


class Queue(msgspec.Struct, frozen=True):
    """One queue: jobs that are due, planned for later, being done and given up. Seconds that the oldest one has been due."""

    queue: str
    due: int
    scheduled: int
    doing: int
    failed: int
    oldest_due_seconds: float | None


class FailedJob(msgspec.Struct, frozen=True):
    """A job that was given up. Its arguments are the tenant's, and are not shown."""

    id: int
    queue: str
    task: str
    tenant: str | None
    attempts: int
    made_at: datetime | None
    failed_at: datetime | None


class Mail(msgspec.Struct, frozen=True):
    """A mail without its content; of the recipient only what helps to find a fault. `error` is a code, nothing a relay said."""

    id: UUID
    tenant: str | None
    kind: str
    recipient: str
    language: str
    state: MailState
    attempts: int
    error: str | None
    created_at: datetime
    next_at: datetime | None
    finished_at: datetime | None


class _Figures(msgspec.Struct, frozen=True):
    postgresql: str
    migrations: int
    tenants: int
    suspended: int
    sessions: int
    workers: int
    oldest_due_job_seconds: float
    failed_jobs: int
    waiting_mails: int
    dead_mails: int


class _InStatus(msgspec.Struct, frozen=True):
    status: str
    tenants: int


class ServiceHealth(_Figures, frozen=True, kw_only=True):
    """Figures, tenants by status (without those of probes), and what in them needs somebody: no worker, jobs that wait too long, jobs or mails given up."""

    ok: bool
    troubles: list[str]
    tenants_by_status: dict[str, int]


class Diagnosis(msgspec.Struct, frozen=True):
    """Doctor's findings on the database; `ok` unless one is fatal. The machine's are `belsimple doctor`'s to find."""

    ok: bool
    findings: list[Finding]


class SystemEntry(msgspec.Struct, frozen=True):
    """One entry of the operator's trail: who (`operator:ID`, a command, the worker) did what when."""

    id: UUID
    at: datetime
    actor: str
    action: str
    detail: msgspec.Raw | None

    def __post_init__(self) -> None:
        text = cast("object", self.detail)
        if isinstance(text, str):  # JSON already, as the database wrote it
            msgspec.structs.force_setattr(self, "detail", msgspec.Raw(text.encode()))


async def queues(transaction: OperatorTransaction) -> list[Queue]:
    """Every queue that holds something."""
    return await transaction.rows(_q.queues, Queue)


async def failed_jobs(transaction: OperatorTransaction, *, before: int | None, limit: int) -> list[FailedJob]:
    """Jobs that were given up, newest first."""
    return await transaction.rows(_q.failed_jobs, FailedJob, before=before, limit=limit)


async def mails(
    transaction: OperatorTransaction, *, state: MailState | None, before: UUID | None, limit: int
) -> list[Mail]:
    """Mails, newest first."""
    return await transaction.rows(_q.mails, Mail, state=state, before=before, limit=limit)


async def retry_mail(transaction: OperatorTransaction, *, mail_id: UUID) -> None:
    """Try a dead mail again, from the beginning. Raises BS404, and BS409 for one that is not dead or whose link is over."""
    await transaction.value(_q.retry_mail, id=mail_id)


async def health(transaction: OperatorTransaction) -> ServiceHealth:
    """The figures of this moment, and what is wrong with them."""
    figures = await transaction.row(_q.health, _Figures)
    assert figures is not None  # counts always make a row
    by_status = await transaction.rows(_q.tenants_by_status, _InStatus)
    troubles = [
        sentence
        for wrong, sentence in (
            (figures.workers == 0, _("No worker has been heard of for 30 seconds.")),
            (figures.oldest_due_job_seconds > LATE_SECONDS, _("A job has been due for more than five minutes.")),
            (figures.failed_jobs > 0, _("Jobs were given up.")),
            (figures.dead_mails > 0, _("Mails were given up.")),
        )
        if wrong
    ]
    return ServiceHealth(
        **msgspec.structs.asdict(figures),
        ok=not troubles,
        troubles=troubles,
        tenants_by_status={one.status: one.tenants for one in by_status},
    )


async def diagnosis(transaction: OperatorTransaction) -> Diagnosis:
    """The catalogue check of `belsimple doctor`, now."""
    await transaction.value(_q.allow_doctor)
    findings = await transaction.findings()
    return Diagnosis(not any(finding.severity == "fatal" for finding in findings), findings)


async def trail(
    transaction: OperatorTransaction,
    *,
    since: datetime | None,
    until: datetime | None,
    actor: str | None,
    action: str | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[SystemEntry]:
    """The operator's trail, newest first."""
    at, entry = before or (None, None)
    return await transaction.rows(
        _q.trail,
        SystemEntry,
        since=since,
        until=until,
        actor=actor,
        action=action,
        before_at=at,
        before_id=entry,
        limit=limit,
    )
