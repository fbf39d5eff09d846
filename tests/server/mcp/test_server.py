import importlib
import logging
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import anyio
import pytest
from mcp import Client, MCPError, types

from case_server.audit import Audit
from case_server.mcp.app import build
from case_server.mcp.replies import reply
from case_tools import Result, Settings
from contract import undated, undated_words
from served import MODERN, PATIENCE, PRACTICE, PRACTICE_NOTICE, stdio_connection

jsonschema: Any = importlib.import_module("jsonschema")  # it ships no types

FOUR: Final = ("create_case", "update_case", "update_task", "search_cases")
SIX: Final = (*FOUR, "create_task", "search_tasks")
WITH_TASKS: Final = {**PRACTICE, "CASE_MCP_TOOLSETS": "cases,tasks"}
CREATES: Final = {"readOnlyHint": False, "destructiveHint": False, "idempotentHint": False, "openWorldHint": True}
SETS: Final = {"readOnlyHint": False, "destructiveHint": True, "idempotentHint": True, "openWorldHint": True}
READS: Final = {"readOnlyHint": True, "destructiveHint": False, "idempotentHint": True, "openWorldHint": True}
HINTS: Final = {
    "create_case": CREATES,
    "update_case": SETS,
    "update_task": SETS,
    "search_cases": READS,
    "create_task": CREATES,
    "search_tasks": READS,
}
LEAK: Final = {
    "name": "Boiler leaks",
    "desc": "Water on the floor.",
    "userInfo": {"name": "Jane Roe"},
    "emailId": "jane.roe@example.com",
    "dueDate": "2027-01-04T10:00:00Z",
}


class Way:
    """One way to a server: a transport, and the era that the client opens with."""

    def __init__(self, transport: str, mode: str) -> None:
        self.transport = transport
        self.mode = mode

    @asynccontextmanager
    async def connect(self, settings: Mapping[str, str] = PRACTICE) -> AsyncIterator[Client]:
        """Yield a client of a new server."""
        if self.transport == "stdio":
            async with stdio_connection(self.mode, settings) as client:
                yield client
            return
        with anyio.fail_after(PATIENCE):
            async with Client(build(Settings.from_environment(settings)), mode=self.mode) as client:
                yield client


@pytest.fixture(params=["memory", "stdio"])
def transport(request: pytest.FixtureRequest) -> str:
    """Give each transport."""
    return str(request.param)


@pytest.fixture(params=["legacy", MODERN, "auto"])
def way(request: pytest.FixtureRequest, transport: str) -> Way:
    """Give each transport with each way to open it."""
    return Way(transport, request.param)


@pytest.fixture(params=["legacy", "auto"])
def introduced(request: pytest.FixtureRequest, transport: str) -> Way:
    """Give the ways in which a client asks the server who it is; one that pins a version does not."""
    return Way(transport, request.param)


@pytest.fixture
def dead_account() -> Iterator[dict[str, str]]:
    """Give an account of Kore at an address where nobody listens, and nobody else can."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        yield {
            "CASE_MCP_DESK": "kore",
            "KORE_HOST": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "KORE_STREAM_ID": "st-00000000-0000-4000-8000-000000000001",
            "KORE_ACCOUNT_ID": "000000000000000000000001",
            "KORE_CLIENT_ID": "cs-00000000-0000-4000-8000-000000000001",
            "KORE_CLIENT_SECRET": "an-invented-secret-that-no-result-may-hold",
            "KORE_CASE_TEMPLATE": "ctm-00000000-0000-4000-8000-000000000001",
            "KORE_SOURCE": "rtm",
        }


def words(result: types.CallToolResult | types.GetPromptResult) -> str:
    """Return the text of an answer that is one text."""
    [part] = result.content if isinstance(result, types.CallToolResult) else [result.messages[0].content]
    assert isinstance(part, types.TextContent)
    return part.text


def failed(text: str) -> dict[str, Any]:
    """Return the whole of an error result as a client sees it, but for what the era adds."""
    return {"content": [{"type": "text", "text": text}], "isError": True}


def seen(result: types.CallToolResult) -> dict[str, Any]:
    """Return a result as JSON without what the era adds."""
    dumped = result.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {key: value for key, value in dumped.items() if key not in {"_meta", "resultType"}}


def closing(task: str) -> dict[str, Any]:
    """Return the arguments that close a task."""
    return {"taskId": task, "status": {"name": "Closed"}}


def scalars(value: object) -> Iterator[str]:
    """Yield every text and number in a structure; a truth value has words of its own."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from scalars(each)
    elif isinstance(value, list):
        for each in value:
            yield from scalars(each)
    elif not isinstance(value, bool):
        yield str(value)


