"""Prompts, their completions, and an administrator's own folder of them."""

import re
from pathlib import Path
from typing import Any, Final

import anyio
import pytest
from mcp import Client, MCPError, types

import case_prompts
from case_server.mcp.app import build
from case_tools import CaseDesk, ConfigurationError, Settings
from case_tools.settings import VENDOR_TITLES
from served import MODERN, PATIENCE

KORE: Final = Settings(state=":memory:")
TALKDESK: Final = Settings(state=":memory:", embedded_dialect="talkdesk")
SIX: Final = [
    "hand_over_a_case",
    "resolve_a_case",
    "take_in_a_case",
    "todays_queue",
    "triage_a_case",
    "where_is_my_case",
]
OWN: Final = """+++
title = "Greet"
description = "Greet a customer."
vendors = ["kore"]
[arguments.who]
description = "Whom"
required = true
+++
Greet {who}.
"""


@pytest.fixture(params=["legacy", MODERN])
def mode(request: pytest.FixtureRequest) -> str:
    """Give each era."""
    return str(request.param)


async def prompt(client: Client, name: str, **arguments: str) -> str:
    """Return the text of a prompt."""
    [message] = (await client.get_prompt(name, arguments)).messages
    assert isinstance(message.content, types.TextContent)
    return message.content.text


async def refusal(awaited: Any) -> tuple[int, str]:
    """Return code and message of the protocol's error."""
    with pytest.raises(MCPError) as error:
        await awaited
    return error.value.error.code, error.value.error.message


@pytest.mark.parametrize("settings", [KORE, TALKDESK], ids=["kore", "talkdesk"])
async def test_six_prompts_are_listed_and_fit_the_desk(mode: str, settings: Settings) -> None:
    """*Ours*: each names tools and arguments that this desk has, and none of another's."""
    async with CaseDesk(settings) as desk:
        tools = {*desk.tools}
    others = {"kore": ("dueDate", "resolutionCmts", "`tasks`"), "talkdesk": ("owner_id", "requester_email")}
    with anyio.fail_after(PATIENCE):
        async with Client(build(settings), mode=mode) as client:
            listed = (await client.list_prompts()).prompts
            texts = {
                each.name: await prompt(client, each.name, **{arg.name: "x" for arg in each.arguments or []})
                for each in listed
            }
    assert [*texts] == SIX
    alien = others["talkdesk" if settings is KORE else "kore"]
    for name, text in texts.items():
        named = {*re.findall(r"\b(?:create|update|search)_(?:case|cases|task|tasks)\b", text)} - {"search_tasks"}
        assert named <= tools, name
        assert [word for word in alien if word in text] == [], name
        assert not re.search(r"^@|\{[a-z_]+\}", text, re.MULTILINE), name


async def test_a_paragraph_without_its_argument_is_left_out(mode: str) -> None:
    """*Ours*: the dialog then asks for it."""
    with anyio.fail_after(PATIENCE):
        async with Client(build(KORE), mode=mode) as client:
            text = await prompt(client, "take_in_a_case", problem="leak")
    assert text.split("\n\n")[:2] == ["Take in a customer-service case with me.", "The problem: leak"]
    assert "The customer:" not in text


async def test_an_unknown_prompt_and_a_missing_argument_are_invalid_parameters(mode: str) -> None:
    """*Documented* (specification, prompts): -32602 for both."""
    unknown = types.PromptReference(name="triage")
    triage = types.PromptReference(name="triage_a_case")
    with anyio.fail_after(PATIENCE):
        async with Client(build(KORE), mode=mode) as client:
            told = [
                await refusal(client.get_prompt("triage", {})),
                await refusal(client.get_prompt("triage_a_case", {})),
                await refusal(client.get_prompt("triage_a_case", {"case": "CS000160", "tone": "kind"})),
                await refusal(client.complete(ref=unknown, argument={"name": "case", "value": ""})),
                await refusal(client.complete(ref=triage, argument={"name": "tone", "value": ""})),
            ]
    has = f"Unknown prompt. This server has {', '.join(SIX)}."
    assert told == [
        (types.INVALID_PARAMS, has),
        (types.INVALID_PARAMS, "Missing argument of triage_a_case: case."),
        (types.INVALID_PARAMS, "triage_a_case has 1 unknown arguments; known are case."),
        (types.INVALID_PARAMS, has),
        (types.INVALID_PARAMS, "There is no such argument to complete."),
    ]


