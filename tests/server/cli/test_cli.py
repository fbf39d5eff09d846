import os
import pty
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread
import pytest
from mcp import Client, types

from case_server import __version__
from contract import undated_words
from served import COMMAND, PATIENCE, PRACTICE, PRACTICE_NOTICE, environment, run, stdio_connection

IN_MEMORY: Final = {"CASE_MCP_STATE": ":memory:"}
KORE: Final = {
    "KORE_HOST": "platform.kore.example",
    "KORE_STREAM_ID": "st-00000000-0000-4000-8000-000000000001",
    "KORE_ACCOUNT_ID": "000000000000000000000001",
    "KORE_CLIENT_ID": "cs-00000000-0000-4000-8000-000000000001",
    "KORE_CLIENT_SECRET": "an-invented-secret-of-the-tests",
}
LEAK: Final = {
    "name": "Boiler leaks",
    "desc": "Water on the floor.",
    "userInfo": {"name": "Jane Roe"},
    "emailId": "jane.roe@example.com",
    "dueDate": "2027-01-04T10:00:00Z",
}
MEND: Final = "Set that in the environment and start again."


@asynccontextmanager
async def practice_desk(
    *arguments: str, settings: Mapping[str, str], end: signal.Signals = signal.SIGINT
) -> AsyncIterator[dict[str, str]]:
    """Yield the settings that `case-mcp desk` prints; end it with a signal, as a person does."""
    with anyio.fail_after(PATIENCE), tempfile.TemporaryFile() as errors:
        async with await anyio.open_process(
            [*COMMAND, "desk", *arguments], env=environment(**settings), stderr=errors
        ) as process:
            assert process.stdout is not None
            try:
                printed = (await process.stdout.receive()).decode()
                assert printed.endswith("\n")
                yield dict(line.split("=", 1) for line in printed.splitlines())
                process.send_signal(end)
                await process.wait()
            finally:
                if process.returncode is None:
                    process.kill()
        errors.seek(0)
        assert errors.read() == b"case-mcp: practice desk; stop it with Ctrl-C\n"


async def asked(client: Client, tool: str, **arguments: object) -> types.CallToolResult:
    """Call a tool."""
    return await client.call_tool(tool, arguments)


def words(result: types.CallToolResult) -> str:
    """Return a result's text."""
    [part] = result.content
    assert isinstance(part, types.TextContent)
    return part.text


async def found(settings: Mapping[str, str], searched: str) -> list[dict[str, Any]]:
    """Search through a server process that the settings lead to the desk."""
    async with stdio_connection("auto", settings) as client:
        result = await asked(client, "search_cases", searchText=searched)
    assert result.structured_content is not None, words(result)
    return [{key: row[key] for key in ("ref", "title")} for row in result.structured_content["cases"]]


def test_help_names_the_commands() -> None:
    """*Ours*: the first thing that anybody tries."""
    status, out, err = run("--help")
    assert (status, err) == (0, "")
    assert out.startswith("usage: case-mcp ")
    assert [word for word in ("serve", "demo", "desk", "--version") if word not in out] == []


def test_version_is_the_distributions() -> None:
    """*Ours*: what a report of a fault begins with."""
    assert run("--version") == (0, f"case-mcp {__version__}\n", "")


def test_bare_command_serves_a_pipe_until_it_ends() -> None:
    """*Ours*: hosts start a command without arguments as often as with them."""
    assert run() == (0, "", PRACTICE_NOTICE)
    assert run("serve") == (0, "", PRACTICE_NOTICE)


def test_bare_command_on_a_terminal_prints_the_help() -> None:
    """*Ours*: a person who types the name must not face a silent process."""
    controller, terminal = pty.openpty()
    try:
        done = subprocess.run(
            COMMAND,
            stdin=terminal,
            capture_output=True,
            text=True,
            env=environment(**PRACTICE),
            timeout=PATIENCE,
            check=False,
        )
    finally:
        os.close(controller)
        os.close(terminal)
    assert (done.returncode, done.stdout, done.stderr) == run("--help")