async def test_tools_are_the_four_in_their_order(way: Way) -> None:
    """*Ours*: hosts show the list as it comes; the opt-in toolset is not in it."""
    async with way.connect() as client:
        listed = await client.list_tools()
    assert tuple(tool.name for tool in listed.tools) == FOUR
    assert listed.next_cursor is None


async def test_every_way_shows_the_same_six_with_the_toolset_tasks(way: Way) -> None:
    """*Documented* (specification, tools): the list must not vary by connection, here with `cases,tasks`."""
    async with way.connect(WITH_TASKS) as client:
        listed = await client.list_tools()
    async with Way("memory", "auto").connect(WITH_TASKS) as client:
        expected = await client.list_tools()
    assert tuple(tool.name for tool in listed.tools) == SIX
    assert listed.tools == expected.tools


async def test_tool_has_title_description_schemas_and_all_four_hints() -> None:
    """*Ours*: OpenAI refuses descriptions beyond 1024 characters; hints left out default to the worst."""
    async with Way("memory", "auto").connect(WITH_TASKS) as client:
        tools = (await client.list_tools()).tools
    assert {
        tool.name: tool.annotations.model_dump(by_alias=True, exclude_none=True)
        for tool in tools
        if tool.annotations is not None
    } == HINTS
    for tool in tools:
        assert tool.title, tool.name
        assert 0 < len(tool.description or "") <= 1000, tool.name
        assert tool.input_schema["type"] == "object", tool.name
        assert tool.input_schema["additionalProperties"] is False, tool.name
        assert tool.output_schema is not None, tool.name
        assert tool.output_schema["type"] == "object", tool.name
        assert "required" not in tool.output_schema, tool.name
        for schema in (tool.input_schema, tool.output_schema):
            jsonschema.Draft202012Validator.check_schema(schema)


async def test_instructions_are_short_and_begin_with_what_hosts_search_for(introduced: Way) -> None:
    """*Ours*: Claude Code cuts instructions at 2048 characters, and finds servers by the first line."""
    async with introduced.connect() as client:
        instructions = client.instructions or ""
        info = client.server_info
    assert len(instructions) <= 2000
    first = instructions.splitlines()[0].casefold()
    assert {word for word in ("case", "ticket", "task", "customer", "search") if word not in first} == set()
    assert info is not None
    assert (info.name, info.title) == ("case-mcp", "Case desk")


async def test_practice_desk_says_what_it_is_in_its_instructions(introduced: Way) -> None:
    """*Ours*: nobody may take an invented case for a customer's."""
    async with introduced.connect() as client:
        last = (client.instructions or "").splitlines()[-1]
    assert last == (
        "This is the embedded practice desk: its cases are invented, and nothing reaches a real customer."
    )


async def test_search_structure_fits_its_schema_and_its_text_holds_the_same_facts(way: Way) -> None:
    """*Ours*: half of the hosts show the structure alone, the other half the text alone."""
    async with way.connect() as client:
        [tool] = [each for each in (await client.list_tools()).tools if each.name == "search_cases"]
        for arguments in ({"limit": 3}, {"limit": 50, "detail": "full"}, {"searchText": "CS000160"}):
            result = await client.call_tool("search_cases", arguments)
            structure = result.structured_content
            assert isinstance(structure, dict)
            jsonschema.validate(structure, tool.output_schema)
            text = words(result)
            assert [fact for fact in scalars(structure) if fact not in text] == []
            assert structure["has_more"] is (f"Give page={structure['page'] + 1} for more" in text)
            assert sum(row.get("breached", False) for row in structure["cases"]) == text.count("BREACHED")


