import json
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from case_tools import KoreSettings
from loopback import LoopbackDesk, Received, Reply
from served import ENVELOPE, INITIALIZE, MODERN, PRACTICE_NOTICE, Served, request, serving

MIB: Final = 1024 * 1024
FOUR: Final = ["create_case", "update_case", "update_task", "search_cases"]
NOT_JSON: Final = (-32700, "The message is not JSON. Nothing was done.")
NO_OBJECT: Final = (-32600, "The message is no JSON object. Nothing was done.")
BATCH: Final = (-32600, "The message is a batch: send each message by itself. Nothing was done.")
NO_VERSION: Final = (-32600, 'The message has no "jsonrpc": "2.0". Nothing was done.')
NO_METHOD: Final = (-32600, "The message's method is no text. Nothing was done.")
NO_PARAMS: Final = (-32600, "The message's params are no object. Nothing was done.")
NO_ID: Final = (-32600, "The message's id is neither a text nor a whole number. Nothing was done.")
NOT_VALID: Final = (-32600, "The message is not valid, or holds a lone surrogate. Nothing was done.")
TOO_LONG: Final = (-32600, "The message is longer than 4 MiB. Nothing was done.")
MARK: Final = "word-of-a-customer"

HOSTILE: Final[dict[bytes, tuple[object, tuple[int, str]]]] = {
    # line -> the id of its answer, and its error
    b"{oops": (None, NOT_JSON),
    b"\xff\xfe\x00": (None, NOT_JSON),
    b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"\xff"}}': (None, NOT_JSON),
    b'\x00{"jsonrpc":"2.0","id":2,"method":"ping"}': (None, NOT_JSON),
    b"[" * 100_000: (None, NOT_JSON),
    b'{"a":' * 100_000: (None, NOT_JSON),
    b'{"jsonrpc":"2.0","id":' + b"9" * 5000 + b',"method":"ping"}': (None, NOT_JSON),
    b"null": (None, NO_OBJECT),
    b"1": (None, NO_OBJECT),
    b'"ping"': (None, NO_OBJECT),
    b"[]": (None, BATCH),
    b'[{"jsonrpc":"2.0","id":3,"method":"ping"}]': (None, BATCH),
    b"{}": (None, NO_VERSION),
    b'{"jsonrpc":"2.0","id":4}': (4, NOT_VALID),
    b'{"jsonrpc":"1.0","id":5,"method":"ping"}': (5, NO_VERSION),
    b'{"jsonrpc":"2.0","id":6,"method":5}': (6, NO_METHOD),
    b'{"jsonrpc":"2.0","id":"seven","method":"ping","params":[1]}': ("seven", NO_PARAMS),
    b'{"jsonrpc":"2.0","id":8,"method":"ping","params":' + b'{"a":' * 300 + b"1" + b"}" * 301: (8, NOT_VALID),
    b'{"jsonrpc":"2.0","id":9,"method":"tools/call","params":'
    b'{"name":"search_cases","arguments":{"searchText":"\\ud800"}}}': (9, NOT_VALID),
    b'{"jsonrpc":"2.0","id":"\\ud800","method":"ping"}': (None, NOT_VALID),
    b'{"jsonrpc":"2.0","method":"notifications/initialized","params":{"x":"\\udfff"}}': (None, NOT_VALID),
    b'{"jsonrpc":"2.0","id":true,"method":"ping"}': (None, NO_ID),
    b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}': (None, NO_ID),
    b'{"jsonrpc":"2.0","id":null,"method":"ping"}': (None, NO_ID),
    b'{"jsonrpc":"2.0","id":[1],"method":"ping"}': (None, NO_ID),
}


def refused(own: object, error: tuple[int, str]) -> dict[str, Any]:
    """Return the whole answer to a line that is no message."""
    code, message = error
    return {"jsonrpc": "2.0", "id": own, "error": {"code": code, "message": message, "data": None}}


def filled(size: int, own: int) -> bytes:
    """Return a search that is, without its line end, so many bytes long."""
    [head, tail] = json.dumps(
        request(own, "tools/call", {"name": "search_cases", "arguments": {"searchText": "@"}})
    ).split("@")
    return f"{head}{'x' * (size - len(head) - len(tail))}{tail}\n".encode()


async def is_alive(server: Served) -> bool:
    """Ask for the tools, and tell whether they are the next answer."""
    answer = await server.ask("alive", "tools/list")
    return bool(answer["id"] == "alive" and [tool["name"] for tool in answer["result"]["tools"]] == FOUR)