def test_installed_command_is_the_module() -> None:
    """*Ours*: `case-mcp` is what the README and the hosts call."""
    command = Path(sys.executable).with_name("case-mcp")
    assert subprocess.run(
        [command, "--version"], capture_output=True, text=True, timeout=PATIENCE, check=True
    ).stdout == (f"case-mcp {__version__}\n")


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (
            {"CASE_MCP_DESKK": "embedded"},
            "CASE_MCP_DESKK is not a setting of this version. Did you mean CASE_MCP_DESK?",
        ),
        ({"CASE_MCP_DESK": "zendesk"}, f"CASE_MCP_DESK must be 'embedded', 'kore' or 'talkdesk'. {MEND}"),
        (
            {"CASE_MCP_DESK": "kore"},
            f"{' '.join(f'{name} is missing.' for name in KORE)} {MEND}",
        ),
        (
            {key: value for key, value in KORE.items() if key != "KORE_CLIENT_SECRET"},
            f"KORE_CLIENT_SECRET is missing. {MEND}",
        ),
        (
            {**KORE, "KORE_HOST": "http://platform.kore.example"},
            f"KORE_HOST may use plain http only for this machine (loopback): use https. {MEND}",
        ),
        (
            {**KORE, "KORE_STREAMID": "st-1"},
            "KORE_STREAMID is not a setting of this version. Did you mean KORE_STREAM_ID?",
        ),
        (
            {**KORE, "TALKDESK_ACCOUNT": "acme"},
            "KORE_* and TALKDESK_* are set. Set CASE_MCP_DESK to kore or talkdesk.",
        ),
    ],
)
def test_wrong_setting_is_told_in_one_line(settings: dict[str, str], line: str) -> None:
    """*Ours*: at start, on stderr, with the setting's name; never a fall-back to the practice desk."""
    assert run("serve", settings=settings) == (2, "", f"case-mcp: {line}\n")


def test_wrong_settings_value_is_not_repeated() -> None:
    """*Ours*: a secret pasted into the wrong setting must not end in a log."""
    status, out, err = run("serve", settings={**KORE, "KORE_STREAM_ID": "hunter2", "CASE_MCP_TIMEOUT": "hunter2"})
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("case-mcp: KORE_STREAM_ID ")
    assert "hunter2" not in err


@pytest.mark.parametrize(
    "arguments", [("close",), ("serve", "--htpp"), ("desk", "--port", "first"), ("demo", "2")]
)
def test_wrong_command_line_is_told_with_the_usage(arguments: tuple[str, ...]) -> None:
    """*Ours*: argparse's own words, and nothing on stdout."""
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("usage: case-mcp")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--port", "65536"), "Port 65536 cannot be used. Give another, or 0 for a free one."),
        (("--port", "-1"), "Port -1 cannot be used. Give another, or 0 for a free one."),
        (("--rate", "-1"), "--rate is negative. Give a number of requests a minute."),
    ],
)
def test_desk_that_cannot_start_says_why(arguments: tuple[str, ...], line: str) -> None:
    """*Ours*: one line, and no settings of a desk that is not there."""
    assert run("desk", *arguments, settings=IN_MEMORY) == (2, "", f"case-mcp: {line}\n")


def test_desk_on_a_port_in_use_says_so() -> None:
    """*Ours*: the usual mistake is a second desk."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run("desk", "--port", str(port), settings=IN_MEMORY) == (
            2,
            "",
            f"case-mcp: Port {port} cannot be used. Give another, or 0 for a free one.\n",
        )


def test_desk_with_a_file_of_another_program_says_so(tmp_path: Path) -> None:
    """*Ours*: somebody's file is told, not overwritten and not traced back."""
    file = tmp_path / "desk.db"
    file.write_text("These are somebody's notes.")
    file.chmod(0o600)
    status, out, err = run("desk", settings={"CASE_MCP_STATE": str(tmp_path / "state.db")})
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"case-mcp: The practice desk's file {file} cannot be used: ")
    assert file.read_text() == "These are somebody's notes."


