"""Mail as the operator meets it: the running service, a relay or none, and `belsimple mail`."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec
import pytest

from tests.support.relay import Relay, running_relay, until
from tests.support.service import Service, new_service, public_folder


def mails(service: Service, *arguments: str) -> list[dict[str, str]]:
    listed = service.command("mail", "list", "--json", *arguments)
    assert listed.returncode == 0, listed.stderr
    return msgspec.json.decode(listed.stdout)["mails"]


def test_without_a_relay_mails_are_kept_encrypted_and_shown(service: Service) -> None:
    made = service.command("mail", "test", "canary-3c1a@example.be", "--language", "nl", "--json")
    assert made.returncode == 0, made.stderr
    message = msgspec.json.decode(made.stdout)["id"]
    folder = service.data / "mail"
    assert not any(b"canary-3c1a" in file.read_bytes() for file in folder.iterdir())
    shown = service.command("mail", "show", message)
    assert (shown.returncode, "To: canary-3c1a@example.be" in shown.stdout) == (0, True), shown.stderr
    assert f"Deze mail toont dat de dienst op {service.url} mails kan versturen." in " ".join(shown.stdout.split())
    parts = msgspec.json.decode(service.command("mail", "show", message, "--json").stdout)
    assert (parts["subject"], parts["html"][:15]) == ("Testmail van localhost", "<!doctype html>")
    (folder / f"{message}.eml").unlink()
    gone = service.command("mail", "show", message)
    assert (gone.returncode, gone.stdout) == (1, "")
    assert gone.stderr.startswith("belsimple: There is no file of a mail")


def test_the_people_of_the_demo_were_welcomed(service: Service) -> None:
    people = {account["email"] for tenant in service.demo["tenants"] for account in tenant["accounts"]}

    def welcomes() -> dict[str, str]:
        # Only theirs: other tests write mails here too, and those of a tenant that one of them suspended wait.
        listed = mails(service, "--limit", "5000")
        return {mail["recipient"]: mail["state"] for mail in listed if mail["kind"] == "welcome"}

    until(lambda: {welcomes().get(person) for person in people} == {"sent"})


@pytest.fixture(scope="module")
def relay() -> Iterator[Relay]:
    with public_folder() as folder, running_relay(folder / "relay", users={"belsimple": "p@ss:word"}) as running:
        yield running


@pytest.fixture(scope="module")
def connected(relay: Relay) -> Iterator[Service]:
    """A service whose mails go to the relay."""
    with new_service() as service:
        secret = service.folder / "smtp"
        secret.write_text(f"smtp://belsimple:p%40ss%3Aword@localhost:{relay.port}")
        secret.chmod(0o644)
        service.environment |= {
            "BELSIMPLE_SMTP_URL_FILE": str(secret),
            "BELSIMPLE_SMTP_CA": str(relay.authority),
            "BELSIMPLE_MAIL_FROM": "Example <no-reply@example.be>",
        }
        service.start()
        yield service


def test_an_invitation_reaches_its_reader_through_the_relay(connected: Service, relay: Relay) -> None:
    before = len(relay.received)
    made = connected.command("tenant", "create", "north", "--owner", "els@north.example", "--language", "fr", "--json")
    assert made.returncode == 0, made.stderr
    until(lambda: any(mail.recipients == ["els@north.example"] for mail in relay.received[before:]))
    [mail] = [mail for mail in relay.received[before:] if mail.recipients == ["els@north.example"]]
    assert mail.encrypted
    assert mail.message["From"] == "Example <no-reply@example.be>"
    assert mail.message["Subject"] == "Invitation à rejoindre north"
    [link] = set(re.findall(r"https://\S+token=[\w-]+", mail.text + mail.html))
    assert link.startswith(f"{connected.url}/invitation?token=")
    assert link != msgspec.json.decode(made.stdout)["link"]  # each works, and neither is kept
    assert set(re.findall(r"https?://[^\s\"<]+", mail.text)) <= {link, f"{connected.url}."}
    [view] = [mail for mail in mails(connected) if mail["tenant"] == "north"]
    assert (view["state"], view["recipient"], view["subject"]) == ("sent", "e...@north.example", None)
    token = urlsplit(link).query.removeprefix("token=")
    assert token not in connected.log + connected.output
    assert "els@north.example" not in connected.log


def test_a_mail_that_was_refused_is_found_and_tried_again(connected: Service, relay: Relay) -> None:
    relay.behaviour.rcpt = "550 no such mailbox"
    assert connected.command("tenant", "create", "south", "--owner", "jan@south.example").returncode == 0
    until(lambda: bool(mails(connected, "--state", "dead")))
    relay.behaviour.rcpt = None
    [dead] = mails(connected, "--state", "dead")
    assert (dead["tenant"], dead["error"]) == ("south", "550 SMTPRecipientRefused")
    table = connected.command("mail", "list", "--state", "dead").stdout
    assert dead["id"] in table
    assert "j...@south.example" in table
    assert '"mail-given-up"' in connected.log
    assert "jan@south" not in connected.log
    assert connected.command("mail", "retry", dead["id"]).returncode == 0
    until(lambda: any(mail.recipients == ["jan@south.example"] for mail in relay.received))
    again = connected.command("mail", "retry", dead["id"])
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)


def test_trying_the_relay_says_what_is_wrong(connected: Service, relay: Relay) -> None:
    before = len(relay.received)
    assert connected.command("mail", "test", "ops@example.be").stdout == (
        f"The relay localhost:{relay.port} took the mail to ops@example.be.\n"
    )
    assert len(relay.received) == before + 1
    kept = dict(connected.environment)
    try:
        del connected.environment["BELSIMPLE_SMTP_CA"]
        _fails(connected, "CERTIFICATE_VERIFY_FAILED")
        connected.environment["BELSIMPLE_SMTP_CA"] = str(relay.authority)
        del connected.environment["BELSIMPLE_SMTP_URL_FILE"]
        connected.environment["BELSIMPLE_SMTP_URL"] = f"smtp://belsimple:wrong@localhost:{relay.port}"
        assert "wrong" not in _fails(connected, "535")
        connected.environment["BELSIMPLE_SMTP_URL"] = f"smtps://localhost:{relay.port}"
        _fails(connected, "TLS")
        connected.environment["BELSIMPLE_SMTP_URL"] = "smtp://relay.example.be?tls=none"
        _fails(connected, "BELSIMPLE_SMTP_URL")
    finally:
        connected.environment.clear()
        connected.environment.update(kept)
    assert len(relay.received) == before + 1
    assert connected.command("mail", "test", "a@b, c@d").stderr.startswith(
        "belsimple: 'a@b, c@d' is not an e-mail address"
    )


def _fails(service: Service, word: str) -> str:
    failed = service.command("mail", "test", "ops@example.be")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith("belsimple: ")
    assert failed.stderr.count("\n") == 1
    assert word in failed.stderr
    assert "Traceback" not in failed.stderr
    return failed.stderr
