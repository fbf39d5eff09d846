"""The audit as a file: what is in it, how it is checked, and what happens where it cannot be written."""

import contextlib
import itertools
import json
import os
import random
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.lowlevel
import anyio.to_thread
import httpx
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream
from mcp import types

from case_server.audit_file import AuditFile, faults_of, kept_files
from case_tools import KoreSettings
from loopback import LoopbackDesk, Received, Reply
from served import COMMAND, INITIALIZE, MODERN, PATIENCE, PRACTICE, environment, request, run, stdio_connection
from vendor_samples import sample
from web_served import (
    EVERYTHING,
    HANDSHAKE,
    headers_of,
    key_of,
    message_of,
    payload_of,
    settings_of,
    web,
    write_keys,
)

CREATE: Final = {
    "name": "Boiler leaks",
    "desc": "Water on the floor.",
    "userInfo": {"name": "Jane Roe"},
    "emailId": "jane.roe@example.com",
    "dueDate": "2027-01-04T10:00:00Z",
}
KORE: Final = {
    "KORE_HOST": "127.0.0.1:9",
    "KORE_STREAM_ID": "st-00000000-0000-4000-8000-000000000001",
    "KORE_ACCOUNT_ID": "000000000000000000000001",
    "KORE_CLIENT_ID": "cs-00000000-0000-4000-8000-000000000001",
    "KORE_CLIENT_SECRET": "an-invented-secret-of-the-tests-that-is-long-enough",
}
OURS: Final = {"time", "desk", "process", "number", "before", "hash", "ms", "attempts", "arguments"}


def lines_of(path: Path) -> list[dict[str, Any]]:
    """Return the lines without what differs from run to run."""
    lines = [json.loads(line) for file in kept_files(path) for line in file.read_text("ascii").splitlines()]
    return [{name: value for name, value in line.items() if name not in OURS} for line in lines]


async def do_everything(client: Any) -> None:
    """Make every kind of access to case data once."""
    await client.call_tool("search_cases", {"limit": 2})
    await client.call_tool("update_case", {"caseId": "CS000160", "priority": "Low"})
    await client.call_tool("update_case", {"caseId": "CS999999", "priority": "Low"})
    await client.read_resource("case://cases/CS000160")
    await client.read_resource("case://desk")
    await client.complete(
        ref=types.ResourceTemplateReference(uri="case://cases/{ref}"), argument={"name": "ref", "value": "CS0001"}
    )


EVERYTHING_DONE: Final[list[dict[str, Any]]] = [
    {"event": "started"},
    {"event": "call", "tool": "search_cases", "outcome": "found", "rows": 2},
    {"event": "call", "tool": "update_case", "outcome": "updated", "ref": "CS000160"},
    {"event": "call", "tool": "update_case", "outcome": "not_found", "changed": "nothing"},
    {"event": "call", "access": "case", "outcome": "found", "ref": "CS000160"},
    {"event": "call", "access": "desk", "outcome": "found"},
    {"event": "call", "access": "completion", "outcome": "found", "rows": 3},
    {"event": "ended"},
]


def done_by(caller: str) -> list[dict[str, Any]]:
    """Return the lines of a caller who did everything."""
    return [{**line, **({"caller": caller} if line["event"] == "call" else {})} for line in EVERYTHING_DONE]