async def test_initialize_is_answered_and_nothing_else_is_on_stdout() -> None:
    """*Documented* (specification, stdio): the server must not write anything else to stdout."""
    async with serving() as server:
        answer = await server.ask(1, "initialize", INITIALIZE)
        ended = await server.end()
    result = answer.pop("result")
    assert answer == {"jsonrpc": "2.0", "id": 1}
    assert (result["protocolVersion"], result["serverInfo"]["name"]) == ("2025-11-25", "case-mcp")
    assert ended == (0, b"")
    assert server.errors() == PRACTICE_NOTICE


async def test_requests_before_the_end_of_stdin_are_answered() -> None:
    """*Ours*: a pipe that is written at once and closed is how people try a server."""
    async with serving() as server:
        await server.send(
            request(1, "initialize", INITIALIZE),
            request(2, "tools/list"),
            request(3, "tools/call", {"name": "search_cases", "arguments": {"limit": 1}}),
        )
        status, written = await server.end()
    assert status == 0
    assert {json.loads(line)["id"]: "result" in json.loads(line) for line in written.splitlines()} == {
        1: True,
        2: True,
        3: True,
    }


async def test_client_may_probe_and_then_open_with_the_handshake() -> None:
    """*Ours* (anthropics/claude-code#96183): the SDK alone refuses `initialize` after a probe."""
    async with serving() as server:
        probe = await server.ask(1, "server/discover", {"_meta": ENVELOPE})
        opened = await server.ask(2, "initialize", INITIALIZE)
        assert probe["result"]["supportedVersions"] == [MODERN]
        assert probe["result"]["instructions"] == opened["result"]["instructions"]
        assert await is_alive(server)
        assert await server.end() == (0, b"")


async def test_client_may_probe_and_then_call_in_the_same_era() -> None:
    """*Documented* (specification 2026-07-28, discovery): a probe is followed by requests with the envelope."""
    call = {"name": "search_cases", "arguments": {"searchText": "CS000160"}, "_meta": ENVELOPE}
    async with serving() as server:
        first = await server.ask(1, "server/discover", {"_meta": ENVELOPE})
        called = await server.ask(2, "tools/call", call)
        again = await server.ask(1, "server/discover", {"_meta": ENVELOPE})
        assert await server.end() == (0, b"")
    assert called["result"]["structuredContent"]["total"] == 1
    assert first == again, "our answer to a probe is the SDK's own"


async def test_probe_with_an_unknown_version_is_told_which_there_are_and_fixes_nothing() -> None:
    """*Documented* (specification 2026-07-28: -32022 with `supported` and `requested`)."""
    later = {**ENVELOPE, "io.modelcontextprotocol/protocolVersion": "2031-01-01"}
    async with serving() as server:
        assert await server.ask(1, "server/discover", {"_meta": later}) == {
            "jsonrpc": "2.0",
            "id": 1,
            "error": {
                "code": -32022,
                "message": "Unsupported protocol version",
                "data": {"supported": [MODERN], "requested": "2031-01-01"},
            },
        }
        await server.open()
        assert await is_alive(server)


async def test_line_of_four_mebibytes_is_taken_and_a_longer_one_is_answered() -> None:
    """*Ours*: the HTTP transport's bound; the SDK's stdio has none. A line is counted without its end."""
    async with serving() as server:
        await server.open()
        await server.write(filled(4 * MIB, 1))
        taken = await server.answer()
        assert (taken["id"], taken["result"]["isError"]) == (1, False)
        await server.write(filled(4 * MIB + 1, 2))
        assert await server.answer() == refused(None, TOO_LONG)
        await server.write(b" " * (5 * MIB) + json.dumps(request(3, "ping")).encode() + b"\n")
        assert await server.answer() == refused(None, TOO_LONG)
        assert await is_alive(server)
        assert await server.end() == (0, b"")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from Linux's /proc")
async def test_line_of_64_mebibytes_is_answered_and_takes_little_memory() -> None:
    """*Ours*: the SDK's own transport needed 1.1 GiB for a line of 256 MiB."""
    async with serving() as server:
        await server.open()
        for _ in range(64):
            await server.write(b"y" * MIB)
        await server.write(b"\n")
        assert await server.answer() == refused(None, TOO_LONG)
        assert await is_alive(server)
        status = await anyio.Path(f"/proc/{server.process.pid}/status").read_text()
    [peak] = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")]
    assert peak < 300 * 1024


async def test_every_line_that_is_no_message_is_answered_with_its_id_where_that_is_usable() -> None:
    """*Ours*: the SDK drops such lines in silence, and the client waits for its timeout."""
    async with serving() as server:
        await server.open()
        told = {}
        for line in HOSTILE:
            await server.send(line)
            told[line] = await server.answer()
            assert (await server.ask("next", "ping"))["result"] == {}, line[:80]
        assert await is_alive(server)
        assert await server.end() == (0, b"")
    assert told == {line: refused(own, error) for line, (own, error) in HOSTILE.items()}
    assert server.errors() == PRACTICE_NOTICE


