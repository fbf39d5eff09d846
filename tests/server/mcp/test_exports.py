"""`case-mcp export`: each form is taken by the library of the program that it is for."""

import importlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from case_tools import CaseDesk, Settings
from export_checks import STARTED
from served import COMMAND, PATIENCE, environment

jsonschema: Any = importlib.import_module("jsonschema")  # it ships no types

FORMATS: Final = ("openai", "anthropic", "gemini", "json-schema", "rasa")
LIBRARIES: Final = ("openai==3.54.0", "anthropic==2.12.0", "google-genai", "pyyaml")
BRING: Final = "python3 -m pip install uv, and a package index"
DESKS: Final = {
    "kore": ({"CASE_MCP_TOOLSETS": "cases,tasks"}, Settings(state=":memory:", toolsets=("cases", "tasks"))),
    "talkdesk": (
        {"CASE_MCP_EMBEDDED_DIALECT": "talkdesk"},
        Settings(state=":memory:", embedded_dialect="talkdesk"),
    ),
}


def export(form: str, **settings: str) -> str:
    """Return what the command prints."""
    done = subprocess.run(
        [*COMMAND, "export", "--format", form],
        capture_output=True,
        text=True,
        env=environment(**settings),
        timeout=PATIENCE,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("vendor", [*DESKS])
def test_each_form_is_taken_by_its_own_library(vendor: str, tmp_path: Path) -> None:
    """*Documented* (the libraries' types); Rasa's by the rules of its tool steps: its checker wants a licence."""
    settings, desk = DESKS[vendor]
    for form in FORMATS:
        (tmp_path / form).write_text(export(form, **settings))
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    extra = [part for each in LIBRARIES for part in ("--with", each)]
    check = str(Path(__file__).parents[2] / "export_checks.py")
    command = [str(uv), "run", "--quiet", "--isolated", "--no-project", *extra, "python", check, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False) if uv else None
    if done is None or STARTED not in done.stdout:
        reason = f"the programs' libraries are needed: {BRING}\n{done.stderr if done else ''}"
        if os.environ.get("TESTS_MUST_NOT_SKIP") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.removeprefix(STARTED))
    names = [*CaseDesk(desk).tools]
    assert told["names"] == dict.fromkeys(("openai", "anthropic", "gemini", "rasa"), names)
    assert told["checked"]["slots"] > told["checked"]["questions"] > len(names)


def test_the_json_schemas_are_valid_and_are_those_of_the_tools() -> None:
    """*Documented* (JSON Schema 2020-12): with the arguments that programs have."""
    told = json.loads(export("json-schema", CASE_MCP_OUTCOMES="data", CASE_MCP_ACCESS="confirm"))
    for name, tool in told.items():
        for part in ("arguments", "answer"):
            jsonschema.Draft202012Validator.check_schema(tool[part])
        assert ("confirmation" in tool["arguments"]["properties"]) is (name != "search_cases")
        assert {"ok", "problem", "missing", "say"} <= {*tool["answer"]["properties"]}
    assert [*told] == ["create_case", "update_case", "update_task", "search_cases"]


def test_an_export_leaves_no_file_behind(tmp_path: Path) -> None:
    """*Ours*: it opens neither state nor desk."""
    export("openai", CASE_MCP_STATE=str(tmp_path / "state.db"))
    assert [*tmp_path.iterdir()] == []
