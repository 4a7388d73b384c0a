"""What an injection in a part could do to mails: read none, write none, and make no link."""

from uuid import uuid4

import pytest

from belsimple.database.catalogue import examine
from tests.support.databases import EVERY_PROFILE, ONE_PROFILE
from tests.support.outbox import Office
from tests.support.people import digest
from tests.support.world import refused

STATEMENTS = (
    "select * from mail.message",
    "select * from mail.link",
    "insert into mail.link (token_hash, purpose, subject_id) values (sha256('x'), 'operator_reset', gen_random_uuid())",
    "update mail.message set recipient = 'thief@example.be'",
    "delete from mail.message",
    "truncate mail.message",
    "select mail.post('password_reset', null, null, 'thief@example.be', 'en', '{}', 'password_reset', gen_random_uuid())",
    "select mail.add_link('password_reset', null, gen_random_uuid(), sha256('x'))",
    "select mail.finish(gen_random_uuid(), 'sent', null)",
    "select mail.messages(null, null, 10)",
    "select mail.retry(gen_random_uuid(), 'me')",
    "select mail.signature()",
    "select jobs.defer('belsimple.mail', 'mail', '{}')",
)
WORKERS = (
    "select * from mail.open(gen_random_uuid(), sha256('x'))",
    "select mail.sent(gen_random_uuid())",
    "select mail.failed(gen_random_uuid(), 'x', true)",
    "select mail.tidy()",
)


@EVERY_PROFILE
async def test_no_part_reads_or_writes_the_outbox(office: Office) -> None:
    await office.post("password_reset", link="password_reset", subject=uuid4())
    for role in ("app", "gate", "operator", "worker", "backup"):
        async with office.world.installed.role(role) as connection:
            for statement in (*STATEMENTS, *(WORKERS if role != "worker" else ())):
                with refused("42501"):
                    await connection.execute(statement)


@EVERY_PROFILE
async def test_doctor_finds_nothing_amiss_and_sees_a_grant(office: Office) -> None:
    installed = office.world.installed
    assert [
        one
        for one in await examine(installed.url("worker"))
        if one.severity == "fatal" and one.check != "server_settings"
    ] == []
    await office.world.as_owner(
        f'grant execute on function mail.add_link(text, uuid, uuid, bytea) to "{installed.prefix}_worker"'
    )
    await office.world.as_owner(f'grant select on mail.message to "{installed.prefix}_worker"')
    await office.world.as_owner(
        f'create policy peep on mail.message for select to "{installed.prefix}_worker" using (true)'
    )
    found = {one.check for one in await examine(installed.url("worker")) if one.severity == "fatal"}
    assert {"owner_only_functions", "table_grants", "owner_policies"} <= found


@ONE_PROFILE
async def test_the_worker_opens_what_waits_and_nothing_else(office: Office) -> None:
    message = await office.post("password_reset", link="password_reset", subject=uuid4())
    await office.work()
    async with office.world.installed.role("worker") as connection:
        assert await connection.fetch("select * from mail.open($1, $2)", message, digest(b"mine")) == []
        await connection.execute("select mail.failed($1, 'x', true)", message)
        await connection.execute("select mail.sent($1)", message)
    assert await office.state(message) == ("sent", 0, None)
    assert len(await office.world.trail(action="mail_sent")) == 1
    assert await office.world.trail(action="mail_given_up") == []
    assert await office.world.observe("select from mail.link where token_hash = $1", digest(b"mine")) == []


@ONE_PROFILE
async def test_a_mail_in_hand_is_nobody_elses(office: Office) -> None:
    message = await office.post()
    async with office.world.installed.role("worker") as connection:
        await connection.fetch("select * from mail.open($1, $2)", message, digest(b"a"))
        with refused("BS409"):
            await connection.fetch("select * from mail.open($1, $2)", message, digest(b"b"))


@ONE_PROFILE
@pytest.mark.parametrize("error", ["550 <jan@example.be>", "x" * 101, "a\nb", "Zoë"])
async def test_an_error_that_would_tell_something_is_not_kept(office: Office, error: str) -> None:
    message = await office.post()
    async with office.world.installed.role("worker") as connection:
        with refused("23514"):
            await connection.execute("select mail.failed($1, $2, false)", message, error)


@ONE_PROFILE
async def test_the_end_of_a_mail_takes_no_stamp_from_a_job(office: Office) -> None:
    # A stamp that mail.sent left or took away would let a job act in another tenant, or in none.
    message = await office.post()
    async with office.world.installed.role("worker") as connection, connection.transaction():
        await connection.fetch("select * from mail.open($1, $2)", message, digest(b"a"))
        await connection.execute("select mail.sent($1)", message)
        assert await connection.fetchval("select current_setting('context.stamp', true)") == ""
        assert await connection.fetchval("select context.tenant()") is None
    other = await office.post()
    async with office.world.installed.role("worker") as connection, connection.transaction():
        await connection.execute("set local context.stamp = 'something'")
        with refused("25001"):
            await connection.execute("select mail.sent($1)", other)
