"""A TCP connection in between, which can be cut, and slowed down."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .service import free_port


class Gateway:
    """Passes on what it gets on `port`. `down`: nobody listens any more and what was open is cut; `delay`: seconds before each answer."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self.delay = 0.0
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def up(self) -> None:
        """Listen."""
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)

    def down(self) -> None:
        """Listen no more, and cut."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            inner, out = await asyncio.open_connection("127.0.0.1", self._target)
            self._open.add(out)
            await asyncio.gather(self._pass(reader, out, slow=False), self._pass(inner, writer, slow=True))
        except OSError:
            pass
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, slow: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if slow and self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(data)
                await writer.drain()
        self._open.discard(writer)
        writer.transport.abort()


@contextmanager
def gateway_to(target: int) -> Iterator[Gateway]:
    """A gateway to a port of this machine for the length of a `with`."""
    gateway = Gateway(target)
    gateway._thread.start()
    gateway.up()
    try:
        yield gateway
    finally:
        gateway.down()
        gateway._loop.call_soon_threadsafe(gateway._loop.stop)
        gateway._thread.join(10)
        gateway._loop.close()
