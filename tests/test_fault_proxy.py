"""The tools of the proof: the proxy cuts at the byte that a plan names, and the desk's answers are the pages'."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Literal

import anyio
import pytest

from faults.desk import Reply, scripted
from faults.kore import STREAM_ID, Kore
from faults.messages import Message, read_message
from faults.proxy import Cut, Door, Proxy, proxied
from faults.talkdesk import Talkdesk
from served import PATIENCE
from vendor_samples import sample

PATH = f"/caseManagement/api/public/analytics/{STREAM_ID}"
CASE = {
    "name": "Late parcel",
    "desc": "Not here.",
    "userInfo": {"name": "Jane Roe"},
    "emailId": "jane@example.com",
}
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"


def request(target: str, body: Mapping[str, Any], method: str = "POST") -> bytes:
    """Return a request's bytes."""
    content = json.dumps(body).encode()
    return f"{method} {target} HTTP/1.1\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content


class Far:
    """The far side of a proxy: it keeps the bytes that come, and answers whole requests."""

    def __init__(self) -> None:
        self.came = b""
        self.ended = anyio.Event()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, however it ends."""
        with suppress(ConnectionResetError):
            while data := await reader.read(4096):
                self.came += data
                if self.came.endswith(b"}"):
                    writer.write(ANSWER)
        writer.close()
        self.ended.set()


@asynccontextmanager
async def between() -> AsyncIterator[tuple[Far, Proxy]]:
    """Yield a far side, and the proxy before it."""
    far = Far()
    server = await asyncio.start_server(far.connected, "127.0.0.1", 0)
    with anyio.fail_after(PATIENCE):
        async with server, proxied(server.sockets[0].getsockname()[1]) as proxy:
            yield far, proxy


async def heard(reader: asyncio.StreamReader) -> tuple[bytes, str]:
    """Return what still comes, and how it ends."""
    data = b""
    try:
        while part := await reader.read(4096):
            data += part
    except ConnectionResetError:
        return data, "reset"
    return data, "closed"


@pytest.mark.parametrize("size", [0, 1, 7, -1])
async def test_only_the_bytes_named_of_a_request_pass(size: int) -> None:
    """*Ours*: half a request is a number of bytes, not a matter of luck."""
    whole = request("/x", CASE)
    async with between() as (far, proxy):
        proxy.plan = lambda _: Cut(request=size)
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(whole)
        assert await heard(reader) == (b"", "reset")
        await far.ended.wait()
        writer.close()
    assert far.came == whole[:size]


@pytest.mark.parametrize(("size", "then"), [(0, "reset"), (5, "close"), (-3, "close")])
async def test_only_the_bytes_named_of_an_answer_pass(size: int, then: Literal["reset", "close"]) -> None:
    """*Ours*: the desk has done it, and the server hears this much of that."""
    async with between() as (far, proxy):
        proxy.plan = lambda _: Cut(answer=size, then=then)
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(request("/x", CASE))
        assert await heard(reader) == (ANSWER[:size], "reset" if then == "reset" else "closed")
        writer.close()
    assert far.came == request("/x", CASE)


async def test_request_that_hangs_is_answered_by_nobody_and_ends_with_its_sender() -> None:
    """*Ours*: a timeout after the commit; the far side has it all, the near side nothing."""
    async with between() as (far, proxy):
        proxy.plan = lambda _: Cut(answer=0, then="hang")
        answered = anyio.Event()

        async def watch(_: Message, when: str) -> None:
            if when == "answered":
                answered.set()

        proxy.watch = watch
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(request("/x", CASE))
        await answered.wait()
        writer.write_eof()
        assert await heard(reader) == (b"", "reset")
        await far.ended.wait()
        writer.close()
    assert far.came == request("/x", CASE)


@pytest.mark.parametrize("cut", [Cut(), Cut(drip=0.0001), Cut(late=0.0001)])
async def test_what_is_only_slow_comes_whole(cut: Cut) -> None:
    """*Ours*: also on a connection that is used again."""
    async with between() as (_, proxy):
        proxy.plan = lambda _: cut
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        for _ in range(2):
            writer.write(request("/x", CASE))
            answer = await read_message(reader)
            assert answer is not None
            assert answer.whole == ANSWER
        writer.close()
        assert await heard(reader) == (b"", "closed")


@pytest.mark.parametrize(("door", "expected"), [("refuses", "refused"), ("resets", "reset")])
async def test_door_that_is_shut_lets_nobody_in_until_it_opens(door: Door, expected: str) -> None:
    """*Ours*: the port stays the same."""
    async with between() as (far, proxy):
        await proxy.set_door(door)
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            writer.write(b"x")
            met = (await heard(reader))[1]
        except ConnectionRefusedError:
            met = "refused"
        assert (met, far.came) == (expected, b"")
        await proxy.set_door("open")
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(request("/x", CASE))
        answer = await read_message(reader)
        assert answer is not None
        assert answer.whole == ANSWER
        writer.close()


async def test_connection_that_hangs_is_made_once_the_door_opens() -> None:
    """*Ours*: a connect timeout needs a connection that is neither made nor refused."""
    async with between() as (far, proxy):
        await proxy.set_door("hangs")
        connecting = asyncio.ensure_future(asyncio.open_connection("127.0.0.1", proxy.port))
        await asyncio.wait([connecting], timeout=0.1)
        assert not connecting.done()
        await proxy.set_door("open")
        reader, writer = await connecting
        writer.write(request("/x", CASE))
        answer = await read_message(reader)
        assert answer is not None
        assert answer.whole == ANSWER
        writer.close()
    assert far.came == request("/x", CASE)


async def test_desk_does_every_write_and_shows_no_more_than_the_samples() -> None:
    """*Documented* (pages "Create a case", "Get Cases"): no key of theirs tells a repeat from a new request."""
    async with scripted(Kore()) as desk:
        reader, writer = await asyncio.open_connection("127.0.0.1", desk.port)
        shown = []
        for target, body in (
            ("createCase", CASE),
            ("createCase", CASE),
            ("getCases", {"searchText": "late", "skip": 1, "limit": 1}),
        ):
            writer.write(request(f"{PATH}/{target}", body))
            answer = await read_message(reader)
            assert answer is not None
            shown.append(json.loads(answer.body))
        writer.close()
    assert [case.title for case in desk.cases] == ["Late parcel", "Late parcel"]
    assert {*shown[0]} == {*sample("create_case.answer")}
    assert {*shown[2]["results"][0]} == {*sample("search_cases.answer")["results"][0]}
    assert (shown[2]["results"][0]["_id"], shown[2]["totalResults"]) == (shown[0]["_id"], 2)
    assert desk.asked == {"create": 2, "search": 1}


@pytest.mark.parametrize("commit", [True, False])
async def test_desk_that_answers_an_error_did_it_or_did_not(commit: bool) -> None:
    """*Ours*: what an error says of the write is the script's to choose."""
    body = {"title": "Late parcel", "description": "Not here."}
    async with scripted(Talkdesk()) as desk:
        desk.script = lambda _, __: Reply(status=503, commit=commit)
        reader, writer = await asyncio.open_connection("127.0.0.1", desk.port)
        writer.write(request("/cm/core/va/cases", body))
        answer = await read_message(reader)
        writer.close()
    assert answer is not None
    assert (answer.first[1], {*json.loads(answer.body)} >= {"code", "message"}) == ("503", True)
    assert len(desk.cases) == commit
