"""A server process as users run it, and the SDK's client of it; both are started anew when they end."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import anyio
import httpx2
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from served import COMMAND, PATIENCE

Era = Literal["legacy", "2026-07-28"]
Transport = Literal["stdio", "http"]
_CALLS_AT_ONCE: Final = 24
_STRUCK: Final = 4
_TIME_TO_END: Final = 10.0
_KNOWN_BY: Final = 'echo $$ > "$0"; exec "$@"'
_ENDED: Final = (
    MCPError,
    OSError,
    anyio.BrokenResourceError,
    anyio.ClosedResourceError,
    anyio.EndOfStream,
    httpx2.HTTPError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a caller heard: a result, an error in words, or nothing.

    Attributes:
        data: the structure of a result.
        words: the text of a result or of an error.
        heard: False where the client gave up, or the connection ended.
    """

    data: Mapping[str, Any] | None = None
    words: str = ""
    heard: bool = True


class Server:
    """One place where a server process runs.

    Attributes:
        settings: the environment of the next process.
        starts: how many processes there were.
        struck: places for calls whose write may fail, too few to make the server believe that the desk is down.
    """

    def __init__(self, folder: Path, number: int, *, era: Era, transport: Transport) -> None:
        self.settings: Mapping[str, str] = {}
        self.starts = 0
        self.struck = anyio.Semaphore(_STRUCK)
        self._folder = folder
        self._number = number
        self._era: Era = era
        self._transport: Transport = transport
        self._client: Client | None = None
        self._pid = 0
        self._up = anyio.Event()
        self._renew = anyio.Event()
        self._places = anyio.Semaphore(_CALLS_AT_ONCE)

    async def run(self) -> None:
        """Keep a process running, until this is cancelled."""
        while True:
            self.starts += 1
            self._renew = anyio.Event()
            try:
                connected = self._over_stdio() if self._transport == "stdio" else self._over_http()
                async with connected as (client, pid):
                    self._client, self._pid = client, pid
                    self._up.set()
                    await self._renew.wait()
            except* _ENDED:
                pass  # it was killed while it started
            finally:
                self._down()

    async def call(self, tool: str, arguments: Mapping[str, Any], *, key: str | None, patience: float) -> Said:
        """Call a tool once; a client that loses patience gives up, as hosts do."""
        async with self._places:
            while (client := self._client) is None:
                await self._up.wait()
            meta: Any = None if key is None else {"request_key": key}
            try:
                result = await client.call_tool(tool, {**arguments}, read_timeout_seconds=patience, meta=meta)
            except _ENDED as error:
                return Said(heard=False, words=f"{type(error).__name__}: {error}")
        words = " ".join(getattr(part, "text", "") for part in result.content)
        return Said(data=None if result.is_error else result.structured_content, words=words)

    async def renew(self) -> None:
        """End the process in order, and wait for the next one."""
        self._down()
        self._renew.set()
        await self.up()

    def kill(self) -> None:
        """End the process at once, wherever it stands; the next one starts."""
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            self._down()
            self._renew.set()

    async def up(self) -> None:
        """Wait until it answers."""
        with anyio.fail_after(PATIENCE):
            await self._up.wait()

    def _down(self) -> None:
        self._client, self._pid = None, 0
        if self._up.is_set():  # whoever waits for it keeps waiting for the same event
            self._up = anyio.Event()

    @asynccontextmanager
    async def _over_stdio(self) -> AsyncIterator[tuple[Client, int]]:
        known = self._folder / f"{self._number}.pid"
        parameters = StdioServerParameters(
            command="/bin/sh", args=["-c", _KNOWN_BY, str(known), *COMMAND, "serve"], env={**self.settings}
        )
        with (self._folder / "stderr.txt").open("a") as errors:
            async with Client(stdio_client(parameters, errlog=errors), mode=self._era) as client:
                await client.list_tools()  # a client of the later era connects without a word
                yield client, int(known.read_text())

    @asynccontextmanager
    async def _over_http(self) -> AsyncIterator[tuple[Client, int]]:
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            *("serve", "--http", "127.0.0.1:0"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={**self.settings},
        )
        assert process.stderr is not None
        reading: asyncio.Task[bytes] | None = None
        try:
            url = json.loads(await process.stderr.readline())["url"]
            reading = asyncio.create_task(process.stderr.read())
            async with (
                httpx2.AsyncClient(timeout=PATIENCE, trust_env=False) as http,
                Client(streamable_http_client(url, http_client=http), mode=self._era) as client,
            ):
                await client.list_tools()
                yield client, process.pid
        finally:
            if process.returncode is None:
                process.terminate()
            with anyio.CancelScope(shield=True):
                with anyio.move_on_after(_TIME_TO_END):
                    await process.wait()
                if process.returncode is None:
                    process.kill()
                    await process.wait()
                if reading is not None:
                    await reading
