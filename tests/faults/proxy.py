"""A TCP proxy that breaks what passes through it, at the byte that a plan names."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final, Literal

from faults.messages import Message, read_message

Door = Literal["open", "refuses", "hangs", "resets", "garbage", "untrusted"]
When = Literal["came", "answered", "passed"]
_NOW: Final = struct.pack("ii", 1, 0)
_GARBAGE: Final = b"This is not TLS, and not HTTP either.\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What befalls one request on its way; None is all of its bytes.

    Attributes:
        request: bytes of the request that reach the desk.
        answer: bytes of the desk's answer that reach the server.
        then: what the connection does where it is cut: it is reset, closed, or stays open in silence.
        drip: seconds between two parts of the answer.
        grain: bytes of each of them.
        late: seconds after which the desk gets what it gets of the request.
    """

    request: int | None = None
    answer: int | None = None
    then: Literal["reset", "close", "hang"] = "reset"
    drip: float = 0.0
    grain: int = 1
    late: float = 0.0


WHOLE: Final = Cut()
Plan = Callable[[Message], Cut]
Watch = Callable[[Message, When], Awaitable[None]]


async def _watch_nothing(_: Message, __: When) -> None:
    """Let it pass."""


class Proxy:
    """Listens on a port of this machine and leads to another one.

    Attributes:
        port: where it listens, the same after it was shut and opened.
        door: what a new connection meets: it is refused, hangs, is reset, or meets what is no good TLS.
        plan: chooses what befalls a request.
        watch: is told when a request came, when the desk answered it, and when the answer had passed.
    """

    def __init__(self, target: int, *, certificate: ssl.SSLContext | None = None) -> None:
        self.port = 0
        self.door: Door = "open"
        self.plan: Plan = lambda _: WHOLE
        self.watch: Watch = _watch_nothing
        self._target = target
        self._certificate = certificate
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._stopgap = AsyncExitStack()

    async def set_door(self, door: Door) -> None:
        """Change what new connections meet; those there are end, unless the door opens."""
        self.door = door
        await self._stopgap.aclose()
        if door != "open":
            await self._drop()
        if door in {"refuses", "hangs"}:
            self._close_listener()
        elif self._server is None:
            self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]
        if door == "hangs":
            self._fill()

    async def close(self) -> None:
        """Listen no more."""
        await self._stopgap.aclose()
        self._close_listener()
        await self._drop()

    def _close_listener(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _drop(self) -> None:
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def _fill(self) -> None:
        """Listen with a queue that is full, so that a connection is never made."""
        listener = self._stopgap.enter_context(socket.socket())
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(0)
        for _ in range(3):
            waiting = self._stopgap.enter_context(socket.socket())
            waiting.settimeout(0)
            with suppress(BlockingIOError):
                waiting.connect(("127.0.0.1", self.port))

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            async with AsyncExitStack() as stack:
                stack.callback(_reset, writer)
                await self._pass(reader, writer, stack)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(task)

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stack: AsyncExitStack
    ) -> None:
        if self.door != "open":
            return await self._greet(reader, writer)
        desk_reader, desk_writer = await asyncio.open_connection("127.0.0.1", self._target)
        stack.callback(_reset, desk_writer)
        while (request := await read_message(reader)) is not None:
            cut = self.plan(request)
            await self.watch(request, "came")
            await asyncio.sleep(cut.late)
            desk_writer.write(request.whole[: cut.request])
            await desk_writer.drain()
            if cut.request is not None:
                await _close(desk_writer)
                return await _end(cut, reader, writer)
            answer = await read_message(desk_reader)
            if answer is None:
                return None
            await self.watch(request, "answered")
            for part in _parts(answer.whole[: cut.answer], cut):
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(cut.drip)
            if cut.answer is not None:
                return await _end(cut, reader, writer)
            await self.watch(request, "passed")
        return await _close(writer)

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Meet a connection in bad TLS; what nothing is said to is reset when this returns."""
        if self.door == "garbage":
            await reader.read(1)
            writer.write(_GARBAGE)
            await _close(writer)
        elif self.door == "untrusted":
            assert self._certificate is not None
            with suppress(ssl.SSLError):
                await writer.start_tls(self._certificate)


def _parts(data: bytes, cut: Cut) -> list[bytes]:
    return [data[at : at + cut.grain] for at in range(0, len(data), cut.grain)] if cut.drip else [data]


async def _end(cut: Cut, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if cut.then == "close":
        await _close(writer)
    elif cut.then == "hang":
        await reader.read()


async def _close(writer: asyncio.StreamWriter) -> None:
    """Close in order: what was written arrives, and then the end."""
    with suppress(OSError):
        writer.close()
        await writer.wait_closed()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Break the connection, unless it is closed already."""
    if not writer.is_closing():
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NOW)
        writer.transport.abort()


@asynccontextmanager
async def proxied(target: int, *, certificate: ssl.SSLContext | None = None) -> AsyncIterator[Proxy]:
    """Yield a proxy that leads to a port of this machine."""
    proxy = Proxy(target, certificate=certificate)
    await proxy.set_door("open")
    try:
        yield proxy
    finally:
        await proxy.close()
