import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from brought import node_program
from served import COMMAND, PATIENCE, PRACTICE, PRACTICE_NOTICE

INSPECTOR: Final = "@modelcontextprotocol/inspector"
FOUR: Final = ["create_case", "update_case", "update_task", "search_cases"]
CALLS: Final[dict[str, tuple[dict[str, Any], dict[str, Any]]]] = {
    # tool -> arguments, and some of what comes back
    "create_case": (
        {
            "name": "Boiler leaks",
            "desc": "Water on the floor.",
            "userInfo": {"name": "Jane Roe"},
            "emailId": "jane.roe@example.com",
            "dueDate": "2027-01-04T10:00:00Z",
        },
        {"outcome": "created", "ref": "CS000161", "title": "Boiler leaks", "requester": "Jane Roe"},
    ),
    "update_case": (
        {"caseId": "CS000160", "status": {"name": "In Progress"}},
        {"outcome": "updated", "ref": "CS000160", "status": "In Progress"},
    ),
    "update_task": (
        {"taskId": "TS000125", "status": {"name": "Closed"}},
        {"outcome": "updated", "ref": "TS000125", "status": "Closed"},
    ),
    "search_cases": ({"searchText": "CS000160"}, {"total": 1, "page": 1, "has_more": False}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspector:
    """The Inspector's command line.

    Attributes:
        program: its script.
        node: the Node that runs it.
        home: a folder of its own.
        era: the protocol's era, as its option has it.
    """

    program: Path
    node: str
    home: Path
    era: str

    def run(self, *options: str) -> tuple[int, Any, str]:
        """Run it against a server of its own; return status, result and stderr."""
        settings = [part for name, value in PRACTICE.items() for part in ("-e", f"{name}={value}")]
        done = subprocess.run(
            [
                self.node,
                str(self.program),
                "--cli",
                *("--protocol-era", self.era),
                *settings,
                *options,
                *("--format", "json", "--", *COMMAND, "serve"),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env={"PATH": os.environ["PATH"], "HOME": str(self.home)},
            timeout=PATIENCE,
            check=False,
        )
        return done.returncode, json.loads(done.stdout)["result"] if done.stdout else None, done.stderr


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Give Node and the Inspector's script, installed once."""
    return node_program(tmp_path_factory.mktemp("inspector"), INSPECTOR, "2.12.0", "mcp-inspector")


@pytest.fixture(params=["legacy", "modern"])
def inspector(request: pytest.FixtureRequest, installed: tuple[str, Path], tmp_path: Path) -> Inspector:
    """Give the Inspector for each era."""
    node, program = installed
    return Inspector(program=program, node=node, home=tmp_path, era=request.param)


def test_inspector_reads_who_the_server_is(inspector: Inspector) -> None:
    """*Documented* (Inspector 2.12.0): a second implementation of the client's side."""
    status, result, errors = inspector.run("--method", "initialize")
    assert status == 0, errors
    assert (result["serverInfo"]["name"], result["protocolVersion"], result["capabilities"]) == (
        "case-mcp",
        {"legacy": "2025-11-25", "modern": "2026-07-28"}[inspector.era],
        {
            "completions": {},
            "prompts": {"listChanged": False},
            "resources": {"listChanged": False, "subscribe": False},
            "tools": {"listChanged": False},
        },
    )


def test_inspector_finds_no_schema_that_is_not_portable(inspector: Inspector) -> None:
    """*Documented* (Inspector 2.12.0, `--strict`): exit 6 and a line on stderr for each fault of a schema."""
    status, result, errors = inspector.run("--method", "tools/list", "--strict")
    assert status == 0, errors
    assert [tool["name"] for tool in result["tools"]] == FOUR
    assert errors == PRACTICE_NOTICE


@pytest.mark.parametrize("tool", FOUR)
def test_inspector_calls_each_tool(inspector: Inspector, tool: str) -> None:
    """*Ours*: the arguments go out as they are, and text and structure come back."""
    arguments, expected = CALLS[tool]
    status, result, errors = inspector.run(
        "--method", "tools/call", "--tool-name", tool, "--tool-args-json", json.dumps(arguments)
    )
    assert status == 0, errors
    assert {key: result["structuredContent"].get(key) for key in expected} == expected
    assert [part["type"] for part in result["content"]] == ["text"]
    assert result["isError"] is False


def test_inspector_takes_a_refusal_for_a_tool_error(inspector: Inspector) -> None:
    """*Documented* (Inspector 2.12.0): exit 5, with the result printed."""
    status, result, _ = inspector.run(
        "--method", "tools/call", "--tool-name", "search_cases", "--tool-args-json", '{"limit": 51}'
    )
    assert (status, result["isError"], result["content"]) == (
        5,
        True,
        [
            {
                "type": "text",
                "text": "search_cases was not sent: 1 invalid argument. Nothing was changed.\n"
                "- limit: must be at most 50.\nFix it and call search_cases again.",
            }
        ],
    )


def test_inspector_gets_a_prompt(inspector: Inspector) -> None:
    """*Ours*: with its argument filled in."""
    status, result, errors = inspector.run(
        "--method", "prompts/get", "--prompt-name", "take_in_a_case", "--prompt-args", "problem=leak"
    )
    assert status == 0, errors
    [message] = result["messages"]
    assert message["content"]["text"].split("\n\n")[:2] == [
        "Take in a customer-service case with me.",
        "The problem: leak",
    ]