@pytest.mark.parametrize("mode", ["legacy", MODERN])
async def test_each_access_has_one_line_on_stdio(mode: str, tmp_path: Path) -> None:
    """*Ours*: tools, resources and completions; and the file says where it began and ended."""
    path = tmp_path / "audit.jsonl"
    async with stdio_connection(mode, {**PRACTICE, "CASE_MCP_AUDIT_FILE": str(path)}) as client:
        await do_everything(client)
    assert lines_of(path) == done_by("local")
    assert [*faults_of(path)] == []
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("mode", ["legacy", MODERN])
async def test_each_access_has_one_line_over_http(mode: str, tmp_path: Path) -> None:
    """*Ours*: the same lines, and those of what the gate refuses."""
    path, keys = tmp_path / "audit.jsonl", tmp_path / "keys.json"
    write_keys(keys, {"bot": EVERYTHING, "writer": ("cases:write",)})
    with web({**PRACTICE, "CASE_MCP_AUDIT_FILE": str(path), "CASE_MCP_KEYS": str(keys)}) as server:
        async with server.client(mode, x_api_key=key_of("bot")) as client:
            await do_everything(client)
        key, writer = key_of("bot"), key_of("writer")
        refused = [
            await server.call("search_cases", {}, host="evil.example", x_api_key=key),
            await server.call("search_cases", {}, origin="http://evil.example", x_api_key=key),
            await server.call("search_cases", {}),
            await server.post(b"{oops", x_api_key=key),
            await server.post(message_of(HANDSHAKE, "ping"), x_api_key=key, content_type="text/plain"),
            await server.post(
                message_of(HANDSHAKE, "resources/read", uri="case://cases/CS000160"), HANDSHAKE, x_api_key=writer
            ),
            await server.post(
                message_of(HANDSHAKE, "resources/read", uri="case://cases/CS999999"), HANDSHAKE, x_api_key=key
            ),
        ]
        assert server.end() == 0
    assert [each.status_code for each in refused] == [421, 403, 401, 400, 415, 200, 200]
    expected = done_by("bot")
    expected[-1:-1] = [
        {"event": "call", "outcome": "wrong_host"},
        {"event": "call", "outcome": "wrong_origin"},
        {"event": "call", "tool": "search_cases", "outcome": "no_key"},
        {"event": "call", "caller": "bot", "outcome": "malformed"},
        {"event": "call", "caller": "bot", "outcome": "malformed"},
        {"event": "call", "caller": "writer", "access": "case", "outcome": "insufficient_scope"},
        {"event": "call", "caller": "bot", "access": "case", "outcome": "not_found"},
    ]
    assert lines_of(path) == expected
    assert [*faults_of(path)] == []


async def test_write_that_outlives_its_caller_ends_with_a_line_that_names_its_reference(
    tmp_path: Path, loopback: LoopbackDesk, account: KoreSettings
) -> None:
    """*Ours*: a caller that hangs up does not undo what it has sent."""
    path = tmp_path / "audit.jsonl"
    reached, released = threading.Event(), threading.Event()

    def late(_: Received) -> Reply:
        reached.set()
        released.wait()
        return Reply.of(sample("create_case.answer"))

    loopback.answer = late
    created = {**CREATE, "caseTmp": "ctm-1", "source": "rtm"}
    try:
        with web({**settings_of(account), "CASE_MCP_AUDIT_FILE": str(path)}) as server:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(server.call, "create_case", created)
                await anyio.to_thread.run_sync(reached.wait, abandon_on_cancel=True)
                tasks.cancel_scope.cancel()
            server.told(lambda each: each.get("outcome") == "cancelled")
            released.set()
            server.told(lambda each: each.get("late") is True)
            assert server.end() == 0
    finally:
        released.set()
    [_, cancelled, end, _] = lines_of(path)
    head = {"event": "call", "caller": "local", "tool": "create_case"}
    assert cancelled == {**head, "outcome": "cancelled", "changed": "unknown"}
    assert end == {**head, "outcome": end["outcome"], "ref": end["ref"], "late": True}
    assert (end["outcome"], bool(end["ref"])) == ("created", True)


def written(path: Path, lines: int, *, most_bytes: int = 10**6, writers: int = 1) -> list[Path]:
    """Write lines by turns, and return the files."""
    files = [AuditFile(path, most_bytes=most_bytes) for _ in range(writers)]
    for number, file in zip(range(lines), itertools.cycle(files), strict=False):
        file.append({"event": "call", "ref": f"CS{number:06}"})
    for file in files:
        file.close()
    return kept_files(path)


