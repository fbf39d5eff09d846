"""MCP over stdin and stdout, for clients as they are.

Beyond the SDK's transport (2.3) this one answers what that leaves unanswered: a line that is not a message, a
message that cannot be written. It bounds a line, and it lets a client probe with `server/discover` and then
open with `initialize`, which the SDK refuses once the probe has fixed the protocol's era.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import IO, Any, Final

import anyio
import anyio.to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp import types
from mcp.server.lowlevel import Server
from mcp.shared.message import SessionMessage
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from case_server.ending import ending_signals
from case_server.mcp.messages import NotAMessage, error_of, message_of, readable

LONGEST_LINE: Final = 4 * 1024 * 1024
_GRACE_SECONDS: Final = 2.0
"""How long the end of stdin waits for answers under way; clients of the SDK end a server after as long."""

_VERSION_KEY: Final = "io.modelcontextprotocol/protocolVersion"

_Incoming = SessionMessage | Exception


class _Unanswered:
    """The requests of the client that have no answer yet."""

    def __init__(self) -> None:
        self._ids: set[types.RequestId] = set()
        self._none = anyio.Event()

    def add(self, message: types.JSONRPCMessage) -> None:
        """Note a request of the client."""
        if isinstance(message, types.JSONRPCRequest):
            self._ids.add(message.id)

    def remove(self, message: types.JSONRPCMessage) -> None:
        """Note an answer of the server."""
        if isinstance(message, types.JSONRPCResponse | types.JSONRPCError) and message.id is not None:
            self._ids.discard(message.id)
            self._none.set()

    async def none(self) -> None:
        """Wait until every request is answered."""
        while self._ids:
            self._none = anyio.Event()
            await self._none.wait()


async def serve_stdio(server: Server[Any]) -> bool:
    """Serve one client until its end of the pipe closes, or a signal ends the process.

    Returns whether a signal ended it: then a thread still waits for the client.
    """
    to_server, from_client = anyio.create_memory_object_stream[_Incoming](0)
    to_client, from_server = anyio.create_memory_object_stream[SessionMessage](0)
    with _wire() as (source, sink):
        async with anyio.create_task_group() as tasks:
            unanswered = _Unanswered()
            tasks.start_soon(_write, sink, from_server, unanswered)
            reading = anyio.CancelScope()
            tasks.start_soon(partial(_read, reading, unanswered), source, server, to_server, to_client.clone())
            with _on_termination(reading.cancel):
                async with to_client:
                    await server.run(from_client, to_client, server.create_initialization_options())
    return reading.cancel_called


@contextmanager
def _on_termination(stop: Callable[[], None]) -> Iterator[None]:
    """Stop reading on a signal that ends, where the system knows it, so that what is under way ends in order."""
    loop = asyncio.get_running_loop()
    ending = ending_signals()
    try:
        for each in ending:
            loop.add_signal_handler(each, stop)
    except NotImplementedError:  # Windows
        yield
        return
    try:
        yield
    finally:
        for each in ending:
            loop.remove_signal_handler(each)


@contextmanager
def _wire() -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Yield stdin and stdout for the protocol alone; meanwhile a stray print goes to stderr."""
    sys.stdout.flush()
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    try:
        yield source, sink
    finally:
        sys.stdout.flush()
        os.dup2(sink.fileno(), 1)


async def _read(
    until: anyio.CancelScope,
    unanswered: _Unanswered,
    source: IO[bytes],
    server: Server[Any],
    to_server: MemoryObjectSendStream[_Incoming],
    to_client: MemoryObjectSendStream[SessionMessage],
) -> None:
    opened = False
    async with to_server, to_client:
        with until:
            while line := await anyio.to_thread.run_sync(partial(_next_line, source), abandon_on_cancel=True):
                incoming = _incoming_of(line)
                if isinstance(incoming, types.JSONRPCError):
                    await to_client.send(SessionMessage(incoming))
                    continue
                if isinstance(incoming.message, types.JSONRPCRequest):
                    if not opened and incoming.message.method == "server/discover":
                        await to_client.send(SessionMessage(_discovered(server, incoming.message)))
                        continue
                    opened = True
                unanswered.add(incoming.message)
                try:
                    await to_server.send(incoming)
                except anyio.BrokenResourceError:  # the server reads no more: it was interrupted
                    return
            with anyio.move_on_after(_GRACE_SECONDS):
                await unanswered.none()


def _next_line(source: IO[bytes]) -> bytes:
    """Return the next line that is not blank, empty at the end; of one that is too long only the beginning."""
    while line := source.readline(LONGEST_LINE + len(b"\r\n")):
        rest = line
        while rest and not rest.endswith(b"\n") and len(line) > LONGEST_LINE:
            rest = source.readline(LONGEST_LINE)
        if line.strip() or _is_too_long(line):
            return line
    return b""


def _is_too_long(line: bytes) -> bool:
    return len(line.rstrip(b"\r\n")) > LONGEST_LINE


def _incoming_of(line: bytes) -> SessionMessage | types.JSONRPCError:
    """Return the message, or the error that answers a line which is none."""
    if _is_too_long(line):
        return error_of(None, types.INVALID_REQUEST, "The message is longer than 4 MiB. Nothing was done.")
    try:
        return SessionMessage(message_of(readable(line)))
    except NotAMessage as refusal:
        return refusal.answer


def _discovered(server: Server[Any], request: types.JSONRPCRequest) -> types.JSONRPCMessage:
    """Answer a probe without fixing the era."""
    meta = (request.params or {}).get("_meta")
    version = meta.get(_VERSION_KEY) if isinstance(meta, dict) else None
    if version not in MODERN_PROTOCOL_VERSIONS:
        data = {"supported": [*MODERN_PROTOCOL_VERSIONS], "requested": str(version)}
        return error_of(request.id, types.UNSUPPORTED_PROTOCOL_VERSION, "Unsupported protocol version", data)
    hint = server.cache_hints["server/discover"]
    result = types.DiscoverResult(
        supported_versions=[*MODERN_PROTOCOL_VERSIONS],
        capabilities=server.get_capabilities(protocol_version=version),
        instructions=server.instructions,
        ttl_ms=hint.ttl_ms,
        cache_scope=hint.scope,
    ).model_dump(by_alias=True, mode="json", exclude_none=True)
    result.setdefault("_meta", {})["io.modelcontextprotocol/serverInfo"] = server.server_info_stamp
    return types.JSONRPCResponse(jsonrpc="2.0", id=request.id, result=result)


async def _write(
    sink: IO[bytes], from_server: MemoryObjectReceiveStream[SessionMessage], unanswered: _Unanswered
) -> None:
    async with from_server:
        async for outgoing in from_server:
            await anyio.to_thread.run_sync(partial(_write_line, sink, _line_of(outgoing.message)))
            unanswered.remove(outgoing.message)


def _line_of(message: types.JSONRPCMessage) -> bytes:
    try:
        return message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
    except ValueError:  # a text that UTF-8 cannot hold must not end the server
        own = getattr(message, "id", None)
        return _line_of(error_of(own, types.INTERNAL_ERROR, "The answer could not be written."))


def _write_line(sink: IO[bytes], line: bytes) -> None:
    try:
        sink.write(line)
        sink.flush()
    except BrokenPipeError:  # the client is gone; the end of stdin ends the server
        pass