async def test_search_without_a_match_says_so_in_both_forms(way: Way) -> None:
    """*Ours*: the three keys of the envelope are always there."""
    async with way.connect() as client:
        result = await client.call_tool("search_cases", {"searchText": "no case is called this"})
    note = "Practice desk: the cases are invented."
    tried = f"Only titles and references were looked at; for a customer give `requester`. {note}"
    shown = seen(result)
    [content] = shown["content"]
    assert undated_words(content["text"]) == f"Nothing matches. {tried}"
    assert undated(shown["structuredContent"]) == {
        "total": 0,
        "page": 1,
        "has_more": False,
        "note": tried,
        "cases": [],
    }
    assert not shown["isError"]


async def test_writes_fit_their_schemas_and_their_texts_hold_the_same_facts(way: Way) -> None:
    """*Ours*: the same for what is created, changed and left as it was; a search then finds it."""
    async with way.connect(WITH_TASKS) as client:
        schemas = {tool.name: tool.output_schema for tool in (await client.list_tools()).tools}
        created = await client.call_tool("create_case", LEAK)
        assert created.structured_content is not None
        ref = created.structured_content["ref"]
        changes = {"caseId": ref, "priority": {"name": "High"}, "status": {"name": "In Progress"}}
        results = [
            ("create_case", "created", created),
            ("update_case", "updated", await client.call_tool("update_case", changes)),
            ("update_task", "updated", await client.call_tool("update_task", closing("TS000125"))),
            ("update_task", "unchanged", await client.call_tool("update_task", closing("TS000101"))),
        ]
        found = await client.call_tool("search_cases", {"searchText": LEAK["name"]})
    for tool, outcome, result in results:
        structure = result.structured_content
        assert isinstance(structure, dict), words(result)
        jsonschema.validate(structure, schemas[tool])
        assert structure["outcome"] == outcome
        text = words(result)
        assert text.startswith(outcome.capitalize())
        facts = {key: value for key, value in structure.items() if key != "outcome"}
        assert [fact for fact in scalars(facts) if fact not in text] == []
    assert found.structured_content is not None
    [row] = found.structured_content["cases"]
    assert {key: row[key] for key in ("ref", "title", "requester", "status", "priority")} == {
        "ref": ref,
        "title": "Boiler leaks",
        "requester": "Jane Roe",
        "status": "In Progress",
        "priority": "High",
    }


async def test_unknown_tool_is_a_protocol_error(way: Way) -> None:
    """*Documented* (specification, tools: unknown tools are -32602); one of a toolset not chosen is unknown."""
    told = []
    async with way.connect() as client:
        for name in ("delete_case", "", "create_task", "search_cases "):
            with pytest.raises(MCPError) as caught:
                await client.call_tool(name, {})
            told.append((caught.value.code, caught.value.message))
    message = "Unknown tool. This server has create_case, update_case, update_task, search_cases."
    assert told == [(types.INVALID_PARAMS, message)] * 4


