"""What mail is made of here: a relay, or the folder of encrypted files."""

from collections.abc import Sequence

from belsimple.keys.store import KeyStore
from belsimple.mail.folder import MailFolder
from belsimple.mail.outbox import Outbox, Transport
from belsimple.mail.smtp import SmtpRelay
from belsimple.mail.writing import ModuleLetter
from belsimple.modules import Module
from belsimple.server.layout import keys_folder, mail_folder
from belsimple.server.settings import Settings


def folder_of_mails(settings: Settings) -> MailFolder:
    """Where mails are kept when there is no relay, or were before there was one."""
    return MailFolder(mail_folder(settings), KeyStore(keys_folder(settings), settings.operator_key).operator_key)


def transport(settings: Settings) -> Transport:
    """Where mails go. Raises `OperatorError` when the authority of BELSIMPLE_SMTP_CA cannot be read."""
    return SmtpRelay(settings.smtp, settings.smtp_authority) if settings.smtp else folder_of_mails(settings)


def outbox(settings: Settings, modules: Sequence[Module]) -> Outbox:
    """The outbox with its transport, for the platform's letters and the modules'. Raises `OperatorError` as `transport` does."""
    tidy = folder_of_mails(settings).tidy
    letters = {letter.kind: ModuleLetter(letter, module.package) for module in modules for letter in module.mails}
    return Outbox(transport(settings), url=str(settings.url), sender=settings.mail_from, tidy=tidy, letters=letters)