async def test_desk_prints_the_settings_that_reach_it() -> None:
    """*Ours*: an environment file as it is; the port is one of this machine's own."""
    async with practice_desk("--port", "0", settings=IN_MEMORY) as reached:
        assert [*reached] == [
            "KORE_HOST",
            "KORE_STREAM_ID",
            "KORE_ACCOUNT_ID",
            "KORE_CLIENT_ID",
            "KORE_CLIENT_SECRET",
            "KORE_CASE_TEMPLATE",
            "KORE_SOURCE",
        ]
        assert reached["KORE_HOST"].startswith("http://127.0.0.1:")
        async with stdio_connection("auto", reached) as client:
            created = await asked(client, "create_case", **LEAK)
            instructions = client.instructions or ""
            result = await asked(client, "search_cases", searchText="Boiler leaks")
        assert created.structured_content is not None, words(created)
        assert created.structured_content["outcome"] == "created"
        assert undated_words(words(result).splitlines()[-1]) == "1 of 1 shown (page 1)."
        assert "practice" not in instructions
        assert await found(reached, "Boiler leaks") == [
            {"ref": created.structured_content["ref"], "title": "Boiler leaks"}
        ]


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
async def test_cases_of_a_desk_survive_its_restart(end: signal.Signals, tmp_path: Path) -> None:
    """*Ours*: the file beside the state holds cases and credentials alike."""
    settings = {"CASE_MCP_STATE": str(tmp_path / "state.db")}
    async with practice_desk(settings=settings, end=end) as reached:
        async with stdio_connection("auto", reached) as client:
            created = await asked(client, "create_case", **LEAK)
        before = {name: value for name, value in reached.items() if name != "KORE_HOST"}
    assert created.structured_content is not None, words(created)
    async with practice_desk(settings=settings, end=end) as reached:
        assert {name: value for name, value in reached.items() if name != "KORE_HOST"} == before
        assert await found(reached, "Boiler leaks") == [
            {"ref": created.structured_content["ref"], "title": "Boiler leaks"}
        ]


async def test_served_practice_desk_survives_a_restart_too(tmp_path: Path) -> None:
    """*Ours*: the desk in process keeps its file beside the state, which knows the case as well."""
    settings = {"CASE_MCP_DESK": "embedded", "CASE_MCP_STATE": str(tmp_path / "new" / "state.db")}
    async with stdio_connection("legacy", settings) as client:
        created = await asked(client, "create_case", **LEAK)
    assert created.structured_content is not None, words(created)
    assert await found(settings, "Boiler leaks") == [
        {"ref": created.structured_content["ref"], "title": "Boiler leaks"}
    ]
    async with stdio_connection("legacy", settings) as client:
        again = await asked(client, "create_case", **LEAK)
    assert again.structured_content is not None, words(again)
    assert (again.structured_content["outcome"], again.structured_content["ref"]) == (
        "replayed",
        created.structured_content["ref"],
    )
    assert sorted(each.name for each in (tmp_path / "new").glob("*.db")) == ["desk.db", "state.db"]


async def test_desk_with_a_rate_refuses_the_call_beyond_it_and_says_how_long_to_wait() -> None:
    """*Ours*: how an adapter's manners with 429 are tried out."""
    async with (
        practice_desk("--rate", "3", settings=IN_MEMORY) as reached,
        stdio_connection("auto", reached) as client,
    ):
        results = [await asked(client, "search_cases", limit=1) for _ in range(4)]
    assert [result.is_error for result in results] == [False, False, False, True]
    assert results[-1].structured_content is None
    told = re.fullmatch(
        r"The desk takes no more requests for now\. Nothing was changed\. "
        r"Wait (\d+) seconds, then repeat the call\.",
        words(results[-1]),
    )
    assert told is not None, words(results[-1])
    assert 1 <= int(told[1]) <= 60
