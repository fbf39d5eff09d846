"""The rules of portable schemas, each with a tool that breaks it, and the command that tells of them."""

import subprocess
from typing import Any, Final

import pytest
from mcp import types

from case_server.cli.portability import RULES, broken
from case_server.cli.schemas import report
from served import COMMAND, PATIENCE, PRACTICE, environment

HINTS: Final = {"readOnlyHint": True, "destructiveHint": False, "idempotentHint": True, "openWorldHint": True}
WORD: Final = {"type": "string", "description": "A word"}


def tool(more: dict[str, Any] | None = None, *, answer: dict[str, Any] | None = None, **fields: Any) -> types.Tool:
    """Return a tool that keeps every rule, but for what is given: an argument `x`, the answer, or other fields."""
    plain = {
        "name": "find_words",
        "description": "Find words.",
        "annotations": HINTS,
        "inputSchema": {
            "type": "object",
            "properties": {"word": WORD, **({} if more is None else {"x": {"description": "X", **more}})},
            "additionalProperties": False,
        },
        "outputSchema": {"type": "object", "properties": {"word": WORD}, **(answer or {})},
    }
    return types.Tool.model_validate({**plain, **fields})


def schema(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a schema of arguments."""
    return {"type": "object", "properties": properties, "additionalProperties": False, **more}


BREAKING: Final = {
    "a capital in the name": (tool(name="findWords"), "name", "have a name"),
    "a long name": (tool(name="f" * 53), "name", "have a name"),
    "a long description": (tool(description="x" * 1001), "description", "be described in"),
    "no description": (tool(description=""), "description", "be described in"),
    "a hint left out": (tool(annotations={**HINTS, "openWorldHint": None}), "annotations", "state all"),
    "an open object": (tool(inputSchema={"type": "object", "properties": {}}), "input", "take one object"),
    "a needed key in the answer": (tool(answer={"required": ["word"]}), "output", "require nothing"),
    "a union": (tool({"type": "string", "anyOf": [WORD]}), "input.x", "be without unions"),
    "a union at the root": (tool(inputSchema=schema({"word": WORD}, anyOf=[])), "input", "be without unions"),
    "a list of types": (tool({"type": ["string", "null"]}), "input.x", "have one plain type"),
    "no type": (tool({}), "input.x", "have one plain type"),
    "a reference": (tool({"type": "object", "$ref": "#/x"}), "input.x", "be without references"),
    "definitions in the answer": (tool(answer={"$defs": {}}), "output", "be without references"),
    "a reference in a list": (
        tool({"type": "array", "items": {"type": "object", "$ref": "#/x"}}), "input.x[]", "be without references",
    ),
    "a constant": (tool({"type": "string", "const": "a"}), "input.x", "be without const"),
    "an exclusive bound": (tool({"type": "integer", "exclusiveMinimum": 0}), "input.x", "be without const"),
    "a pattern": (tool({"type": "string", "pattern": "a"}), "input.x", "be without const"),
    "an array of anything": (tool({"type": "array"}), "input.x", "have items"),
    "a number to choose": (tool({"type": "integer", "enum": [1]}), "input.x", "list texts alone"),
    "a key with a space": (tool(inputSchema=schema({"a b": WORD})), "input", "name its keys"),
    "a key with an underscore": (tool(inputSchema=schema({"_id": WORD})), "input", "begin no key"),
    "a key inside with an underscore": (
        tool({"type": "object", "properties": {"_id": WORD}}), "input.x", "begin no key",
    ),
    "a key called properties": (tool(inputSchema=schema({"properties": WORD})), "input", "call no key properties"),
    "a key called result": (tool(answer={"properties": {"result": WORD}}), "output", "call no key of its answer"),
    "a default": (tool({"type": "string", "default": "a"}), "input.x", "give no default"),
    "a title": (tool({"type": "string", "title": "X"}), "input.x", "have no title"),
    "an argument not described": (tool({"type": "string", "description": ""}), "input.x", "describe each"),
    "true for a schema": (
        tool(answer={"properties": {"word": True}}), "output.word", "have a schema",
    ),
}  # fmt: skip


def test_a_plain_tool_keeps_every_rule() -> None:
    """*Ours*: what the others differ from."""
    assert broken(tool({"type": "string"})) == []


@pytest.mark.parametrize(("tool", "place", "says"), BREAKING.values(), ids=BREAKING)
def test_a_tool_that_breaks_a_rule_is_told_with_the_place(tool: types.Tool, place: str, says: str) -> None:
    """*Measured*: with the clients of the fact pages; nothing else is wrong with the tool."""
    [fault] = broken(tool)
    assert (fault.place, fault.rule.says.startswith(says)) == (place, True)


def test_every_rule_is_broken_by_a_tool_of_this_file() -> None:
    """*Ours*: no rule that cannot fail."""
    said = [says for _, _, says in BREAKING.values()]
    assert [rule.says for rule in RULES if not any(rule.says.startswith(each) for each in said)] == []


def test_the_doctor_names_each_broken_rule_with_the_client_that_breaks(capsys: pytest.CaptureFixture[str]) -> None:
    """*Ours*: and ends with a status that a script sees."""
    assert report([tool({"type": "array"}), tool()]) == 1
    assert capsys.readouterr().out == (
        "find_words, input.x: must have items where it is an array; else VS Code refuses the tool.\n"
    )


@pytest.mark.parametrize("settings", [PRACTICE, {**PRACTICE, "CASE_MCP_TOOLSETS": "cases,tasks"}])
def test_case_mcp_doctor_finds_nothing_in_our_tools(settings: dict[str, str]) -> None:
    """*Ours*: every vendor and profile, also those that this environment does not choose."""
    done = subprocess.run(
        [*COMMAND, "doctor", "--schemas"],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"11 tools keep all {len(RULES)} rules: every client takes them.\n"