async def test_what_answers_nothing_of_ours_is_not_answered() -> None:
    """*Ours*: a response or an error of the client is no request, and echoing it could go round for ever."""
    async with serving() as server:
        await server.open()
        await server.send(
            {"jsonrpc": "2.0", "id": 1, "result": {}},
            {"jsonrpc": "2.0", "id": 2, "error": {"code": 1, "message": "no"}},
            {"jsonrpc": "2.0", "id": None, "error": {"code": 1, "message": "no"}},
            {"jsonrpc": "2.0", "method": "notifications/of_nobody"},
        )
        assert await is_alive(server)
        assert await server.end() == (0, b"")


async def test_five_thousand_malformed_lines_are_each_answered() -> None:
    """*Ours*: a client out of step must not stop the server."""
    async with serving() as server:
        await server.open()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.write, b"{oops\n" * 5000)
            told = {await server.line() for _ in range(5000)}
        assert [json.loads(line) for line in told] == [refused(None, NOT_JSON)]
        assert await is_alive(server)
        assert await server.end() == (0, b"")


async def test_blank_lines_are_ignored() -> None:
    """*Ours*: they are how some clients keep a pipe warm."""
    async with serving() as server:
        await server.write(b"\n\r\n   \n\t\n")
        await server.open()
        await server.write(b"\n\n \r\n")
        assert await is_alive(server)
        assert await server.end() == (0, b"")


async def test_lines_may_end_as_windows_ends_them() -> None:
    """*Ours*: clients that write text on Windows send CR LF; answers end in LF alone."""
    async with serving() as server:
        for own, method, params in ((1, "initialize", INITIALIZE), (2, "tools/list", None)):
            await server.write(json.dumps(request(own, method, params)).encode() + b"\r\n")
            line = await server.line()
            assert (json.loads(line)["id"], line[-2:]) == (own, b"}\n")
        assert await server.end() == (0, b"")


async def test_last_line_needs_no_end() -> None:
    """*Ours*: `printf` writes none."""
    async with serving() as server:
        await server.write(json.dumps(request(1, "initialize", INITIALIZE)).encode())
        status, written = await server.end()
    assert (status, json.loads(written)["id"]) == (0, 1)


@pytest.fixture
def account_settings(account: KoreSettings) -> dict[str, str]:
    """Give the environment that leads a server process to the loopback desk."""
    assert account.client_secret is not None
    return {
        "KORE_HOST": account.host,
        "KORE_STREAM_ID": account.stream_id,
        "KORE_ACCOUNT_ID": account.account_id,
        "KORE_CLIENT_ID": account.client_id,
        "KORE_CLIENT_SECRET": account.client_secret.get_secret_value(),
        "CASE_MCP_STATE": ":memory:",
    }


@pytest.mark.parametrize("how", ["end of stdin", "SIGINT"])
async def test_server_ends_in_the_middle_of_a_call(
    how: str, loopback: LoopbackDesk, account_settings: dict[str, str]
) -> None:
    """*Ours*: a host that closes must not leave a process behind, also with a desk that hangs."""
    reached, released = threading.Event(), threading.Event()

    def hang(_: Received) -> Reply:
        reached.set()
        released.wait()
        return Reply()

    loopback.answer = hang
    try:
        async with serving(account_settings) as server:
            await server.open()
            await server.send(request(1, "tools/call", {"name": "search_cases", "arguments": {}}))
            await anyio.to_thread.run_sync(reached.wait, abandon_on_cancel=True)
            if how == "SIGINT":
                server.process.send_signal(signal.SIGINT)
                assert await server.process.wait() == 130
            else:
                status, _ = await server.end()
                assert status == 0
    finally:
        released.set()
    assert server.errors() == ""


async def test_interrupt_ends_an_idle_server() -> None:
    """*Ours*: Ctrl-C; a thread that waits on stdin must not keep the process."""
    async with serving() as server:
        await server.open()
        server.process.send_signal(signal.SIGINT)
        assert await server.process.wait() == 130
    assert server.errors() == PRACTICE_NOTICE


async def test_client_that_closes_its_end_of_stdout_does_not_hang_the_server() -> None:
    """*Ours*: answers nobody reads are dropped, and the end of stdin ends the server as ever."""
    reading, writing = os.pipe()
    async with serving(stdout=writing) as server:
        os.close(writing)
        await server.send(request(1, "initialize", INITIALIZE))
        assert await anyio.to_thread.run_sync(os.read, reading, 10)
        os.close(reading)
        await server.send(*(request(own, "tools/list") for own in range(2, 50)))
        assert server.process.stdin is not None
        server.process.stdin.close()
        assert await server.process.wait() == 0
    assert server.errors() == PRACTICE_NOTICE


