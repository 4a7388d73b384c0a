"""Files that a page's form sends, without any script: ``multipart/form-data`` (RFC 7578), each file encrypted into the store
while it arrives, as an upload of the API is (see uploads.py). All of them are kept by one transaction, or none is.
"""

import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from multipart import (
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
    StrictParserError,
)

from belsimple.database.queries import load_queries
from belsimple.database.transaction import Transaction
from belsimple.files.names import UNKNOWN_TYPE, FileNameRefused, file_name, media_type
from belsimple.files.vault import Sealing
from belsimple.language import marked as _
from belsimple.language import message
from belsimple.web.asgi import Receive
from belsimple.web.bodies import declared_length
from belsimple.web.decoding import Arguments, compile_body
from belsimple.web.endpoint import Endpoint
from belsimple.web.exchange import Exchange, Reply
from belsimple.web.inputs import Form, FormUpload
from belsimple.web.problems import Malformed, Problem, TooLarge, Unprocessable, UnsupportedMediaType
from belsimple.web.runtime import Runtime
from belsimple.web.uploads import Begin, Delivery, Incoming, SlowIntake, UploadPlan, no_room
from belsimple.web.watch import Watch

_q = load_queries("belsimple.files")
MAX_FILES: Final = 20
MAX_FIELDS: Final = 100
MAX_FIELD_BYTES: Final = 64 * 1024
"""Of all text fields together: they are kept in memory."""
FILE_FIELD: Final = "file"
"""What every file input of a form is called."""
_TYPE: Final = re.compile(  # the boundary as RFC 2046, 5.1.1, has it
    r"""multipart/form-data\s*;\s*boundary=(?P<quote>"?)(?P<boundary>[0-9A-Za-z'()+_,./:=?-]{1,70})(?P=quote)\s*""",
    re.IGNORECASE,
)
_FIELDS_TYPE: Final = b"application/x-www-form-urlencoded"


class _NoFields(Form, frozen=True):
    """A form of files alone."""


class _NewFile(msgspec.Struct, frozen=True):
    filename: str
    delivery: Delivery

    def upload(self) -> FormUpload:
        sealed = self.delivery.sealed
        return FormUpload(sealed.id, sealed.size, self.delivery.media_type, self.filename)


class _Received(msgspec.Struct):
    """A whole form: its files are in the store; ``kept`` once the transaction that keeps them has come to its commit."""

    fields: list[tuple[str, str]]
    files: list[_NewFile]
    kept: bool = False


class FormUploadPlan(UploadPlan):
    """Serves an endpoint that takes a form with files."""

    _wrapping = 1024 * 1024

    def __init__(self, endpoint: Endpoint, runtime: Runtime) -> None:
        super().__init__(endpoint, runtime)
        self._read_fields = self._read_body or compile_body(_NoFields)
        self._takes_fields = self._read_body is not None
        self._read_body = None  # read when it has come, not before
        self._handler = self._hold_all

    def _read_headers(self, exchange: Exchange) -> Incoming:
        match = _TYPE.fullmatch(exchange.text(b"content-type"))
        if match is None:
            raise UnsupportedMediaType(title=_("Send the form as multipart/form-data."))
        return Incoming(match["boundary"], declared_length(exchange, self._largest))

    @property
    def _largest(self) -> int:
        return MAX_FILES * self._vault.limit + self._wrapping

    async def _receive(
        self,
        exchange: Exchange,
        receive: Receive,
        token: bytes,
        arguments: Arguments,
        incoming: Incoming,
        take: Callable[[int], bool],
        begin: Begin,
    ) -> Reply:
        reception = _Reception(incoming.kind, begin, take, self._vault.limit)
        received = None
        try:
            intake = SlowIntake(receive, incoming.length, self._largest)
            watch = Watch(self._runtime, token, self._permission)
            while data := await intake.next():
                await reception.feed(data)
                await watch.look()
            received = reception.finish()
            body = self._fill(exchange, received)
            filled = {**arguments, **({"body": body} if self._takes_fields else {})}
            return await self._keep(exchange, token, {**filled, "received": received}, None)
        except Problem:
            if received is None:  # what was typed so far is shown again
                exchange.form = urlencode(reception.fields).encode("ascii")
            raise
        finally:
            if received is None or not received.kept:
                for sealing in reception.sealings:
                    await self._discard(sealing)

    def _fill(self, exchange: Exchange, received: _Received) -> msgspec.Struct | None:
        # From here on its fields are a form like any other, and are read by the same code.
        exchange.headers[b"content-type"] = _FIELDS_TYPE
        errors: list[tuple[str, str]] = []
        body = None
        try:
            body = self._read_fields(exchange, urlencode(received.fields).encode("ascii"))
        except Unprocessable as wrong:
            errors += wrong.errors
        if not received.files:
            errors.append((f"/{FILE_FIELD}", _("Choose a file.")))
        if errors:
            raise Unprocessable(errors)
        return body

    async def _hold_all(self, transaction: Transaction, received: _Received, **arguments: Any) -> Any:
        received.kept = False
        for file in received.files:
            await transaction.value(_q.add_file, **msgspec.structs.asdict(file.delivery.sealed))
        uploads = [file.upload() for file in received.files]
        answer = await self._declared(transaction=transaction, uploads=uploads, **arguments)
        received.kept = True
        return answer


