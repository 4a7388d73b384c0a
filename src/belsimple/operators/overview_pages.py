"""The operator's first page, and the service's health."""

from datetime import UTC, datetime, timedelta
from typing import Final

from belsimple.database.operator_transaction import OperatorTransaction
from belsimple.operators import service
from belsimple.operators.machine import Machine, MachineFacts
from belsimple.operators.service import Diagnosis
from belsimple.web.answers import View, view
from belsimple.web.endpoint import SIGNED_IN, page

_EXPIRES_SOON: Final = timedelta(days=14)
_DISK_LOW: Final = 0.1


@page("GET", "/operator/overview", permission=SIGNED_IN, part="operator", summary="The service at a glance")
async def overview(transaction: OperatorTransaction, machine: Machine) -> View:
    may_see = "health:read" in transaction.principal.permissions
    health = await service.health(transaction) if may_see else None
    facts = machine()
    return view(
        "operator_overview.html",
        health=health,
        diagnosis=await _diagnosis(transaction),
        machine=facts,
        warnings=_warnings(facts),
        late=service.LATE_SECONDS,
    )


@page("GET", "/operator/health", permission="health:read", part="operator", summary="The service's health")
async def health(transaction: OperatorTransaction, machine: Machine) -> View:
    facts = machine()
    return view(
        "operator_health.html",
        health=await service.health(transaction),
        diagnosis=await _diagnosis(transaction),
        machine=facts,
        warnings=_warnings(facts),
        late=service.LATE_SECONDS,
    )


async def _diagnosis(transaction: OperatorTransaction) -> Diagnosis | None:
    """Doctor's findings, for those who may ask for them."""
    return await service.diagnosis(transaction) if "doctor:read" in transaction.principal.permissions else None


def _warnings(facts: MachineFacts) -> set[str]:
    """What of the machine wants somebody soon: "certificate", "disk"."""
    found: set[str] = set()
    expiry = facts.certificate_expires_at
    if expiry is not None and expiry - datetime.now(UTC) < _EXPIRES_SOON:
        found.add("certificate")
    if facts.disk_free is not None and facts.disk_size and facts.disk_free < facts.disk_size * _DISK_LOW:
        found.add("disk")
    return found


ENDPOINTS = (overview, health)
