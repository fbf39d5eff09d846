"""What has left for the desk outlives its caller: the real server process on stdio, and a desk that is slow."""

import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread
import pytest

from case_tools import KoreSettings
from loopback import SECRET, LoopbackDesk, Received, Reply
from served import PATIENCE, Served, environment, serving

pytestmark = pytest.mark.anyio

CREATE: Final = {
    "caseTmp": "ctm-1",
    "name": "Parcel is late",
    "desc": "Ordered on 2 May",
    "userInfo": {"name": "Jane Roe"},
    "emailId": "jane.roe@example.com",
    "dueDate": "2026-12-04T14:15:00Z",
    "source": "rtm",
}
CALL: Final = {"name": "create_case", "arguments": CREATE}


class SlowDesk:
    """Answers a create when the test says so, and no search at all.

    Attributes:
        arrived: set once a create is there.
        gate: lets its answer go.
    """

    def __init__(self, loopback: LoopbackDesk) -> None:
        self.arrived, self.gate = threading.Event(), threading.Event()
        self.creates = 0
        loopback.answer = self._answer

    def _answer(self, received: Received) -> Reply:
        if not received.path.endswith("/createCase"):
            return Reply.of({}, status=500)
        self.creates += 1
        self.arrived.set()
        self.gate.wait(PATIENCE)
        return Reply.of({"_id": "ci-1", "refId": "CS000001", "name": received.body["name"]})


@pytest.fixture
def desk(loopback: LoopbackDesk) -> SlowDesk:
    """Give a slow desk."""
    return SlowDesk(loopback)


@pytest.fixture
def settings(account: KoreSettings, tmp_path: Path) -> dict[str, str]:
    """Give the environment of a server that works on the slow desk and keeps its state in a file."""
    return environment(
        KORE_HOST=account.host,
        KORE_STREAM_ID=account.stream_id,
        KORE_ACCOUNT_ID=account.account_id,
        KORE_CLIENT_ID=account.client_id,
        KORE_CLIENT_SECRET=SECRET,
        CASE_MCP_STATE=str(tmp_path / "state.db"),
    )


@asynccontextmanager
async def creating(settings: dict[str, str], desk: SlowDesk) -> AsyncIterator[Served]:
    """Yield a server process whose create has just arrived at the desk."""
    async with serving(settings) as server:
        await server.open()
        await server.send({"jsonrpc": "2.0", "id": "create", "method": "tools/call", "params": CALL})
        await anyio.to_thread.run_sync(desk.arrived.wait, PATIENCE)
        yield server


async def answered_by_another(settings: dict[str, str]) -> Any:
    """Return what a fresh process on the same state answers to the same call."""
    async with serving(settings) as server:
        await server.open()
        return (await server.ask("again", "tools/call", CALL))["result"]["structuredContent"]


def ends_stdin(server: Served) -> None:
    """Close the client's end of the pipe."""
    assert server.process.stdin is not None
    server.process.stdin.close()


def terminates(server: Served) -> None:
    """Tell the process to end."""
    server.process.send_signal(signal.SIGTERM)


@pytest.mark.parametrize("ends", [ends_stdin, terminates])
async def test_a_server_that_is_told_to_end_hears_the_answer_first(
    ends: Callable[[Served], None], desk: SlowDesk, settings: dict[str, str]
) -> None:
    """Ours: measured on a bare server, both leave a case that nobody knows of; here the ledger has it."""
    async with creating(settings, desk) as server:
        ends(server)
        with anyio.move_on_after(0.5) as waited:
            await server.process.wait()
        assert waited.cancelled_caught
        desk.gate.set()
        assert await server.process.wait() == 0
    assert (await answered_by_another(settings))["outcome"] == "replayed"
    assert desk.creates == 1


async def test_a_call_that_its_client_cancels_is_finished_for_the_next(
    desk: SlowDesk, settings: dict[str, str]
) -> None:
    """Ours: the protocol has clients cancel, and call again."""
    async with creating(settings, desk) as server:
        cancelled = {"requestId": "create", "reason": "too slow"}
        await server.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": cancelled})
        await server.send({"jsonrpc": "2.0", "id": "again", "method": "tools/call", "params": CALL})
        desk.gate.set()
        while (answer := await server.answer()).get("id") != "again":
            pass
    assert (answer["result"]["structuredContent"]["outcome"], desk.creates) == ("replayed", 1)


async def test_a_server_that_is_killed_leaves_what_the_next_one_searches_for(
    desk: SlowDesk, settings: dict[str, str]
) -> None:
    """Ours: nothing is sent again; while the desk cannot be searched, that is said."""
    async with creating(settings, desk) as server:
        server.process.kill()
        await server.process.wait()
        desk.gate.set()
    answer = await answered_by_another({**settings, "CASE_MCP_TIMEOUT": "2"})
    assert (answer["outcome"], desk.creates) == ("unknown", 1)


async def test_a_request_key_in_meta_names_the_one_case_that_is_wanted(
    desk: SlowDesk, settings: dict[str, str]
) -> None:
    """Ours: the key that a client keeps over its own restarts."""
    desk.gate.set()
    async with serving(settings) as server:
        await server.open()
        answers = [
            await server.ask(number, "tools/call", {**CALL, "_meta": {"request_key": key}})
            for number, key in enumerate(["one", "two", "one"])
        ]
    outcomes = [each["result"]["structuredContent"]["outcome"] for each in answers]
    assert (outcomes, desk.creates) == (["created", "created", "replayed"], 2)