class _Reception:
    """A form on its way in: its text fields are collected, its files go to the store piece by piece."""

    def __init__(self, boundary: str, begin: Begin, take: Callable[[int], bool], limit: int) -> None:
        self._parser = PushMultipartParser(boundary, strict=True, max_segment_count=MAX_FILES + MAX_FIELDS)
        self._begin = begin
        self._take = take
        self._limit = limit
        self.fields: list[tuple[str, str]] = []
        self._files: list[_NewFile] = []
        self._part: _Text | _File | _Nothing = _Nothing()
        self._text_bytes = 0
        self._over = False
        self.sealings: list[Sealing] = []

    async def feed(self, data: bytes) -> None:
        """Take in the next bytes. Raises Malformed, TooLarge, Unprocessable, and OSError when the store does not take them."""
        line_break = not data.strip(b"\r\n")
        if self._over and line_break:
            return
        try:
            for event in self._parser.parse(data):
                await self._handle(event)
        except StrictParserError:
            if not line_break:
                raise Malformed(_("The form could not be read.")) from None
            self._over = True  # the line break behind the end of a form may come by itself
        except ParserLimitReached:
            raise TooLarge from None
        except MultipartError:
            raise Malformed(_("The form could not be read.")) from None

    def finish(self) -> _Received:
        """The whole form. Raises Malformed when it is cut off."""
        try:
            self._parser.close()
        except MultipartError:
            raise Malformed(_("The form could not be read.")) from None
        return _Received(self.fields, self._files)

    async def _handle(self, event: MultipartSegment | bytes | None) -> None:
        if isinstance(event, MultipartSegment):
            self._part = await self._begin_part(event)
        elif event is None:
            await self._end_part()
        else:
            await self._take_in(event)

    async def _begin_part(self, segment: MultipartSegment) -> "_Text | _File | _Nothing":
        name = segment.name or ""
        if segment.filename is None:
            return _Text(name, bytearray())
        if not segment.filename:
            return _Nothing()  # a file input that was left empty
        if name != FILE_FIELD:
            raise Unprocessable([(f"/{name}", _("This field is not known."))])
        if len(self._files) == MAX_FILES:
            raise Unprocessable([(f"/{FILE_FIELD}", message(_("At most {count} files at once."), count=MAX_FILES))])
        filename = _checked_name(segment.filename)
        sealing = await self._begin()
        self.sealings.append(sealing)
        return _File(filename, media_type(segment.content_type or "") or UNKNOWN_TYPE, sealing)

    async def _take_in(self, data: bytes) -> None:
        part = self._part
        if isinstance(part, _File):
            if part.sealing.size + len(data) > self._limit:
                raise TooLarge
            if not self._take(len(data)):
                raise no_room()
            await part.sealing.feed(data)
        elif isinstance(part, _Text):
            self._text_bytes += len(data)
            if self._text_bytes > MAX_FIELD_BYTES:
                raise TooLarge
            part.value.extend(data)
        else:
            raise Malformed(_("A file has no name."))

    async def _end_part(self) -> None:
        part = self._part
        if isinstance(part, _File):
            delivery = Delivery(await part.sealing.finish(), part.media_type)
            self._files.append(_NewFile(part.filename, delivery))
        elif isinstance(part, _Text):
            self.fields.append((part.name, _decoded(part.value)))
        self._part = _Nothing()


class _Text(msgspec.Struct):
    name: str
    value: bytearray


class _File(msgspec.Struct):
    filename: str
    media_type: str
    sealing: Sealing


class _Nothing(msgspec.Struct):
    """What is passed over."""


def _checked_name(text: str) -> str:
    try:
        return file_name(text)
    except FileNameRefused as refused:
        raise Unprocessable([(f"/{FILE_FIELD}", refused.said)]) from None


def _decoded(value: bytearray) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed(_("The fields are not UTF-8.")) from None
