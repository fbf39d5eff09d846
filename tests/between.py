"""What may stand between the server and a desk: a desk behind TLS, a proxy, both on loopback."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PATIENCE = 30.0
_TURNS = 3
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]


@dataclass
class Wall:
    """A listener in a thread of its own.

    Attributes:
        port: where it listens on 127.0.0.1.
        heads: the first bytes of each request, up to the empty line.
    """

    port: int = 0
    heads: list[bytes] = field(default_factory=list)


@contextmanager
def answering(reply: bytes, *, tls: ssl.SSLContext | None = None, end: bytes = b"\r\n\r\n") -> Iterator[Wall]:
    """Give a listener that answers with these bytes what ends in `end`, with TLS or without."""
    wall = Wall()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            wall.heads.append(await reader.readuntil(end))
            writer.write(reply)
            await writer.drain()
        await _closed(writer)

    with _running(wall, answer, tls):
        yield wall


@contextmanager
def connect_proxy(*, login: bytes | None = None, status: bytes | None = None) -> Iterator[Wall]:
    """Give a proxy that tunnels CONNECT to where it is asked to, and forwards plain requests to their address.

    Args:
        login: what Proxy-Authorization must hold, else it answers 407.
        status: a status line's end to refuse every request with, e.g. `403 Forbidden`.
    """
    wall = Wall()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            wall.heads.append(head)
            refusal = status
            if login is not None and b"proxy-authorization: " + login.lower() not in head.lower():
                refusal = b"407 Proxy Authentication Required"
            if refusal is not None:
                page = b"<html>no</html>"
                writer.write(
                    b"HTTP/1.1 %b\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b"
                    % (refusal, len(page), page)
                )
                await writer.drain()
            else:
                await _pass_on(head, reader, writer)
        await _closed(writer)

    with _running(wall, serve, None):
        yield wall


async def _pass_on(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    method, target, _ = head.decode().split(" ", 2)
    host = target if method == "CONNECT" else urlsplit(target).netloc
    port = int(host.rsplit(":", 1)[1])
    beyond_reader, beyond_writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            beyond_writer.write(head)
        await asyncio.gather(_copy(reader, beyond_writer), _copy(beyond_reader, writer))
    finally:
        beyond_writer.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    await _closed(writer)


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


@contextmanager
def _running(wall: Wall, answer: Answer, tls: ssl.SSLContext | None) -> Iterator[None]:
    """Run the listener until the test has left."""
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _loop, _context: None)  # a client that rejects the certificate hangs up
    started, stop = threading.Event(), asyncio.Event()
    writers: list[asyncio.StreamWriter] = []
    answers: list[asyncio.Task[None]] = []

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        answers.append(loop.create_task(answer(reader, writer)))

    async def run() -> None:
        server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
        wall.port = server.sockets[0].getsockname()[1]
        started.set()
        await stop.wait()
        server.close()
        for task in answers:
            task.cancel()
        await asyncio.gather(*answers, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()
        open_tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in open_tasks:
            task.cancel()
        await asyncio.gather(*open_tasks, return_exceptions=True)
        for _ in range(_TURNS):  # a transport closes its socket in a turn of the loop after it was aborted
            await asyncio.sleep(0)

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    try:
        assert started.wait(PATIENCE)
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
