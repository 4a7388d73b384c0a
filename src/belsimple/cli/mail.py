"""`belsimple mail`."""

import asyncio
import sys
from email.message import EmailMessage
from typing import Annotated, Final, Literal
from uuid import UUID, uuid4

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Column, Table

from belsimple.cli.output import AsJson, command_settings, print_json
from belsimple.errors import OperatorError
from belsimple.language import Language
from belsimple.mail.commands import MailView, list_mails, retry_mail
from belsimple.mail.folder import KeptMail
from belsimple.mail.message import AddressFault, enclose
from belsimple.mail.smtp import NotSent
from belsimple.mail.writing import Order, write
from belsimple.server.access import admin_database
from belsimple.server.mailing import folder_of_mails, transport
from belsimple.server.settings import Settings
from belsimple.tenancy.actions import operating_user

_FILE_WIDTH: Final = 200  # a file or a pipe has no width, and nothing in it should be cut
app = App(name="mail", help="Mails: those that wait, went out or were given up; trying the relay.")

State = Annotated[
    Literal["waiting", "sent", "dead"] | None,
    Parameter(help="Only mails that wait, that were sent, or that were given up (dead)."),
]
MailId = Annotated[UUID, Parameter(help="The mail's id, as `belsimple mail list` shows it.")]


@app.command(name="list")
def list_all(
    *,
    state: State = None,
    limit: Annotated[int, Parameter(help="How many, at most.")] = 50,
    json: AsJson = False,
) -> None:
    """List mails, newest first. What they say, and to whom in full, is shown only of those kept in the data folder."""
    settings = command_settings()
    with admin_database(settings) as url:
        mails = asyncio.run(list_mails(url, state=state, limit=limit))
    files = {kept.id: kept for kept in folder_of_mails(settings).kept()}
    if json:
        print_json({"mails": [_described(mail, files.get(mail.id)) for mail in mails]})
    else:
        _print_table(mails, files)


@app.command
def show(mail: MailId, *, json: AsJson = False) -> None:
    """Show a mail that is kept, encrypted, in the data folder because no relay is configured."""
    message = folder_of_mails(command_settings()).read(mail)
    head = {name: str(message[name]) for name in ("From", "To", "Subject", "Date")}
    if json:
        parts = {"text": _part(message, "plain"), "html": _part(message, "html")}
        print_json({"id": mail, **{name.lower(): value for name, value in head.items()}, **parts})
    else:
        print(*(f"{name}: {value}" for name, value in head.items()), "", _part(message, "plain"), sep="\n")


@app.command
def retry(mail: MailId, *, json: AsJson = False) -> None:
    """Try a mail that was given up again, from the beginning."""
    with admin_database(command_settings()) as url:
        asyncio.run(retry_mail(url, message_id=mail, actor=operating_user()))
    if json:
        print_json({"id": mail, "state": "waiting"})
    else:
        print("The mail waits again; the worker sends it.")


@app.command(name="test")
def send_test(
    address: Annotated[str, Parameter(help="Where the test mail goes.")],
    *,
    language: Annotated[Language, Parameter(help="What it is written in.")] = "en",
    json: AsJson = False,
) -> None:
    """Send a test mail at once, without the outbox, and say what happened."""
    settings = command_settings()
    message_id = uuid4()
    letter = write(Order(kind="test", recipient=address, language=language), str(settings.url))
    try:
        envelope = enclose(letter, message_id=message_id, sender=settings.mail_from, recipient=address)
        asyncio.run(transport(settings).deliver(envelope))
    except AddressFault:
        raise OperatorError(f"{address!r} is not an e-mail address", "Give one, such as name@example.com.") from None
    except NotSent as error:
        raise _refused(settings, error) from error
    if json:
        print_json({"id": message_id, "to": envelope.recipient, "by": _place(settings)})
    elif settings.smtp:
        print(f"The relay {_place(settings)} took the mail to {envelope.recipient}.")
    else:
        print(f"No relay is configured (BELSIMPLE_SMTP_URL). The mail is kept: belsimple mail show {message_id}")


def _refused(settings: Settings, error: NotSent) -> OperatorError:
    if settings.smtp is None:
        return OperatorError(f"The mail could not be kept ({error.reason})", "Check the data folder and the key store.")
    how = {"implicit": "TLS", "starttls": "STARTTLS", "none": "no TLS"}[settings.smtp.tls]
    return OperatorError(
        f"The relay {_place(settings)} ({how}) did not take the mail: {error.reason.rstrip('.')}",
        "Check BELSIMPLE_SMTP_URL, BELSIMPLE_SMTP_CA and BELSIMPLE_MAIL_FROM.",
    )


def _place(settings: Settings) -> str:
    return f"{settings.smtp.host}:{settings.smtp.port}" if settings.smtp else "folder"


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    return str(body.get_content()) if body else ""


def _described(mail: MailView, file: KeptMail | None) -> dict[str, object]:
    own = {name: getattr(mail, name) for name in mail.__struct_fields__}
    return {**own, "recipient": file.to if file else mail.recipient, "subject": file.subject if file else None}


def _print_table(mails: list[MailView], files: dict[UUID, KeptMail]) -> None:
    folded = [Column(name, overflow="fold") for name in ("state", "kind", "tenant", "to")]
    whole = Column("id", no_wrap=True, min_width=36)  # `show` and `retry` want all of it
    table = Table(Column("when", no_wrap=True, min_width=12), *folded, whole, box=None, pad_edge=False)
    for mail in mails:
        file = files.get(mail.id)
        state = f"{mail.state}, {mail.error}" if mail.error else mail.state
        to = file.to if file else mail.recipient
        table.add_row(f"{mail.created_at:%d %b %H:%M}", state, mail.kind, mail.tenant or "-", to, str(mail.id))
    Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else _FILE_WIDTH).print(table)
