"""A look at a file before the page that shows it is made: what it is, its text, how many pages it has.

Reading a store and starting a process take their time, and a transaction holds a connection of a few. So it goes as with an upload
(decision 0028): a transaction that reads says which file, the look follows when it is over, and then comes the handler's own.
"""

import asyncio
from contextlib import aclosing
from inspect import signature
from typing import Final, cast
from uuid import UUID

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Principal, Transaction
from belsimple.files import kinds
from belsimple.files.renderer import NotRendered, RendererBusy
from belsimple.files.rendering import LARGEST as LARGEST_PDF
from belsimple.files.stores import BlobName
from belsimple.files.vault import Content, Vault
from belsimple.keys.store import KeyTrouble
from belsimple.keys.wrapping import Undecipherable
from belsimple.web.decoding import Arguments
from belsimple.web.inputs import PreviewInfo
from belsimple.web.problems import NoSession
from belsimple.web.runtime import Runtime
from belsimple.web.signature import Handler

_q = load_queries("belsimple.files")
LARGEST_IMAGE: Final = 20 * 1024 * 1024
LOOK_SECONDS: Final = 6.0
"""After that, the page is shown without."""
_NOTHING: Final = PreviewInfo()


class FoundFile(msgspec.Struct, frozen=True):
    """A file, and for whom the database has found it."""

    id: UUID
    content: Content
    principal: Principal

    @property
    def name(self) -> BlobName:
        """Where its blob is."""
        return BlobName(self.principal.tenant_id, self.id)


class Look:
    """Looks at the files of one endpoint."""

    def __init__(self, which: Handler, runtime: Runtime) -> None:
        """``which``: the endpoint's function that names the file."""
        self._which = which
        self._named = tuple(signature(which).parameters)
        self._runtime = runtime
        self._vault = cast("Vault", runtime.services["vault"])

    async def find(self, transaction: Transaction, arguments: Arguments) -> FoundFile | None:
        """The file to look at. Raises what the endpoint's function raises."""
        known = {**arguments, "transaction": transaction}
        file: UUID | None = await self._which(**{name: known[name] for name in self._named})
        if file is None:
            return None
        content = await transaction.row(_q.content, Content, id=file)
        return content and FoundFile(file, content, transaction.principal)

    async def at(self, found: FoundFile | None, token: bytes) -> PreviewInfo:
        """What there is to show. A file that cannot be read has no preview; the page about it is shown. Raises NoSession."""
        if found is None:
            return _NOTHING
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                info = await self._describe(found)
        except (NotRendered, RendererBusy, TimeoutError):
            return _NOTHING
        except (OSError, KeyTrouble, Undecipherable) as error:
            self._runtime.report(error)
            return _NOTHING
        if info.text is not None:
            await record_read(self._runtime, token, found.id)
        return info

    async def _describe(self, found: FoundFile) -> PreviewInfo:
        size = found.content.size
        head = await read_head(self._vault, found)
        if kinds.image_type(head) is not None:
            return PreviewInfo("image") if size <= LARGEST_IMAGE else _NOTHING
        if kinds.is_pdf(head):
            return PreviewInfo("pdf", pages=await self._count(found)) if size <= LARGEST_PDF else _NOTHING
        cut = size > len(head)
        text = kinds.text_of(head, cut=cut)
        return _NOTHING if text is None else PreviewInfo("text", text=text, truncated=cut)

    async def _count(self, found: FoundFile) -> int:
        opening = await self._vault.open(found.name, found.content, 0, found.content.size)
        async with aclosing(opening.pieces()) as pieces:
            return await self._runtime.renderer.count(pieces)


async def read_head(vault: Vault, found: FoundFile) -> bytes:
    """The first bytes of a file, by which it is told what it is. Raises KeyTrouble, Undecipherable and OSError."""
    opening = await vault.open(found.name, found.content, 0, min(kinds.HEAD, found.content.size))
    async with aclosing(opening.pieces()) as pieces:
        return b"".join([piece async for piece in pieces])


async def record_read(runtime: Runtime, token: bytes, file: UUID) -> None:
    """Write into the trail that a file is being read, before anything of it leaves. Raises NoSession when the session has ended."""
    recorded = await runtime.database.call(_q.downloaded, token=token, file=file)
    if not recorded[0][0]:
        raise NoSession(headers={"set-cookie": runtime.cookie.cleared})