@pytest.mark.parametrize("era", ["handshake", MODERN])
async def test_nothing_of_the_arguments_is_on_stderr(era: str) -> None:
    """*Ours*: hosts keep a server's stderr in files; a customer's words do not belong there."""
    envelope = {} if era == "handshake" else {"_meta": ENVELOPE}
    asked: list[tuple[str, dict[str, Any]]] = [
        ("tools/call", {"name": "search_cases", "arguments": {"searchText": MARK}}),
        ("tools/call", {"name": "search_cases", "arguments": {MARK: 1, "limit": MARK, "status": [{"x": MARK}]}}),
        ("tools/call", {"name": "update_case", "arguments": {"caseId": MARK, "desc": MARK}}),
        ("tools/call", {"name": "create_case", "arguments": {"name": MARK, "dueDate": MARK}}),
        ("tools/call", {"name": "search_cases", "arguments": MARK}),
        ("tools/call", {"name": MARK, "arguments": {}}),
        ("prompts/get", {"name": MARK}),
        ("prompts/get", {"name": "take_in_a_case", "arguments": {MARK: MARK}}),
        (f"nothing/{MARK}", {}),
        ("resources/read", {"uri": f"file:///{MARK}"}),
    ]
    async with serving() as server:
        if era == "handshake":
            await server.open()
        for own, (method, params) in enumerate(asked):
            assert (await server.ask(own, method, {**params, **envelope}))["id"] == own
        await server.send(
            f'{{"oops": "{MARK}'.encode(),
            f'{{"jsonrpc":"2.0","id":"x","method":"ping","params":{{"x":"{MARK}\\ud800"}}}}'.encode(),
        )
        assert [await server.answer(), await server.answer()] == [refused(None, NOT_JSON), refused("x", NOT_VALID)]
        assert await server.end() == (0, b"")
    assert server.errors() == PRACTICE_NOTICE


async def test_stray_print_does_not_reach_the_client(tmp_path: Path) -> None:
    """*Ours*: a library that prints must not break the protocol; what it says goes to stderr."""
    program = tmp_path / "chatty.py"
    program.write_text(
        "import os, sys\n"
        "import anyio\n"
        "from case_server.mcp.app import build\n"
        "from case_server.stdio import serve_stdio\n"
        "from case_tools import Settings\n"
        "async def main():\n"
        "    async with anyio.create_task_group() as tasks:\n"
        "        tasks.start_soon(serve_stdio, build(Settings(state=':memory:')))\n"
        "        await anyio.sleep(0)\n"
        "        print('stray', flush=True)\n"
        "        os.write(1, b'raw\\n')\n"
        "anyio.run(main)\n"
    )
    process = await anyio.run_process(
        [sys.executable, str(program)],
        input=json.dumps(request(1, "initialize", INITIALIZE)).encode() + b"\n",
    )
    assert [json.loads(line)["id"] for line in process.stdout.splitlines()] == [1]
    assert process.stderr == b"stray\nraw\n"


lines = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([*(line for line in HOSTILE if len(line) < 1000)]),
    st.tuples(st.sampled_from([*HOSTILE]), st.integers(0, 60), st.binary(max_size=3)).map(
        lambda each: (each[0][: each[1]] + each[2] + each[0][each[1] :])[:1000]
    ),
).map(lambda line: line.replace(b"\n", b""))
arguments = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
requests = st.one_of(
    st.tuples(st.just("ping"), st.none()),
    st.tuples(st.text(max_size=20), st.none()),
    st.tuples(
        st.just("tools/call"),
        st.fixed_dictionaries(
            {
                "name": st.sampled_from([*FOUR, "nothing"]),
                "arguments": st.dictionaries(
                    st.sampled_from(["caseId", "name", "limit", "status", "searchText", "x"]),
                    arguments,
                    max_size=4,
                ),
            }
        ),
    ),
)


@pytest.fixture
async def fuzzed() -> AsyncIterator[Served]:
    """Give one server for all examples."""
    async with serving() as server:
        await server.open()
        yield server
        assert await is_alive(server)
        assert server.errors() == PRACTICE_NOTICE


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given=st.lists(st.one_of(lines, requests), min_size=1, max_size=12))
async def test_random_lines_leave_every_request_answered(
    given: list[bytes | tuple[str, dict[str, Any] | None]], fuzzed: Served
) -> None:
    """*Ours*: whatever stands between them, each request with an id gets an answer, and the server lives."""
    waiting = set()
    for number, each in enumerate(given):
        if isinstance(each, bytes):
            await fuzzed.send(each)
        else:
            waiting.add(own := f"request {number}")
            await fuzzed.send(request(own, *each))
    with anyio.fail_after(30):
        while waiting:
            waiting.discard((await fuzzed.answer())["id"])
        await fuzzed.send(request("the last", "ping"))
        while (await fuzzed.answer())["id"] != "the last":
            pass
