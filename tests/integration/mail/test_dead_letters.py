"""Mails that were given up: what the operator sees of them, and trying them again."""

from uuid import UUID, uuid4

import pytest

from belsimple.errors import OperatorError
from belsimple.mail.commands import MailView, list_mails, retry_mail
from tests.support.databases import ONE_PROFILE
from tests.support.outbox import Office


async def listed(office: Office, state: str | None = "dead") -> list[MailView]:
    return await list_mails(office.world.installed.admin_url, state=state, limit=50)


async def retry(office: Office, message: UUID) -> None:
    await retry_mail(office.world.installed.admin_url, message_id=message, actor="command:tester")


@ONE_PROFILE
async def test_a_dead_mail_is_listed_without_what_it_says_and_sent_when_it_is_tried_again(office: Office) -> None:
    office.relay.behaviour.rcpt = "550 nobody here"
    message = await office.post("email_changed", facts={"old_email": "old@example.be", "new_email": "new@example.be"})
    sent = await office.post("operator_changed", to="ops@example.be", operator=True, facts={"change": "role"})
    await office.work()
    office.relay.behaviour.rcpt = None
    await retry(office, sent)
    await office.work()
    [view] = await listed(office)
    assert (view.id, view.tenant, view.kind) == (message, office.world.slug, "email_changed")
    assert (view.recipient, view.error, view.attempts) == ("j...@example.be", "550 SMTPRecipientRefused", 1)
    assert [(one.tenant, one.state) for one in await listed(office, None)] == [
        (None, "sent"),
        (office.world.slug, "dead"),
    ]
    await retry(office, message)
    assert await listed(office) == []
    await office.work()
    assert [mail.recipients for mail in office.relay.received] == [["ops@example.be"], ["jan@example.be"]]
    assert "new@example.be" in office.relay.received[-1].text
    [*_, entry] = await office.world.observe(
        "select actor, detail from audit.system_entry where action = 'mail_retried' order by at"
    )
    assert entry["actor"] == "command:tester"
    assert str(message) in entry["detail"]


@ONE_PROFILE
async def test_a_mail_that_is_tried_again_has_a_whole_day_again(office: Office) -> None:
    office.relay.stop()
    message = await office.post()
    await office.work()
    await office.world.as_owner("update mail.message set first_at = now() - interval '25 hours', attempts = 30")
    await office.work(hurry=True)
    assert (await office.state(message))[0] == "dead"
    await retry(office, message)
    await office.work()
    assert await office.state(message) == ("waiting", 1, "ConnectionRefusedError")


@ONE_PROFILE
async def test_only_what_is_dead_is_tried_again(office: Office) -> None:
    message = await office.post()
    with pytest.raises(OperatorError, match="given up"):
        await retry(office, message)
    await office.work()
    with pytest.raises(OperatorError, match="given up"):
        await retry(office, message)
    with pytest.raises(OperatorError, match="no such mail"):
        await retry(office, uuid4())
    assert len(office.relay.received) == 1
