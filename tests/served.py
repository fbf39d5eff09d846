"""The real server in a process of its own: for the SDK's client, and for bytes as they are."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import IO, Any, Final, TextIO

import anyio
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

PRACTICE: Final = {"CASE_MCP_DESK": "embedded", "CASE_MCP_STATE": ":memory:"}
PRACTICE_NOTICE: Final = "case-mcp: serving the embedded practice desk; no customer is reached\n"
COMMAND: Final = (sys.executable, "-m", "case_server")
PATIENCE: Final = 60.0
"""Seconds after which a wait has failed; a loaded machine may start a process slowly."""

MODERN: Final = "2026-07-28"
ENVELOPE: Final = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "tests", "version": "1"},
}
INITIALIZE: Final = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "tests", "version": "1"},
}
_LONGEST_ANSWER: Final = 64 * 1024 * 1024


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a process: nothing of the tests' own but where programs and data are."""
    return {name: os.environ[name] for name in ("PATH", "XDG_DATA_HOME") if name in os.environ} | more


def run(*arguments: str, settings: Mapping[str, str] = PRACTICE) -> tuple[int, str, str]:
    """Run the command with an empty pipe as stdin; return status, stdout and stderr."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        input="",
        capture_output=True,
        text=True,
        env=environment(**settings),
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@asynccontextmanager
async def stdio_connection(
    mode: str, settings: Mapping[str, str], *, errors: TextIO | None = None
) -> AsyncIterator[Client]:
    """Yield the SDK's client, connected to a server process; the process's stderr goes to `errors`."""
    command, *arguments = (*COMMAND, "serve")
    parameters = StdioServerParameters(command=command, args=arguments, env=environment(**settings))
    with anyio.fail_after(PATIENCE), tempfile.TemporaryFile("w+") as unread:
        async with Client(stdio_client(parameters, errlog=errors or unread), mode=mode) as client:
            yield client


def request(own: object, method: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a request as JSON-RPC has it."""
    return {"jsonrpc": "2.0", "id": own, "method": method} | ({} if params is None else {"params": {**params}})


class Served:
    """A server process whose pipes a test writes and reads; what it writes to stderr is kept.

    Attributes:
        process: the process.
    """

    def __init__(self, process: asyncio.subprocess.Process, errors: IO[bytes]) -> None:
        self.process = process
        self._errors = errors
        self._said = ""

    async def write(self, data: bytes) -> None:
        """Write bytes as they are."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        await self.process.stdin.drain()

    async def send(self, *messages: Mapping[str, Any] | bytes) -> None:
        """Write each message, or bytes as they are, as one line."""
        for message in messages:
            await self.write((message if isinstance(message, bytes) else json.dumps(message).encode()) + b"\n")

    async def line(self) -> bytes:
        """Read the next line of stdout, empty at its end."""
        assert self.process.stdout is not None
        return await self.process.stdout.readline()

    async def answer(self) -> Any:
        """Read the next message."""
        return json.loads(await self.line())

    async def ask(self, own: object, method: str, params: Mapping[str, Any] | None = None) -> Any:
        """Send a request and read the next message."""
        await self.send(request(own, method, params))
        return await self.answer()

    async def open(self) -> None:
        """Open a connection of the handshake era."""
        assert (await self.ask("open", "initialize", INITIALIZE))["id"] == "open"
        await self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def end(self) -> tuple[int, bytes]:
        """Close stdin, and return the exit status and what was still on stdout."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        rest = await self.process.stdout.read()
        return await self.process.wait(), rest

    def errors(self) -> str:
        """Return what the process wrote to stderr so far, or until it ended."""
        if not self._errors.closed:
            self._errors.seek(0)
            self._said = self._errors.read().decode()
        return self._said


@asynccontextmanager
async def serving(
    settings: Mapping[str, str] = PRACTICE, *arguments: str, stdout: int | None = None, patience: float = PATIENCE
) -> AsyncIterator[Served]:
    """Yield a server process, and end it whatever became of the test.

    Args:
        settings: its environment.
        arguments: further ones of the command.
        stdout: a file descriptor in the place of a pipe.
        patience: seconds after which it has failed.
    """
    with anyio.fail_after(patience), tempfile.TemporaryFile() as errors:
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            "serve",
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE if stdout is None else stdout,
            stderr=errors,
            env=environment(**settings),
            limit=_LONGEST_ANSWER,
        )
        server = Served(process, errors)
        try:
            yield server
        finally:
            if process.returncode is None:
                process.kill()
            with anyio.CancelScope(shield=True):
                await process.wait()
            server.errors()
