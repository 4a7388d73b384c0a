"""Workers that are killed while they send, and relays that are slow."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from uuid import uuid4

from belsimple.database.transaction import Database
from belsimple.jobs.worker import run_worker
from belsimple.mail.outbox import Outbox
from belsimple.mail.smtp import SmtpRelay
from tests.support.databases import ONE_PROFILE
from tests.support.jobs import MODULE, enqueue, titles
from tests.support.outbox import URL, Office, token_of

WORKER = """
import asyncio, pathlib, sys
from belsimple.database.transaction import Database
from belsimple.jobs.worker import run_worker
from belsimple.mail.outbox import Outbox
from belsimple.mail.relay import SmtpServer
from belsimple.mail.smtp import SmtpRelay
async def main():
    url, port, authority = sys.argv[1:]
    transport = SmtpRelay(SmtpServer("localhost", int(port), None, None, "starttls"), pathlib.Path(authority))
    outbox = Outbox(transport, url="https://dossiers.example.be", sender="no-reply@example.be", tidy=lambda _: 0)
    database = await Database.open(url, part="worker", size=3)
    await run_worker(url, database, [], outbox.jobs())
asyncio.run(main())
"""


def started(office: Office) -> "subprocess.Popen[bytes]":
    url = office.world.installed.url("worker")
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, url, str(office.relay.port), office.relay.authority],
        env={**os.environ, "PYTHONWARNINGS": ""},
    )


async def received(office: Office, count: int) -> None:
    async with asyncio.timeout(40):
        while len(office.relay.received) < count:
            await asyncio.sleep(0.02)


@ONE_PROFILE
async def test_a_worker_killed_in_the_middle_sends_once_more_and_both_links_work(office: Office) -> None:
    subject = uuid4()
    message = await office.post("password_reset", link="password_reset", subject=subject)
    office.relay.behaviour.slow = 30  # it has the mail, and does not say so
    process = started(office)
    try:
        await received(office, 1)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert await office.state(message) == ("waiting", 0, None)
    office.relay.behaviour.slow = 0
    await office.work(hurry=True)
    assert len(office.relay.received) == 1  # its worker may still live
    await office.world.observe("update jobs.procrastinate_workers set last_heartbeat = now() - interval '1 minute'")
    await office.world.as_owner("update mail.message set opened_at = now() - interval '61 seconds'")
    await office.app.tasks["belsimple.retry_stalled"](timestamp=0)
    await office.work(hurry=True)
    assert await office.state(message) == ("sent", 0, None)
    first, second = office.relay.received
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert token_of(first) != token_of(second)
    for mail in (first, second):
        assert await office.subject_of(mail) == subject
    await office.work(hurry=True)
    assert len(office.relay.received) == 2


@ONE_PROFILE
async def test_a_worker_that_is_told_to_stop_ends_soon_and_the_mail_is_sent_later(office: Office) -> None:
    message = await office.post()
    office.relay.behaviour.slow = 30
    process = started(office)
    await received(office, 1)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    assert time.monotonic() - began < 9
    assert process.returncode in (0, 1, -signal.SIGTERM)
    office.relay.behaviour.slow = 0
    await office.world.as_owner("update mail.message set opened_at = now() - interval '61 seconds'")
    await office.work(hurry=True)
    assert await office.state(message) == ("sent", 0, None)


@ONE_PROFILE
async def test_a_slow_relay_holds_up_no_tenants_job(office: Office) -> None:
    world = office.world
    office.relay.behaviour.slow = 8
    for number in range(8):
        await office.post(to=f"m{number}@example.be")
    for _ in range(3):
        await enqueue(world)
    url = world.installed.url("worker")
    database = await Database.open(url, part="worker", size=7)
    outbox = Outbox(
        SmtpRelay(office.relay.server(), office.relay.authority), url=URL, sender="a@example.be", tidy=lambda _: 0
    )
    worker = asyncio.create_task(run_worker(url, database, [MODULE], outbox.jobs()))
    try:
        async with asyncio.timeout(7.5):
            while len(await titles(world)) < 3 or not office.relay.received:
                await asyncio.sleep(0.05)
        assert len(office.relay.received) <= 2  # two at a time
        rows = await world.observe("select count(*) from mail.message where state = 'sent'")
        assert rows[0][0] == 0
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        await database.close()


@ONE_PROFILE
async def test_a_mail_whose_end_was_not_written_is_sent_again(office: Office) -> None:
    # The relay took it, the database went away: at least once, never none.
    message = await office.post()
    await office.world.as_owner("alter table mail.message add constraint never check (state <> 'sent') not valid")
    await office.work()
    assert len(office.relay.received) == 1
    assert (await office.state(message))[0] == "waiting"
    await office.world.as_owner("alter table mail.message drop constraint never")
    await office.world.as_owner("update mail.message set opened_at = now() - interval '61 seconds'")
    await office.work(hurry=True)
    assert len(office.relay.received) == 2
    assert (await office.state(message))[0] == "sent"
