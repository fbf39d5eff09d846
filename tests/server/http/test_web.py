"""MCP over HTTP: what is served, where, and how it ends."""

import contextlib
import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread
import httpx
import pytest
from mcp import Client, types

from case_server.http.addresses import listener_at
from case_tools import KoreSettings
from loopback import LoopbackDesk, Received, Reply
from served import COMMAND, MODERN, PATIENCE, PRACTICE, environment, run
from vendor_samples import sample
from web_served import ERAS, HANDSHAKE, Web, headers_of, message_of, payload_of, settings_of, web

FOUR = ["create_case", "update_case", "update_task", "search_cases"]
MANY_TOOLS = {**PRACTICE, "CASE_MCP_TOOLSETS": "cases,tasks"}


@pytest.fixture(scope="module")
def practice() -> Iterator[Web]:
    """Give a server on the practice desk for tests that leave it as it was."""
    with web() as server:
        yield server
        assert server.end() == 0


@pytest.mark.parametrize("mode", ["legacy", MODERN, "auto"])
async def test_clients_of_both_eras_list_and_call_over_http(mode: str, practice: Web) -> None:
    """*Ours*: what stdio serves is served over HTTP, without a session that ties a client to a replica."""
    async with Client(practice.url, mode=mode) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == FOUR
        result = await client.call_tool("search_cases", {"searchText": "CS000160"})
        prompts = await client.list_prompts()
    assert result.structured_content is not None
    assert [case["ref"] for case in result.structured_content["cases"]] == ["CS000160"]
    assert "take_in_a_case" in [prompt.name for prompt in prompts.prompts]


async def test_answer_carries_no_session_and_no_servers_name(practice: Web) -> None:
    """*Ours*: any replica may take the next request; what runs here is nobody's business."""
    for era in ERAS:
        answer = await practice.call("search_cases", {"limit": 1}, era)
        assert answer.status_code == 200
        assert not {"mcp-session-id", "server"} & {*answer.headers}


def test_start_is_told_in_one_line_and_so_is_the_end() -> None:
    """*Ours*: the chosen port and what is served, for whoever started it."""
    with web() as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert server.end() == 0
    told = [{name: value for name, value in each.items() if name != "time"} for each in server.records]
    head = {"level": "info", "logger": "case_server.http"}
    assert told == [
        {
            **head,
            "event": "serving",
            "url": server.url,
            "desk": "embedded",
            "access": "full",
            "keys": False,
            "note": "practice desk; no customer is reached",
        },
        {**head, "event": "ended"},
    ]


async def test_health_pages_say_ok_and_nothing_else(practice: Web) -> None:
    """*Ours*: load balancers probe by address, without a key or a name."""
    async with httpx.AsyncClient(trust_env=False) as client:
        for path in ("/healthz", "/readyz"):
            page = await client.get(practice.url.removesuffix("/mcp") + path, headers={"host": "10.0.0.7"})
            assert (page.status_code, page.text) == (200, "ok")
    assert (await practice.get("/"))[0] == 404


async def test_other_methods_are_refused(practice: Web) -> None:
    """*Documented* (Streamable HTTP): a server that offers no stream answers GET with 405."""
    async with httpx.AsyncClient(trust_env=False) as client:
        for method in ("GET", "DELETE", "PUT", "OPTIONS", "HEAD"):
            answer = await client.request(method, practice.url, headers={"accept": "text/event-stream"})
            assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_path_with_a_slash_is_the_same(practice: Web) -> None:
    """*Ours*: an address that somebody typed must not lose its body to a redirect."""
    message = message_of(MODERN, "tools/list")
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"{practice.url}/", json=message, headers=headers_of(MODERN, message))
    assert answer.status_code == 200