async def test_errors_say_what_happened_and_have_no_structure(way: Way) -> None:
    """*Ours*: what happened, whether anything changed, what to do next; never the output schema's form."""
    async with way.connect() as client:
        misspelt = await client.call_tool("search_cases", {"prioritty": ["High"]})
        beyond = await client.call_tool("search_cases", {"limit": 51})
        unheard = await client.call_tool("update_case", {"caseId": "CS000999", "priority": {"name": "High"}})
        empty = await client.call_tool("create_case", {})
    assert [seen(misspelt), seen(beyond), seen(unheard)] == [
        failed(
            "search_cases was not sent: 1 invalid argument. Nothing was changed.\n"
            "- prioritty: is not known here: did you mean `priority`?\n"
            "Fix it and call search_cases again."
        ),
        failed(
            "search_cases was not sent: 1 invalid argument. Nothing was changed.\n"
            "- limit: must be at most 50.\n"
            "Fix it and call search_cases again."
        ),
        failed(
            "No case CS000999 was found. Nothing was changed. Find it with search_cases, by words of "
            "its title, and call again with what it shows."
        ),
    ]
    assert seen(empty) == failed(words(empty))
    for required in ("name", "desc", "userInfo", "dueDate"):
        assert f"\n- {required}: " in words(empty)


async def test_prompts_are_listed_and_rendered(way: Way) -> None:
    """*Ours*: a paragraph whose argument was not given is left out."""
    async with way.connect() as client:
        listed = [each for each in (await client.list_prompts()).prompts if each.name == "take_in_a_case"]
        given = await client.get_prompt("take_in_a_case", {"problem": "The boiler leaks"})
        bare = await client.get_prompt("take_in_a_case")
    assert [prompt.model_dump(by_alias=True, exclude_none=True) for prompt in listed] == [
        {
            "name": "take_in_a_case",
            "title": "Take in a case",
            "description": "Open a case for a customer, asking only for what is missing.",
            "arguments": [
                {
                    "name": "problem",
                    "description": "What the customer reports, in their words",
                    "required": False,
                },
                {
                    "name": "customer",
                    "description": "The customer's name, e-mail or phone number",
                    "required": False,
                },
            ],
        }
    ]
    assert [message.role for message in given.messages] == ["user"]
    head, problem, *rest = words(given).split("\n\n")
    assert (head, problem) == ("Take in a customer-service case with me.", "The problem: The boiler leaks")
    assert words(bare).split("\n\n") == [head, *rest]


async def test_prompt_argument_that_looks_like_a_place_is_left_as_it_is(way: Way) -> None:
    """*Ours*: what a person types is not a template."""
    async with way.connect() as client:
        given = await client.get_prompt(
            "take_in_a_case", {"problem": "{customer} {nobody}", "customer": "{problem}"}
        )
    assert words(given).split("\n\n")[1:3] == ["The problem: {customer} {nobody}", "The customer: {problem}"]


async def test_unknown_prompt_or_argument_is_a_protocol_error(way: Way) -> None:
    """*Documented* (specification, prompts: -32602 for an invalid name or argument)."""
    told = []
    async with way.connect() as client:
        names = [each.name for each in (await client.list_prompts()).prompts]
        for name, arguments in (("close_all_cases", {}), ("take_in_a_case", {"wish": "x"})):
            with pytest.raises(MCPError) as caught:
                await client.get_prompt(name, arguments)
            told.append((caught.value.code, caught.value.message))
    assert told == [
        (types.INVALID_PARAMS, f"Unknown prompt. This server has {', '.join(names)}."),
        (types.INVALID_PARAMS, "take_in_a_case has 1 unknown arguments; known are customer, problem."),
    ]


async def test_practice_desk_says_what_it_is_in_the_last_line_of_each_search(way: Way) -> None:
    """*Ours*: the line is there also with nothing found."""
    async with way.connect(WITH_TASKS) as client:
        results = [
            await client.call_tool("search_cases", {"limit": 2, "detail": "full"}),
            await client.call_tool("search_cases", {"searchText": "no case is called this"}),
            await client.call_tool("search_tasks", {"limit": 2}),
        ]
    for result in results:
        assert words(result).splitlines()[-1].endswith("Practice desk: the cases are invented.")


@pytest.mark.parametrize("mode", ["legacy", MODERN, "auto"])
async def test_practice_desk_says_what_it_is_on_stderr_and_nothing_else(mode: str) -> None:
    """*Ours*: one line, whatever the session does; an error of a caller is none of the server's."""
    with tempfile.TemporaryFile("w+") as errors:
        async with stdio_connection(mode, PRACTICE, errors=errors) as client:
            await client.call_tool("search_cases", {})
            await client.call_tool("search_cases", {"limit": "many"})
        errors.seek(0)
        assert errors.read() == PRACTICE_NOTICE


