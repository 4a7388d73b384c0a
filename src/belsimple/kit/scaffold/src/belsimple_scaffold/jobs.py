"""What happens later: a job, the letter that it posts, and the setting that says whether it does."""

from uuid import UUID

from belsimple.modules import Letter, Link, Setting, Transaction, load_queries
from belsimple.modules import marked as _
from belsimple_scaffold.model import Entry

_q = load_queries("belsimple_scaffold")
TELLS = Setting(name="scaffold.tells", label=_("Send whoever writes an entry a mail"), kind=bool, default=True)
WRITTEN = Letter(
    kind="scaffold.written",
    subject=_("A new entry in {tenant}"),
    before=(_("You wrote the entry “{title}”."),),
    link=Link(_("Show the entry"), "/scaffold/{id}"),
)


async def tell(transaction: Transaction, entry: UUID) -> None:
    """Post the letter to whoever enqueued this job."""
    found = await transaction.row(_q.read_entry, Entry, id=entry)
    account = transaction.principal.account_id
    if found is not None and account is not None:
        await transaction.mail("scaffold.written", account, {"id": str(found.id), "title": found.title})