NOT_MESSAGES: Final[dict[bytes, tuple[int, object]]] = {
    # body -> code of the error, and the id that it answers
    b"": (types.PARSE_ERROR, None),
    b"{oops": (types.PARSE_ERROR, None),
    b"[" * 100_000: (types.PARSE_ERROR, None),
    b'{"a":' * 100_000: (types.PARSE_ERROR, None),
    b'{"jsonrpc":"2.0","id":' + b"9" * 5000 + b',"method":"ping"}': (types.PARSE_ERROR, None),
    b'{"jsonrpc":"2.0","id":8,"method":"ping","params":' + b'{"a":' * 300 + b"1" + b"}" * 301: (-32600, 8),
    b'[{"jsonrpc":"2.0","id":3,"method":"ping"}]': (types.INVALID_REQUEST, None),
    b'{"jsonrpc":"2.0","id":5,"method":5,"params":"canary"}': (types.INVALID_REQUEST, 5),
    b'{"jsonrpc":"2.0","id":null,"method":"tools/call"}': (types.INVALID_REQUEST, None),
    b'"canary"': (types.INVALID_REQUEST, None),
}


@pytest.mark.parametrize("era", ERAS)
async def test_body_that_is_no_message_is_refused(era: str, practice: Web) -> None:
    """*Ours*: with the id where there is one, and without repeating what was sent."""
    answers = [await practice.post(body, era) for body in NOT_MESSAGES]
    assert [each.status_code for each in answers] == [400] * len(NOT_MESSAGES)
    errors = [each.json() for each in answers]
    assert [(each["error"]["code"], each["id"]) for each in errors] == [*NOT_MESSAGES.values()]
    assert "canary" not in "".join(each.text for each in answers)
    assert (await practice.call("search_cases", {"limit": 1}, era)).status_code == 200


async def test_body_beyond_the_limit_is_refused(practice: Web) -> None:
    """*Ours*: 1 MiB; the connection is closed, as the rest of the body is not read."""
    empty = len(json.dumps(message_of(HANDSHAKE, "ping", filler="")))
    bodies = [
        json.dumps(message_of(HANDSHAKE, "ping", filler="x" * (1024 * 1024 - empty + more))).encode()
        for more in (0, 1)
    ]
    assert [len(body) for body in bodies] == [1024 * 1024, 1024 * 1024 + 1]
    fits, too_long = [await practice.post(body, HANDSHAKE) for body in bodies]
    assert (fits.status_code, too_long.status_code, too_long.headers["connection"]) == (200, 413, "close")
    assert too_long.json()["error"]["message"] == "The message is longer than 1048576 bytes. Nothing was done."


@pytest.mark.parametrize("head", [b"POST /mcp HTTP/1.1\r\nx: " + b"x" * 300_000, b"\x16\x03\x01\r\n\r\n"])
async def test_bytes_that_are_no_request_are_refused(head: bytes, practice: Web) -> None:
    """*Ours*: a head without end, and TLS on the plain port, end the connection and nothing else."""
    url = httpx.URL(practice.url)
    async with await anyio.connect_tcp(url.host, url.port or 80) as stream:
        await stream.send(head)
        assert (await stream.receive()).startswith(b"HTTP/1.1 400")
    assert await practice.get("/healthz") == (200, "ok")


@pytest.mark.parametrize("era", ERAS)
async def test_terminated_server_answers_what_is_under_way_and_leaves_with_0(
    era: str, loopback: LoopbackDesk, account: KoreSettings
) -> None:
    """*Ours*: meanwhile it is not ready and takes no new call; a case being opened is not lost to a deployment."""
    reached, released = threading.Event(), threading.Event()

    def wait(_: Received) -> Reply:
        reached.set()
        released.wait()
        return Reply.of(sample("search_cases.answer"))

    loopback.answer = wait
    answers: list[httpx.Response] = []
    try:
        with web(settings_of(account)) as server:

            async def search() -> None:
                answers.append(await server.call("search_cases", {}, era))

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(search)
                await anyio.to_thread.run_sync(reached.wait, abandon_on_cancel=True)
                server.process.terminate()
                while (ready := await server.get("/readyz")) == (200, "ok"):
                    pass
                late = await server.call("search_cases", {}, era)
                released.set()
            assert await anyio.to_thread.run_sync(server.ended) == 0
    finally:
        released.set()
    assert ready == (503, "draining")
    assert (late.status_code, late.headers["retry-after"], late.headers["connection"]) == (503, "2", "close")
    assert late.json()["error"]["message"].startswith("The server is about to end. Nothing was done.")
    assert [each.status_code for each in answers] == [200]
    assert payload_of(answers[0])["result"]["isError"] is False
    assert [each["outcome"] for each in server.audited(2)] == ["draining", "found"]
    assert len(loopback.received) == 1