def take_out(lines: list[bytes], at: int) -> None:
    """Take a line out."""
    del lines[at]


def change(lines: list[bytes], at: int) -> None:
    """Change one digit of a line."""
    lines[at] = lines[at].replace(b"CS0", b"CS1")


def swap(lines: list[bytes], at: int) -> None:
    """Swap a line with the next but one of its process."""
    lines[at], lines[at + 2] = lines[at + 2], lines[at]


def double(lines: list[bytes], at: int) -> None:
    """Write a line twice."""
    lines.insert(at, lines[at])


def invent(lines: list[bytes], at: int) -> None:
    """Put a line in between whose hash is its own."""
    lines.insert(at, lines[at].replace(b'"number": ', b'"number": 1'))


@pytest.mark.parametrize("tamper", [take_out, change, swap, double, invent])
def test_tampering_with_any_line_but_the_last_is_found(
    tamper: Callable[[list[bytes], int], None], tmp_path: Path
) -> None:
    """*Ours*: wherever it is, with two processes on one file, and over files that were rotated."""
    clean = written(tmp_path / "audit.jsonl", 40, most_bytes=3000, writers=2)
    assert len(clean) > 2
    contents = {file: file.read_bytes() for file in clean}
    assert [*faults_of(tmp_path / "audit.jsonl")] == []
    tried = 0
    for file in clean[:-1]:
        whole = contents[file].splitlines(keepends=True)
        for at in range(len(whole) - 2):
            lines = [*whole]
            tamper(lines, at)
            file.write_bytes(b"".join(lines))
            assert [*faults_of(tmp_path / "audit.jsonl")], (file.name, at)
            tried += 1
        file.write_bytes(contents[file])
    assert tried > 20


def test_rotation_loses_nothing_with_two_writers(tmp_path: Path) -> None:
    """*Ours*: every line is in exactly one of the files, none of which is longer than it may be."""
    files = written(tmp_path / "audit.jsonl", 200, most_bytes=2500, writers=2)
    assert all(file.stat().st_size <= 2500 for file in files)
    refs = [line["ref"] for line in lines_of(tmp_path / "audit.jsonl")]
    assert refs == [f"CS{number:06}" for number in range(200)]


def test_command_says_what_is_wrong_and_where(tmp_path: Path) -> None:
    """*Ours*: for the administrator, and by its exit status for a program."""
    path = tmp_path / "audit.jsonl"
    written(path, 5)
    assert run("audit", "verify", str(path)) == (0, "1 file: every line is as it was written.\n", "")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:1], *lines[3:]]))
    assert run("audit", "verify", str(path)) == (1, "audit.jsonl, line 2: 2 lines before it were taken out\n", "")
    status, out, errors = run("audit", "verify", str(tmp_path / "nothing.jsonl"))
    assert (status, out, errors.startswith("case-mcp: The audit ")) == (2, "", True)


async def test_audit_that_cannot_be_written_stops_writes_and_lets_reads_go_on(tmp_path: Path) -> None:
    """*Ours*: until it can be written again; the lines that were lost are counted in it."""
    folder = tmp_path / "audit"
    folder.mkdir()
    path = folder / "audit.jsonl"
    with web({**PRACTICE, "CASE_MCP_AUDIT_FILE": str(path)}) as server:
        update = ("update_case", {"caseId": "CS000160", "priority": "Low"})
        folder.rename(tmp_path / "away")
        first, second, search = [await server.call(*each) for each in (update, update, ("search_cases", {}))]
        ready = await server.get("/readyz")
        (tmp_path / "away").rename(folder)
        assert await server.get("/readyz") == (200, "ok")
        again = await server.call(*update)
        assert server.end() == 0
    assert ready == (503, "audit")
    results = [payload_of(each)["result"] for each in (first, second, search, again)]
    assert [each["isError"] for each in results] == [False, True, False, False]
    refused = results[1]["content"][0]["text"]
    assert refused.startswith("The server cannot write its audit, and makes no changes without it. Nothing was")
    assert [line["event"] for line in lines_of(path)] == ["started", "resumed", "call", "ended"]
    assert lines_of(path)[2]["tool"] == "update_case"
    assert lines_of(path)[1]["missed"] == 3
    assert [*faults_of(path)] == []


