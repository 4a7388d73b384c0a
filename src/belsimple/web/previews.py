"""Previews: an image as it is, or a page of a PDF as an image that a process apart has made; told apart by content alone."""

import asyncio
from contextlib import aclosing
from typing import Any, Final, cast

import msgspec

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Transaction
from belsimple.files import kinds
from belsimple.files.names import inline
from belsimple.files.renderer import NoSuchPage, NotRendered, RendererBusy
from belsimple.files.rendering import LARGEST as LARGEST_PDF
from belsimple.files.vault import Content, Vault
from belsimple.language import marked as _
from belsimple.web.answers import Download, Preview
from belsimple.web.asgi import Receive
from belsimple.web.downloads import FileReply, Found
from belsimple.web.encoding import Encode
from belsimple.web.endpoint import Endpoint
from belsimple.web.exchange import Exchange, Reply
from belsimple.web.looks import LARGEST_IMAGE, FoundFile, read_head, record_read
from belsimple.web.plan import Plan
from belsimple.web.problems import NotFound, Problem, Unavailable
from belsimple.web.runtime import Runtime
from belsimple.web.watch import Watch

_q = load_queries("belsimple.files")
_PNG: Final = (b"content-type", b"image/png")


class NoPreview(Problem):
    """404: a file of which nothing can be shown; it can be downloaded."""

    status, name, title = 404, "no-preview", _("There is no preview of this file.")


class _Showing(msgspec.Struct, frozen=True):
    preview: Preview
    file: FoundFile

    @property
    def page(self) -> int:
        return 1 if self.preview.page is None else self.preview.page


class _Pending(Reply):
    """What is to be shown, once the transaction that allowed it is over."""

    __slots__ = ("showing",)

    def __init__(self, showing: _Showing) -> None:
        super().__init__(200, etag=f'"{showing.file.id}-{showing.page}"')
        self.showing = showing


class PreviewPlan(Plan):
    """Serves an endpoint that answers with a preview."""

    def __init__(self, endpoint: Endpoint, runtime: Runtime) -> None:
        super().__init__(endpoint, runtime)
        self._vault = cast("Vault", runtime.services["vault"])
        self._declared = endpoint.handler
        self._handler = self._find

    async def run(self, exchange: Exchange, receive: Receive, values: tuple[str, ...]) -> Reply:
        """Answer one request: found and permitted within the transaction, read and rendered after it."""
        reply = await super().run(exchange, receive, values)
        if not isinstance(reply, _Pending):
            return reply
        token = self._runtime.cookie.token(exchange)
        assert token is not None  # the transaction was entered with it
        async with asyncio.timeout(self._runtime.settings.request_seconds):
            head = await read_head(self._vault, reply.showing.file)
        kind = kinds.image_type(head)
        if kind is not None and reply.showing.file.content.size <= LARGEST_IMAGE:
            return self._image(exchange, receive, token, reply.showing, kind)
        if kind is None and kinds.is_pdf(head) and reply.showing.file.content.size <= LARGEST_PDF:
            return await self._page(token, reply.showing, cast("str", reply.etag))
        raise NoPreview

    async def _find(self, transaction: Transaction, **arguments: Any) -> _Showing:
        preview: Preview = await self._declared(transaction=transaction, **arguments)
        content = await transaction.row(_q.content, Content, id=preview.file)
        if content is None:
            raise NotFound
        return _Showing(preview, FoundFile(preview.file, content, transaction.principal))

    def _encoder(self) -> Encode:
        return _Pending

    def _image(self, exchange: Exchange, receive: Receive, token: bytes, showing: _Showing, kind: str) -> Reply:
        preview, file = showing.preview, showing.file
        found = Found(Download(preview.file, preview.name, kind), file.content, file.principal)
        reply = FileReply(self._runtime, self._vault, found)
        reply.headers = [(b"content-type", kind.encode("ascii")), _inline(preview)]
        reply.prepare(exchange, receive, Watch(self._runtime, token, self._permission), token)
        return reply

    async def _page(self, token: bytes, showing: _Showing, etag: str) -> Reply:
        file = showing.file
        with self._runtime.streams.one(file.principal):
            try:
                png = await self._render(file, showing.page)
            except NoSuchPage:
                raise NotFound from None
            except NotRendered:
                raise NoPreview from None
            except RendererBusy:
                raise Unavailable from None
        await record_read(self._runtime, token, file.id)
        return Reply(200, png, [_PNG, _inline(showing.preview)], etag)

    async def _render(self, file: FoundFile, page: int) -> bytes:
        opening = await self._vault.open(file.name, file.content, 0, file.content.size)
        async with aclosing(opening.pieces()) as pieces:
            return await self._runtime.renderer.page(pieces, page)


def _inline(preview: Preview) -> tuple[bytes, bytes]:
    return (b"content-disposition", inline(preview.name).encode("ascii"))
