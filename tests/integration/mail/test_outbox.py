"""From the change that a mail tells of to the relay: once, with its trail, and no secret left behind."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from belsimple.mail import outbox
from tests.support.databases import EVERY_PROFILE, ONE_PROFILE
from tests.support.outbox import URL, Office, link_of, token_of
from tests.support.people import digest
from tests.support.world import refused


@EVERY_PROFILE
async def test_a_mail_is_sent_with_a_link_whose_token_is_nowhere_else(office: Office) -> None:
    subject = uuid4()
    message = await office.post("password_reset", language="nl", link="password_reset", subject=subject)
    await office.work()
    [mail] = office.relay.received
    assert mail.recipients == ["jan@example.be"]
    assert mail.message["Message-ID"] == f"<{message}@example.be>"
    assert mail.message["Subject"] == "Kies een nieuw wachtwoord"
    assert "Dag Somebody," in mail.text
    assert link_of(mail).startswith(f"{URL}/reset?token=")
    assert await office.subject_of(mail) == subject
    assert await office.state(message) == ("sent", 0, None)
    assert await office.jobs() == []
    token = token_of(mail)
    tables = await office.world.observe(
        "select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and n.nspname !~ '^(pg_|information)'"
    )
    for [table] in tables:
        rows = await office.world.observe(f"select t::text from {table} t")
        assert not any(token.hex() in row[0] or link_of(mail)[-43:] in row[0] for row in rows), table


@ONE_PROFILE
async def test_a_mail_exists_only_if_its_change_does(office: Office) -> None:
    async with office.world.installed.owner() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("select mail.post('welcome', null, null, 'jan@example.be', 'en')")
        await transaction.rollback()
    await office.work()
    assert office.relay.received == []
    assert await office.jobs() == []


@ONE_PROFILE
async def test_what_a_mail_said_is_forgotten_once_it_is_sent_and_the_trail_keeps_its_kind(office: Office) -> None:
    message = await office.post("email_changed", facts={"old_email": "old@example.be", "new_email": "new@example.be"})
    operators = await office.post("operator_changed", operator=True, facts={"change": "role"})
    await office.work()
    assert [row[0] for row in await office.world.observe("select facts::text from mail.message")] == ["{}", "{}"]
    [entry] = await office.world.trail(action="mail_sent")
    assert (entry["object_id"], entry["detail"], entry["source"]) == (message, '{"kind": "email_changed"}', "mail")
    assert (entry["account_id"], entry["session_id"]) == (None, None)
    [system] = await office.world.observe("select detail::text from audit.system_entry where action = 'mail_sent'")
    assert str(operators) in system[0]
    assert "example" not in system[0]


async def test_a_relay_that_is_down_gets_the_mail_when_it_is_up(office: Office) -> None:
    office.relay.stop()
    message = await office.post()
    await office.work()
    assert await office.state(message) == ("waiting", 1, "ConnectionRefusedError")
    for attempts, wait in ((2, 30), (3, 60), (4, 120)):
        await office.work(hurry=True)
        assert (await office.state(message))[1] == attempts
        [job] = await office.jobs()
        assert wait - 5 < job["wait"] <= wait
    office.relay.start()
    await office.work(hurry=True)
    assert len(office.relay.received) == 1
    assert await office.state(message) == ("sent", 4, None)
    assert await office.jobs() == []


@ONE_PROFILE
async def test_waiting_grows_to_an_hour_and_ends_after_a_day(office: Office) -> None:
    office.relay.stop()
    message = await office.post()
    for _ in range(3):
        await office.work(hurry=True)
    await office.world.as_owner("update mail.message set attempts = 30")
    await office.work(hurry=True)
    [job] = await office.jobs()
    assert 3590 < job["wait"] <= 3600
    await office.world.as_owner("update mail.message set first_at = now() - interval '23 hours 30 minutes'")
    await office.work(hurry=True)
    assert await office.state(message) == ("dead", 32, "ConnectionRefusedError")
    assert await office.jobs() == []
    assert [entry["object_id"] for entry in await office.world.trail(action="mail_given_up")] == [message]


@ONE_PROFILE
async def test_a_resets_mail_is_given_up_with_its_link(office: Office) -> None:
    office.relay.stop()
    message = await office.post("password_reset", link="password_reset", subject=uuid4())
    await office.work()
    await office.world.as_owner("update mail.message set first_at = now() - interval '61 minutes'")
    await office.work(hurry=True)
    assert (await office.state(message))[0] == "dead"


@ONE_PROFILE
@pytest.mark.parametrize(
    ("answer", "state"), [("550 nobody here", "dead"), ("450 later", "waiting"), ("451 later", "waiting")]
)
async def test_a_recipient_that_is_refused_for_good_is_not_tried_again(office: Office, answer: str, state: str) -> None:
    office.relay.behaviour.rcpt = answer
    message = await office.post()
    await office.work()
    assert await office.state(message) == (state, 1, f"{answer[:3]} SMTPRecipientRefused")
    assert len(await office.jobs()) == (1 if state == "waiting" else 0)


@ONE_PROFILE
@pytest.mark.parametrize(
    ("kind", "to", "error"),
    [("no_such_letter", "jan@example.be", "no letter"), ("welcome", "jan@b, c@d", "no address")],
)
async def test_what_cannot_be_written_is_given_up_at_once(office: Office, kind: str, to: str, error: str) -> None:
    message = await office.post(kind, to=to)
    await office.work()
    assert await office.state(message) == ("dead", 1, error)
    assert office.relay.received == []


@ONE_PROFILE
async def test_a_fault_of_ours_is_an_attempt_that_failed(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    message = await office.post()

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("with jan@example.be in it")

    monkeypatch.setattr(outbox, "enclose", broken)
    await office.work()
    assert await office.state(message) == ("waiting", 1, "RuntimeError")
    assert len(await office.jobs()) == 1


async def test_a_suspended_tenants_mail_waits_and_costs_no_attempt(office: Office) -> None:
    message = await office.post()
    await office.world.suspend()
    await office.work()
    await office.work(hurry=True)
    assert await office.state(message) == ("waiting", 0, None)
    assert office.relay.received == []
    await office.world.resume()
    await office.work(hurry=True)
    assert (await office.state(message))[0] == "sent"


@ONE_PROFILE
async def test_two_jobs_send_one_mail_once(office: Office) -> None:
    message = await office.post()
    for _ in range(3):
        await office.world.as_owner(
            "select jobs.defer('belsimple.mail', 'mail', jsonb_build_object('id', $1::uuid))", message
        )
    office.relay.behaviour.slow = 0.5
    async with asyncio.timeout(60):
        await office.app.run_worker_async(
            wait=False,
            listen_notify=False,
            install_signal_handlers=False,
            queues=["mail"],
            concurrency=4,
            delete_jobs="successful",
        )
    assert len(office.relay.received) == 1
    await office.work(hurry=True)
    assert len(office.relay.received) == 1
    assert await office.jobs() == []


@ONE_PROFILE
async def test_a_clock_that_steps_back_holds_no_mail(office: Office) -> None:
    message = await office.post()
    await office.world.as_owner("update mail.message set opened_at = now() + interval '1 hour'")
    await office.work()
    assert (await office.state(message))[0] == "sent"


async def test_a_mail_that_lost_its_job_gets_another(office: Office) -> None:
    lost, unknown = await office.post(), await office.post(to="els@example.be")
    await office.world.observe("delete from jobs.procrastinate_jobs where args ->> 'id' = $1", str(lost))
    await office.tidy()
    assert len(await office.jobs()) == 1  # not yet: it may be in somebody's hand
    # An older release's worker, at an upgrade: it takes the job and does not know it.
    await office.world.observe("update jobs.procrastinate_jobs set status = 'failed' where queue_name = 'mail'")
    await office.world.as_owner("update mail.message set next_at = now() - interval '6 minutes'")
    await office.tidy()
    await office.tidy()
    assert {job["status"] for job in await office.jobs()} == {"todo"}
    assert len(await office.jobs()) == 2
    await office.work()
    assert {(await office.state(message))[0] for message in (lost, unknown)} == {"sent"}


@ONE_PROFILE
async def test_what_is_over_goes_after_thirty_days(office: Office) -> None:
    message, waiting = await office.post("invitation", link="invitation", subject=uuid4()), None
    await office.work()
    waiting = await office.post()
    await office.world.as_owner(
        "update mail.message set finished_at = now() - interval '31 days' where id = $1", message
    )
    await office.world.as_owner(
        "update mail.message set created_at = now() - interval '31 days' where id = $1", waiting
    )
    await office.world.as_owner("update mail.link set created_at = now() - interval '31 days'")
    await office.tidy()
    assert [row["id"] for row in await office.world.observe("select id from mail.message")] == [waiting]
    assert await office.world.observe("select from mail.link") == []


@ONE_PROFILE
async def test_a_link_that_is_a_week_old_is_not_sent_any_more(office: Office) -> None:
    message = await office.post("invitation", link="invitation", subject=uuid4())
    await office.world.as_owner("update mail.message set created_at = now() - interval '8 days'")
    await office.work()
    assert await office.state(message) == ("dead", 0, "too old")
    assert office.relay.received == []
    with refused("BS409"):
        await office.world.as_owner("select mail.retry($1, 'command:test')", message)


@ONE_PROFILE
async def test_nobody_is_at_an_invalid_address(office: Office) -> None:
    assert await office.post(to="owner@probe.invalid") is None
    assert await office.jobs() == []


@ONE_PROFILE
async def test_a_link_goes_with_its_tenant(office: Office) -> None:
    await office.post("invitation", link="invitation", subject=uuid4())
    await office.world.as_owner(
        "select mail.add_link('invitation', $1, $2, $3)", await office.world.tenant_id(), uuid4(), digest(b"x")
    )
    async with office.world.installed.owner() as connection:
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await connection.execute("select mail.add_link('invitation', $1, $2, $3)", uuid4(), uuid4(), digest(b"y"))
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute("select mail.add_link('anything', null, $1, $2)", uuid4(), digest(b"y"))
