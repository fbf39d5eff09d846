"""The real server over HTTP, in a process of its own, and requests as they are on the wire."""

import json
import re
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import httpx
import httpx2
from mcp import Client
from mcp.client.session import ElicitationFnT
from mcp.client.streamable_http import streamable_http_client

from case_tools import KoreSettings
from served import COMMAND, ENVELOPE, MODERN, PATIENCE, PRACTICE, environment, request

HANDSHAKE: Final = "2025-11-25"
ERAS: Final = (HANDSHAKE, MODERN)
EVERYTHING: Final = ("cases:read", "cases:write", "tasks:write")
ACCEPT: Final = "application/json, text/event-stream"


def key_of(name: str) -> str:
    """Return an invented key in the form of a real one."""
    return f"cmk_{sha256(name.encode()).hexdigest()[:43]}"


def write_keys(path: Path, keys: Mapping[str, tuple[str, ...]], *, expired: tuple[str, ...] = ()) -> None:
    """Write a keys file as an administrator's deployment would, in one step."""
    now = datetime.now(UTC)
    entries = [
        {
            "name": name,
            "sha256": sha256(key_of(name).encode()).hexdigest(),
            "scopes": scopes,
            "created": (now - timedelta(days=2)).isoformat(),
            "expires": (now + timedelta(days=-1 if name in expired else 1)).isoformat(),
        }
        for name, scopes in keys.items()
    ]
    fresh = path.with_suffix(".fresh")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps({"keys": entries}))
    fresh.replace(path)


def settings_of(account: KoreSettings) -> dict[str, str]:
    """Return the environment that leads a server process to the loopback desk."""
    assert account.client_secret is not None
    return {
        "CASE_MCP_DESK": "kore",
        "CASE_MCP_TIMEOUT": "20",
        "CASE_MCP_RATE": "0",
        "CASE_MCP_STATE": ":memory:",
        "KORE_HOST": account.host,
        "KORE_STREAM_ID": account.stream_id,
        "KORE_ACCOUNT_ID": account.account_id,
        "KORE_CLIENT_ID": account.client_id,
        "KORE_CLIENT_SECRET": account.client_secret.get_secret_value(),
    }


def headers_of(era: str, message: Mapping[str, Any], **more: str) -> dict[str, str]:
    """Return the headers that an era wants with a message."""
    headers = {"content-type": "application/json", "accept": ACCEPT, "mcp-protocol-version": era}
    if era == MODERN:
        headers["mcp-method"] = message["method"]
        if "name" in message.get("params", {}):
            headers["mcp-name"] = message["params"]["name"]
    return headers | {name.replace("_", "-"): value for name, value in more.items()}


def message_of(era: str, method: str, own: object = 1, **params: object) -> dict[str, Any]:
    """Return a request as an era has it."""
    return request(own, method, {**params, **({"_meta": ENVELOPE} if era == MODERN else {})})


def payload_of(answer: httpx.Response) -> Any:
    """Return the message in an answer, JSON or a stream of one event."""
    if answer.headers["content-type"].startswith("text/event-stream"):
        [data] = re.findall(r"^data: (.*)$", answer.text, re.MULTILINE)
        return json.loads(data)
    return answer.json()


class Web:
    """A server process and what it wrote to stderr.

    Attributes:
        process: the process.
        lines: the lines of stderr so far.
        url: where it serves MCP.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self.url = ""
        self._more = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._more:
                self.lines.append(line)
                self._more.notify_all()

    @property
    def records(self) -> list[dict[str, Any]]:
        """The lines as the JSON objects that they all are."""
        return [json.loads(line) for line in self.lines]

    def told(self, is_it: Callable[[dict[str, Any]], bool], count: int = 1) -> list[dict[str, Any]]:
        """Wait for records."""

        def found() -> list[dict[str, Any]]:
            return [each for each in self.records if is_it(each)]

        with self._more:
            assert self._more.wait_for(lambda: len(found()) >= count, PATIENCE), self.lines
        return found()

    def audited(self, count: int = 1) -> list[dict[str, Any]]:
        """Wait for so many audit lines, and return them without time and duration."""
        found = self.told(lambda each: each["logger"] == "case_server.audit", count)
        assert all(isinstance(each["ms"], int) for each in found)
        left_out = {"time", "level", "logger", "event", "ms"}
        return [{name: value for name, value in each.items() if name not in left_out} for each in found]

    async def post(self, message: object, era: str = MODERN, **headers: str) -> httpx.Response:
        """Send a message, or bytes as they are."""
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
            if isinstance(message, bytes):
                given = headers_of(HANDSHAKE, {}, **headers) | {"mcp-protocol-version": era}
                return await client.post(self.url, content=message, headers=given)
            assert isinstance(message, dict)
            return await client.post(self.url, json=message, headers=headers_of(era, message, **headers))

    async def call(self, tool: str, arguments: object, era: str = MODERN, **headers: str) -> httpx.Response:
        """Call a tool."""
        return await self.post(message_of(era, "tools/call", name=tool, arguments=arguments), era, **headers)

    async def get(self, path: str) -> tuple[int, str]:
        """Ask for a page."""
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
            answer = await client.get(self.url.removesuffix("/mcp") + path)
        return answer.status_code, answer.text

    @asynccontextmanager
    async def client(
        self, mode: str, *, person: ElicitationFnT | None = None, **headers: str
    ) -> AsyncIterator[Client]:
        """Yield the SDK's client with headers of its own, and the person who answers its questions."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with (
            httpx2.AsyncClient(headers=named, timeout=PATIENCE, trust_env=False) as http,
            Client(
                streamable_http_client(self.url, http_client=http), mode=mode, elicitation_callback=person
            ) as client,
        ):
            yield client

    def end(self) -> int:
        """Stop it as a container's runtime does, and return the exit status."""
        self.process.terminate()
        return self.ended()

    def ended(self) -> int:
        """Wait until it has ended, with all that it wrote, and return the exit status."""
        status = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return status


@contextmanager
def web(settings: Mapping[str, str] = PRACTICE, *arguments: str, address: str = "127.0.0.1:0") -> Iterator[Web]:
    """Yield a server process that listens, and end it whatever became of the test."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "--http", address, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(**settings),
        text=True,
    )
    with process:
        server = Web(process)
        try:
            [serving] = server.told(lambda each: each["event"] == "serving")
            server.url = serving["url"]
            yield server
        finally:
            process.kill()
            server.ended()
        assert process.stdout is not None
        assert process.stdout.read() == "", "stdout is the protocol's, and here nobody's"