async def test_second_signal_does_not_wait_for_what_is_under_way(
    loopback: LoopbackDesk, account: KoreSettings
) -> None:
    """*Ours*: a person who presses Ctrl-C twice means it."""
    reached, released = threading.Event(), threading.Event()

    def wait(_: Received) -> Reply:
        reached.set()
        released.wait()
        return Reply()

    loopback.answer = wait
    try:
        with web(settings_of(account)) as server:

            async def search() -> None:
                with contextlib.suppress(httpx.HTTPError):  # its end is not what is tested
                    await server.call("search_cases", {})

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(search)
                await anyio.to_thread.run_sync(reached.wait, abandon_on_cancel=True)
                server.process.terminate()
                while await server.get("/readyz") == (200, "ok"):
                    pass
                server.process.terminate()
                assert await anyio.to_thread.run_sync(server.ended) == 0
    finally:
        released.set()


@pytest.mark.parametrize("address", ["[::1]:0", "localhost:0"])
async def test_every_name_of_this_machine_may_be_served_without_a_key(address: str) -> None:
    """*Ours*: what decides is the address that the name stands for."""
    with web(address=address) as server:
        assert (await server.call("search_cases", {"limit": 1})).status_code == 200


OPEN = "0.0.0.0 can be reached from other machines, and"
MEND = "Set them, or serve 127.0.0.1."
NO_KEYS = "The keys file /nowhere/keys.json cannot be read: No such file or directory."
ALL_SET = {**PRACTICE, "CASE_MCP_KEYS": "/nowhere/keys.json", "CASE_MCP_ACCESS": "full"}


@pytest.mark.parametrize(
    ("settings", "arguments", "line"),
    [
        (
            {},
            (),
            f"{OPEN} CASE_MCP_KEYS, CASE_MCP_DESK, CASE_MCP_ACCESS, --allow-host are missing. {MEND}",
        ),
        (
            {"CASE_MCP_KEYS": " ", "CASE_MCP_DESK": "embedded"},
            ("--allow-host", "cases.example.com"),
            f"{OPEN} CASE_MCP_KEYS, CASE_MCP_ACCESS are missing. {MEND}",
        ),
        (ALL_SET, (), f"{OPEN} --allow-host is missing. {MEND}"),
        *(
            (
                {name: value for name, value in ALL_SET.items() if name != left_out},
                ("--allow-host", "cases.example.com"),
                f"{OPEN} {left_out} is missing. {MEND}",
            )
            for left_out in ("CASE_MCP_KEYS", "CASE_MCP_DESK", "CASE_MCP_ACCESS")
        ),
        (
            ALL_SET,
            ("--allow-host", "cases.example.com"),
            f"{NO_KEYS} Add a key with case-mcp keys add.",
        ),
    ],
)
def test_open_address_is_refused_with_everything_that_is_missing(
    settings: dict[str, str], arguments: tuple[str, ...], line: str
) -> None:
    """*Ours*: at start, all at once; a default is no decision there."""
    told = run("serve", "--http", "0.0.0.0:0", *arguments, settings={"CASE_MCP_STATE": ":memory:", **settings})
    assert told == (2, "", f"case-mcp: {line}\n")