def test_audit_that_cannot_be_written_at_start_is_reported(tmp_path: Path) -> None:
    """*Ours*: whoever asks for an audit gets one, or no server."""
    told = run("serve", settings={**PRACTICE, "CASE_MCP_AUDIT_FILE": str(tmp_path / "no" / "audit.jsonl")})
    assert (told[0], told[1]) == (2, "")
    assert "CASE_MCP_AUDIT_FILE" in told[2]


@pytest.fixture
def full_pipe() -> Iterator[int]:
    """Give the end of a pipe that takes nothing more, as of a host that does not read what a server says."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(write, b"x" * 65_536)
    os.set_blocking(write, True)
    yield write
    os.close(read)
    os.close(write)


async def test_stderr_that_nobody_drains_does_not_stop_the_server_over_http(full_pipe: int) -> None:
    """*Ours*: it hung when the pipe was full; lines that find no place are dropped, and it ends in order."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*COMMAND, "serve", "--http", f"127.0.0.1:{port}", "--log-level", "debug"]
    with anyio.fail_after(PATIENCE):
        process = await anyio.open_process(command, stdin=None, stderr=full_pipe, env=environment(**PRACTICE))
        async with process, httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
            try:
                while not await listens(port):
                    await anyio.lowlevel.checkpoint()
                for number in range(60):
                    message = message_of(MODERN, "tools/call", number, name="search_cases", arguments={"limit": 1})
                    answer = await client.post(
                        f"http://127.0.0.1:{port}/mcp", json=message, headers=headers_of(MODERN, message)
                    )
                    assert answer.status_code == 200
                process.terminate()
                assert await process.wait() == 0
            finally:
                if process.returncode is None:
                    process.kill()


async def listens(port: int) -> bool:
    """Say whether somebody listens on a port."""
    try:
        await (await anyio.connect_tcp("127.0.0.1", port)).aclose()
    except OSError:
        return False
    return True


async def test_stderr_that_nobody_drains_does_not_stop_the_server_on_stdio(full_pipe: int) -> None:
    """*Ours*: as a host may do that only reads stdout."""
    settings = {**PRACTICE, "CASE_MCP_DESK": "kore"} | KORE
    with anyio.fail_after(PATIENCE):
        command = [*COMMAND, "serve", "--log-level", "debug"]
        process = await anyio.open_process(command, stderr=full_pipe, env=environment(**settings))
        async with process:
            assert process.stdin is not None
            assert process.stdout is not None
            answers = BufferedByteReceiveStream(process.stdout)
            calls = [
                request(number, "tools/call", {"name": "search_cases", "arguments": {"limit": "many"}})
                for number in range(60)
            ]
            for message in [request("open", "initialize", INITIALIZE), *calls]:
                await process.stdin.send(json.dumps(message).encode() + b"\n")
                assert json.loads(await answers.receive_until(b"\n", 100_000))["id"] == message["id"]
            await process.stdin.aclose()
            assert await process.wait() == 0


def test_any_text_where_a_line_belongs_is_a_fault_and_no_crash(tmp_path: Path) -> None:
    """*Ours*: a file that was cut, filled or mixed with another is said to be so."""
    path = tmp_path / "audit.jsonl"
    written(path, 3)
    good = path.read_bytes()
    chance = random.Random(7)
    for noise in (b"\n", b"{}\n", b"[]\n", b"\xff\xfe\n", b'{"process": 1}\n', chance.randbytes(100), good[:50]):
        path.write_bytes(good + noise)
        assert [*faults_of(path)], noise
