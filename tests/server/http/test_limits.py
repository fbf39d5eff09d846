"""How much the server takes on, with small figures, and what it answers beyond them."""

import json
from typing import Any, Final

import anyio
import httpx
from starlette.types import Message, Receive, Scope, Send

from case_server.http.gate import Gate
from case_server.http.limits import Limits
from case_server.http.names import AllowedNames
from case_server.mcp.session import Session
from case_tools import Settings
from web_served import HANDSHAKE, headers_of, message_of

SMALL: Final = Limits(body=1000, body_seconds=0.01, running=2, waiting=3, waiting_seconds=0.01)
PATIENT: Final = Limits(running=2, waiting=3, waiting_seconds=60)
BUSY: Final = "The server has more to do than it can. Nothing was done. Try again in 2 seconds."


class Slow:
    """An application that answers when it is told to."""

    def __init__(self) -> None:
        self.reached = 0
        self.go = anyio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with 204, late."""
        assert scope["type"] == "http"
        assert json.loads((await receive())["body"])["method"] == "ping"
        self.reached += 1
        await self.go.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def gate_of(app: Slow, limits: Limits) -> Gate:
    """Return a gate without keys before an application."""
    names = AllowedNames.read(["x"], [], is_local=False)
    return Gate(app, Session(Settings(state=":memory:")), ring=None, names=names, limits=limits)


async def ask(gate: Gate) -> httpx.Response:
    """Send a ping."""
    message = message_of(HANDSHAKE, "ping")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(gate), base_url="http://x") as client:
        return await client.post("/mcp", json=message, headers=headers_of(HANDSHAKE, message))


async def test_requests_wait_for_their_turn_and_beyond_that_are_refused_at_once() -> None:
    """*Ours*: with two running and three waiting, the sixth is told to come again."""
    app = Slow()
    gate = gate_of(app, PATIENT)
    told: list[int] = []

    async def one() -> None:
        told.append((await ask(gate)).status_code)

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(one)
            await anyio.wait_all_tasks_blocked()
            assert (app.reached, told, gate.is_idle) == (2, [], False)
            refused = await ask(gate)
            app.go.set()
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
    assert refused.json() == {"jsonrpc": "2.0", "id": 1, "error": {"code": -32603, "message": BUSY}}
    assert (told, app.reached, gate.is_idle) == ([204] * 5, 5, True)


async def test_request_that_waits_too_long_is_refused() -> None:
    """*Ours*: nobody waits without an end."""
    app = Slow()
    gate = gate_of(app, SMALL)
    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            for _ in range(2):
                tasks.start_soon(ask, gate)
            await anyio.wait_all_tasks_blocked()
            refused = await ask(gate)
            app.go.set()
    assert (refused.status_code, refused.json()["error"]["message"]) == (503, BUSY)
    assert gate.is_idle


async def raw(gate: Gate, *parts: Message) -> list[Message]:
    """Send a request whose body comes in these parts, and then nothing more."""
    given, sent = [*parts], []

    async def receive() -> Message:
        if given:
            return given.pop(0)
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    headers: list[tuple[bytes, bytes]] = [(b"host", b"x"), (b"content-type", b"application/json")]
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/mcp", "headers": headers}
    with anyio.fail_after(30):
        await gate(scope, receive, send)
    return sent


async def test_body_that_does_not_come_gives_its_place_back() -> None:
    """*Ours*: a client that sends a byte now and then holds nobody up for long."""
    app = Slow()
    gate = gate_of(app, SMALL)
    start, body = await raw(gate, {"type": "http.request", "body": b"{", "more_body": True})
    assert (start["status"], (b"connection", b"close") in start["headers"]) == (408, True)
    assert b"did not come in within 0.01 seconds. Nothing was done." in body["body"]
    assert (app.reached, gate.is_idle) == (0, True)


async def test_body_without_end_is_refused_when_it_is_too_long() -> None:
    """*Ours*: whatever length was declared, or none."""
    app = Slow()
    gate = gate_of(app, SMALL)
    parts: list[Message] = [{"type": "http.request", "body": b" " * 400, "more_body": True}] * 9
    start, _ = await raw(gate, *parts)
    assert (start["status"], app.reached, gate.is_idle) == (413, 0, True)


async def test_client_that_goes_away_leaves_nothing_behind() -> None:
    """*Ours*: in the middle of its body."""
    app = Slow()
    gate = gate_of(app, SMALL)
    assert await raw(gate, {"type": "http.disconnect"}) == []
    assert (app.reached, gate.is_idle) == (0, True)