def test_desk_must_be_named_for_an_open_address_though_its_account_is_set(account: KoreSettings) -> None:
    """*Ours*: a variable that is lost in a deployment must not turn a desk of customers into another."""
    settings = {name: value for name, value in settings_of(account).items() if name != "CASE_MCP_DESK"}
    _, _, errors = run("serve", "--http", "0.0.0.0:0", settings=settings)
    assert "CASE_MCP_DESK" in errors


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        *(
            (
                ("--http", address),
                f"--http {address!r} is no address. Give HOST:PORT, e.g. 127.0.0.1:8000 or [::1]:8000.",
            )
            for address in (
                "",
                "8000",
                "localhost",
                "localhost:65536",
                "http://localhost:8000",
                "no.such.host.invalid:80",
            )
        ),
        (
            ("--http", "127.0.0.1:0", "--allow-host", "https://cases.example.com"),
            "--allow-host 'https://cases.example.com' is no host. Give a name, e.g. cases.example.com.",
        ),
        (
            ("--http", "127.0.0.1:0", "--allow-origin", "bots.example.com"),
            "--allow-origin 'bots.example.com' is no origin. Give one, e.g. https://bots.example.com.",
        ),
        (
            ("--allow-host", "cases.example.com"),
            "--allow-host and --allow-origin belong to --http. Add it, or leave them out.",
        ),
    ],
)
def test_wrong_argument_is_told_in_one_line(arguments: tuple[str, ...], line: str) -> None:
    """*Ours*: as every wrong setting is."""
    assert run("serve", *arguments) == (2, "", f"case-mcp: {line}\n")


def test_port_in_use_is_told() -> None:
    """*Ours*: the usual mistake is a second server."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        status, out, errors = run("serve", "--http", address)
    assert (status, out) == (2, "")
    assert f"{address} cannot be served: Address already in use." in errors


def test_answers_are_sent_at_once() -> None:
    """*Ours*: asyncio holds the last part of an answer back unless the protocol is named."""
    with listener_at(socket.AF_INET, ("127.0.0.1", 0), "127.0.0.1:0") as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_stdio_does_not_import_what_http_needs() -> None:
    """*Ours*: a host waits for a stdio server's start; nothing of this may make it longer."""
    code = (
        "import sys, case_server.cli.main, case_server.mcp.app, case_server.stdio; "
        "ours = {'web', 'auth', 'keys', 'key_commands', 'limits', 'refusals'}; "
        "print(sorted(name for name in sys.modules if name.removeprefix('case_server.') in ours "
        "and name.startswith('case_server.')))"
    )
    done = subprocess.run(
        [COMMAND[0], "-c", code], capture_output=True, text=True, check=True, env=environment(), timeout=PATIENCE
    )
    assert done.stdout == "[]\n"


async def test_read_only_server_has_no_other_tools() -> None:
    """*Ours*: whatever the scopes; a call of another one is answered as one that does not exist."""
    told: list[Any] = []
    with web({**MANY_TOOLS, "CASE_MCP_ACCESS": "read_only"}) as server:
        for era in ERAS:
            listed = await server.post(message_of(era, "tools/list"), era)
            told.append([tool["name"] for tool in payload_of(listed)["result"]["tools"]])
            called = await server.call("update_case", {"caseId": "CS000160", "name": "No"}, era)
            told.append(payload_of(called)["error"]["message"])
        outcomes = [each["outcome"] for each in server.audited(2)]
    names = ["search_cases", "search_tasks"]
    message = "Unknown tool. This server is read-only and has search_cases, search_tasks."
    assert told == [names, message, names, message]
    assert outcomes == ["unknown_tool", "unknown_tool"]


def test_headers_of_the_tests_are_those_of_the_eras() -> None:
    """*Documented* (2026-07-28, routing headers): what the raw requests of these tests send."""
    message = message_of(MODERN, "tools/call", name="search_cases", arguments={})
    assert headers_of(MODERN, message)["mcp-name"] == "search_cases"
    assert "mcp-name" not in headers_of(HANDSHAKE, message)


async def test_server_whose_state_cannot_be_opened_is_not_ready(tmp_path: Path) -> None:
    """*Ours*: it lives, and says to whoever starts it what to mend."""
    state = tmp_path / "state.db"
    state.write_text("These are somebody's notes.")
    state.chmod(0o600)
    with web({"CASE_MCP_DESK": "embedded", "CASE_MCP_STATE": str(state)}) as server:
        assert await server.get("/healthz") == (200, "ok")
        assert await server.get("/readyz") == (503, "state")
        [line] = server.told(lambda each: each["level"] == "error")
    assert line["event"].startswith("no call can be taken: ")
    assert str(state) in line["event"]