async def test_account_with_a_dead_host_is_told_when_it_is_called_and_not_before(
    way: Way, dead_account: dict[str, str]
) -> None:
    """*Ours*: a host that starts the server must see its tools, and the model what is wrong."""
    async with way.connect(dead_account) as client:
        listed = await client.list_tools()
        searched = await client.call_tool("search_cases", {})
        created = await client.call_tool("create_case", LEAK)
        instructions = client.instructions or ""
    assert tuple(tool.name for tool in listed.tools) == FOUR
    assert "practice" not in instructions
    next_step = "Try again in a minute; if it stays so, the administrator checks the desk's address."
    for tool, result in (("search_cases", searched), ("create_case", created)):
        text = words(result)
        assert seen(result) == failed(text)
        assert text.startswith(f"The desk was not reached for {tool}: ")
        assert text.endswith(f" Nothing was changed. {next_step}")
        assert not [secret for secret in (dead_account["KORE_CLIENT_SECRET"], "127.0.0.1") if secret in text]


async def test_practice_file_that_is_none_is_told_in_words(way: Way, tmp_path: Path) -> None:
    """*Ours*: the handshake era would show any exception's text under code 0, the other era none."""
    file = tmp_path / "desk.db"
    file.write_text("These are somebody's notes.")
    file.chmod(0o600)
    async with way.connect({**PRACTICE, "CASE_MCP_STATE": str(tmp_path / "state.db")}) as client:
        with pytest.raises(MCPError) as listed:
            await client.list_tools()
        with pytest.raises(MCPError) as called:
            await client.call_tool("search_cases", {})
    for error in (listed.value, called.value):
        assert error.code == types.INTERNAL_ERROR
        assert error.message.startswith(f"The practice desk's file {file} cannot be used: ")
        assert error.message.endswith("Move it away, or set CASE_MCP_STATE to a file in another folder.")
    assert file.read_text() == "These are somebody's notes."


class _BrokenDesk:
    """Stands in for a desk with a fault of our own in it."""

    async def call(self, name: str, arguments: Mapping[str, object]) -> Result:
        """Fail with a secret in the message, in its cause and among the variables."""
        password = arguments["password"]
        try:
            return Result.model_validate_json(str(password))
        except ValueError as cause:
            raise RuntimeError(f"{name} could not use {password}") from cause


async def test_internal_failure_tells_no_secret_to_the_caller_or_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """*Ours*: the text of an unforeseen exception may hold anything; its kind and place are enough to mend it."""
    secret = "hunter2-of-the-tests"
    with caplog.at_level(logging.DEBUG):
        call = _BrokenDesk().call("create_case", {"password": secret})
        result = await reply("create_case", call, writes=True, entry=Audit("embedded").begin())
    assert isinstance(result, types.CallToolResult)
    assert seen(result) == failed(
        "create_case failed inside this server. It is not known whether the desk applied it. "
        "Look with a search before you repeat the call, and tell the administrator."
    )
    [record] = [record for record in caplog.records if record.name == "case_server.mcp.replies"]
    assert record.getMessage().startswith("create_case failed: RuntimeError at test_server.py:")
    assert (record.exc_info, record.exc_text, record.stack_info) == (None, None, None)
    assert secret not in caplog.text


async def test_cancellation_is_not_taken_for_a_failure() -> None:
    """*Ours*: whoever cancels a call must see it end."""

    async def endless() -> Result:
        await anyio.sleep_forever()
        raise AssertionError("unreachable")

    with anyio.fail_after(PATIENCE), anyio.CancelScope() as scope:
        scope.cancel()
        await reply("search_cases", endless(), writes=False, entry=Audit("embedded").begin())
    assert scope.cancelled_caught
