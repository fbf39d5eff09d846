"""One caller with much to do, and another who comes after it."""

import threading
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread
import httpx

from case_server.http.limits import Limits
from case_tools import KoreSettings
from loopback import LoopbackDesk, Received, Reply
from served import MODERN, PATIENCE, PRACTICE
from vendor_samples import sample
from web_served import EVERYTHING, Web, headers_of, key_of, message_of, settings_of, web, write_keys

AT_THE_DESK: Final = 8
MESSAGE: Final = message_of(MODERN, "tools/call", name="search_cases", arguments={"limit": 1})


def head_of(server: Web, caller: str, length: int) -> bytes:
    """Return the head of a call whose body is still to come."""
    headers = headers_of(MODERN, MESSAGE, x_api_key=key_of(caller)) | {
        "host": httpx.URL(server.url).netloc.decode(),
        "content-length": str(length),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /mcp HTTP/1.1\r\n{lines}\r\n".encode()


def keys_of(folder: Path) -> dict[str, str]:
    """Return the setting that names two keys."""
    path = folder / "keys.json"
    write_keys(path, {"greedy": EVERYTHING, "modest": EVERYTHING})
    return {"CASE_MCP_KEYS": str(path)}


async def test_slow_bodies_of_one_key_are_in_nobodys_way(tmp_path: Path) -> None:
    """*Ours*: 128 bodies that come in slowly; the 129th is refused, and another key is served at once."""
    most = Limits().bodies
    with web({**PRACTICE, **keys_of(tmp_path)}) as server, anyio.fail_after(PATIENCE):
        url = httpx.URL(server.url)
        async with anyio.create_task_group() as tasks:
            opened: list[anyio.abc.SocketStream] = []
            for _ in range(most):
                stream = await anyio.connect_tcp(url.host, url.port or 80)
                opened.append(stream)
                await stream.send(head_of(server, "greedy", 1000) + b"{")
            statuses = set()
            while 429 not in statuses:  # until the server has seen them all
                late = await server.post(MESSAGE, x_api_key=key_of("greedy"))
                statuses.add(late.status_code)
            answer = await server.post(MESSAGE, x_api_key=key_of("modest"))
            for stream in opened:
                await stream.aclose()
            tasks.cancel_scope.cancel()
    assert answer.status_code == 200
    assert (late.headers["retry-after"], statuses <= {200, 429}) == ("2", True)


async def test_searches_of_one_key_keep_no_other_key_out(
    tmp_path: Path, loopback: LoopbackDesk, account: KoreSettings
) -> None:
    """*Ours*: 300 at once wait for a desk that is slow; another key's search is among the first to be answered."""
    go = threading.Semaphore(0)
    full = threading.Event()

    def slow(_: Received) -> Reply:
        if len(loopback.received) >= AT_THE_DESK:
            full.set()
        go.acquire()
        return Reply.of(sample("search_cases.answer"))

    loopback.answer = slow
    with web({**settings_of(account), **keys_of(tmp_path)}) as server:

        async def search(caller: str) -> int:
            text = {"searchText": caller}
            answer = await server.call("search_cases", text, x_api_key=key_of(caller))
            return answer.status_code

        statuses: list[int] = []
        async with anyio.create_task_group() as tasks:
            for _ in range(300):
                tasks.start_soon(search, "greedy")
            await anyio.to_thread.run_sync(full.wait, abandon_on_cancel=True)

            async def modest() -> None:
                statuses.append(await search("modest"))
                for _ in range(400):
                    go.release()

            tasks.start_soon(modest)
            for _ in range(24):
                go.release()
    assert statuses == [200]


async def test_body_that_was_not_read_is_never_taken_for_a_request(tmp_path: Path) -> None:
    """*Ours*: the connection is closed, whatever the reason of the refusal; so nothing can hide in a body."""
    hidden = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"
    with web({**PRACTICE, **keys_of(tmp_path)}) as server:
        port = httpx.URL(server.url).port or 80
        host = f"host: localhost:{port}\r\n"
        typed = "content-type: application/json\r\n"
        whole = f"content-length: {len(hidden)}\r\n"
        heads = {
            "no key": f"POST /mcp HTTP/1.1\r\n{host}{typed}{whole}",
            "wrong host": f"POST /mcp HTTP/1.1\r\nhost: evil.example\r\n{typed}{whole}",
            "wrong origin": f"POST /mcp HTTP/1.1\r\n{host}origin: http://evil.example\r\n{typed}{whole}",
            "wrong type": f"POST /mcp HTTP/1.1\r\n{host}x-api-key: {key_of('modest')}\r\n{whole}",
            "wrong method": f"PUT /mcp HTTP/1.1\r\n{host}{typed}{whole}",
            "wrong path": f"POST /nothing HTTP/1.1\r\n{host}{typed}{whole}",
            "health": f"GET /healthz HTTP/1.1\r\n{host}{whole}",
            "two lengths": f"GET /healthz HTTP/1.1\r\n{host}{whole}transfer-encoding: chunked\r\n",
            "two lengths, other order": f"GET /healthz HTTP/1.1\r\n{host}transfer-encoding: chunked\r\n{whole}",
            "chunked": f"POST /mcp HTTP/1.1\r\n{host}{typed}transfer-encoding: chunked\r\n",
        }
        for name, head in heads.items():
            body = b"1\r\n{\r\n" if "encoding" in head and "length" not in head else hidden
            answer = await whole_answer(port, f"{head}\r\n".encode() + body)
            assert answer.count(b"HTTP/1.1 ") == 1, (name, answer)
            assert b"connection: close\r\n" in answer, (name, answer)
            assert (b" 400 " in answer.partition(b"\r\n")[0]) == name.startswith("two lengths"), (name, answer)


async def whole_answer(port: int, sent: bytes) -> bytes:
    """Send bytes and return all that comes back until the server closes."""
    received: list[Any] = []
    with anyio.fail_after(PATIENCE):
        async with await anyio.connect_tcp("127.0.0.1", port) as stream:
            await stream.send(sent)
            try:
                while True:
                    received.append(await stream.receive())
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return b"".join(received)


async def test_half_sent_heads_end_after_ten_seconds() -> None:
    """*Ours*: at the start of a connection and after a request; a byte now and then does not help."""
    with web() as server:
        port = httpx.URL(server.url).port or 80
        request = f"GET /healthz HTTP/1.1\r\nhost: localhost:{port}\r\n\r\n".encode()
        starts = [b"G", b"POST /mcp HTTP/1.1\r\nhost: local", request + b"POST /mcp HTTP/1.1\r\nx-half: 1\r\n"]
        answers: list[bytes] = []

        async def one(start: bytes) -> None:
            answers.append(await whole_answer(port, start))

        async with anyio.create_task_group() as tasks:
            for start in starts:
                tasks.start_soon(one, start)
        assert await server.get("/healthz") == (200, "ok")
    assert len(answers) == len(starts)
    assert all(b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n" in answer for answer in answers)