async def test_arguments_complete_from_what_the_desk_has_shown(mode: str) -> None:
    """*Ours*: nothing before a search, and then the newest first, by their beginning, whatever its case."""

    async def complete(client: Client, name: str, argument: str, value: str) -> list[str]:
        ref = types.PromptReference(name=name)
        done = await client.complete(ref=ref, argument={"name": argument, "value": value})
        assert done.completion.has_more is False
        return done.completion.values

    with anyio.fail_after(PATIENCE):
        async with Client(build(KORE), mode=mode) as client:
            before = await complete(client, "triage_a_case", "case", "")
            await client.call_tool("search_cases", {"limit": 20})
            after = {
                "cases": await complete(client, "triage_a_case", "case", "cs00015"),
                "queues": await complete(client, "todays_queue", "queue", "d"),
                "plain": await complete(client, "take_in_a_case", "problem", "a"),
            }
    assert before == []
    assert sorted(after["cases"]) == [f"CS00015{own}" for own in range(10)]
    assert after["queues"]
    assert all(each.startswith("D") for each in after["queues"])
    assert after["plain"] == []


async def test_completions_are_a_hundred_at_most() -> None:
    """*Documented* (specification, completion): at most 100 values, and whether there are more."""
    with anyio.fail_after(PATIENCE):
        async with Client(build(KORE), mode=MODERN) as client:
            for own in range(45):
                case = {
                    "name": f"Number {own}",
                    "desc": "x",
                    "userInfo": "Jane Roe",
                    "emailId": "jane.roe@example.com",
                    "dueDate": "2027-01-04T10:00:00Z",
                }
                await client.call_tool("create_case", case)
            for page in (1, 2, 3):
                await client.call_tool("search_cases", {"limit": 50, "page": page})
            ref = types.PromptReference(name="triage_a_case")
            done = await client.complete(ref=ref, argument={"name": "case", "value": "CS"})
    assert (len(done.completion.values), done.completion.has_more) == (100, True)


async def test_an_administrators_folder_adds_prompts_and_takes_the_place_of_ours(
    mode: str, tmp_path: Path
) -> None:
    """*Ours*: a file of the same name is the administrator's; one for another vendor is not shown."""
    (tmp_path / "greet.md").write_text(OWN)
    (tmp_path / "todays_queue.md").write_text(OWN.replace("Greet", "Count"))
    (tmp_path / "elsewhere.md").write_text(OWN.replace('"kore"', '"talkdesk"'))
    with anyio.fail_after(PATIENCE):
        async with Client(build(Settings(state=":memory:", prompts=tmp_path)), mode=mode) as client:
            listed = {each.name: each.title for each in (await client.list_prompts()).prompts}
            text = await prompt(client, "greet", who="Jane")
    assert sorted(listed) == sorted([*SIX, "greet"])
    assert (listed["todays_queue"], text) == ("Count", "Greet Jane.")


@pytest.mark.parametrize(
    ("name", "text", "wrong"),
    [
        ("greet", "Greet {who}.", "ValueError"),
        ("greet", OWN.replace("title", "titel"), "KeyError: 'title'"),
        ("greet", OWN.replace("{who}", "{whom}"), "not understood is whom"),
        ("greet", OWN.replace('description = "Whom"', 'description = "Whom"\ncomplete = "people"'), "people"),
        ("greet", OWN.replace('vendors = ["kore"]', 'vendor = ["kore"]'), "not understood is vendor"),
        ("Greet all", OWN, "its name"),
    ],
)
def test_a_prompt_file_that_cannot_be_used_is_told_at_start(
    name: str, text: str, wrong: str, tmp_path: Path
) -> None:
    """*Ours*: a slip in the folder is the administrator's to mend, not a person's in a host."""
    (tmp_path / f"{name}.md").write_text(text)
    with pytest.raises(ConfigurationError, match=re.escape(wrong)) as error:
        build(Settings(state=":memory:", prompts=tmp_path))
    assert str(error.value).startswith(f"CASE_MCP_PROMPTS cannot be used: {name}.md is no prompt")


def test_a_folder_that_is_not_there_is_told_at_start() -> None:
    """*Ours*: no prompt may silently be missing."""
    with pytest.raises(ConfigurationError, match="CASE_MCP_PROMPTS is no folder that can be read"):
        Settings.from_environment({"CASE_MCP_PROMPTS": "/nowhere/at/all"})


def test_prompts_know_every_vendor_by_its_name() -> None:
    """*Ours*: a line for a vendor that does not exist would be shown to nobody."""
    folder = Path(case_prompts.__file__).parent
    marks = {
        mark for file in folder.glob("*.md") for mark in re.findall(r"^@(\w+)", file.read_text(), re.MULTILINE)
    }
    assert marks == {*VENDOR_TITLES}
