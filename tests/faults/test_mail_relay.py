"""The mail relay is down, and then slow: mails wait and arrive, everything else goes on."""

import asyncio
import os
import signal
import time

import pytest

from tests.support.faults import Figures, account_for, until, witnessed, write_down
from tests.support.relay import Relay, running_relay
from tests.support.service import Service

pytestmark = pytest.mark.slow


def point_at(service: Service, relay: Relay) -> None:
    service.environment |= {
        "BELSIMPLE_SMTP_URL": f"smtp://localhost:{relay.port}",
        "BELSIMPLE_SMTP_CA": str(relay.authority),
    }


async def invite(service: Service, number: int) -> str:
    """An invitation, which posts a mail; the address it goes to."""
    email = f"invited-{number}@example.org"
    async with service.signed_in("owner") as owner:
        async with owner.post("/api/v1/invitations", json={"email": email, "roles": ["member"]}) as answer:
            assert answer.status == 201, await answer.text()
    return email


def recipients(relay: Relay) -> list[str]:
    return [address for mail in relay.received for address in mail.recipients]


async def test_a_relay_that_is_down(own_service: Service) -> None:
    with running_relay(own_service.folder / "relay") as relay:
        point_at(own_service, relay)
        own_service.start()
        async with witnessed(own_service, "mail relay down") as witness:
            relay.stop()
            expected = {await invite(own_service, number) for number in range(3)}
            await asyncio.sleep(3)
            relay.start()
            back = time.monotonic()
            await until(lambda: expected <= set(recipients(relay)), 60)
            assert time.monotonic() - back < 60
            figures = await account_for(own_service, witness)
        own_service.kill()
    assert figures.seen == {}, "others were disturbed"


async def test_a_relay_that_is_slow(own_service: Service) -> None:
    with running_relay(own_service.folder / "relay") as relay:
        point_at(own_service, relay)
        relay.behaviour.slow = 5
        own_service.start()
        async with witnessed(own_service, "mail relay slow") as witness:
            expected = {await invite(own_service, number) for number in range(4)}
            await until(lambda: expected <= set(recipients(relay)), 60)
            figures = await account_for(own_service, witness)
        own_service.kill()
    assert sorted(set(recipients(relay)) & expected) == sorted(one for one in recipients(relay) if one in expected)
    assert figures.seen == {}, "others were disturbed"


async def test_a_worker_that_is_killed_in_the_middle_of_a_mail(own_service: Service) -> None:
    with running_relay(own_service.folder / "relay") as relay:
        point_at(own_service, relay)
        own_service.start()
        relay.behaviour.slow = 30  # it has the mail, and does not say so
        email = await invite(own_service, 1)
        await until(lambda: email in recipients(relay), 30)
        relay.behaviour.slow = 0
        os.kill(own_service.pids_of("worker")[0], signal.SIGKILL)
        killed = time.monotonic()
        await until(lambda: recipients(relay).count(email) >= 2, 200)
        away = time.monotonic() - killed
        await asyncio.sleep(5)
        assert recipients(relay).count(email) == 2, "the mail went on being sent"
        async with own_service.signed_in("owner") as owner, owner.get("/api/v1/audit?action=mail_sent") as answer:
            entries = (await answer.json())["items"]
        own_service.kill()
    write_down(Figures("worker killed in a mail", {}, round(away, 1), 0.0, 1, 0, 0 if entries else 1))
    assert entries, "the trail does not tell of the mail"
