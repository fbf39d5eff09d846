import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from case_server.cli.demo import STORY, Step, play
from served import COMMAND, PATIENCE, environment

LOOK: Final = Step(asked="What is there?", tool="search_cases", arguments={"limit": 1})
SLIP: Final = Step(asked="Show me all.", tool="search_cases", arguments={"limit": 1000}, refused=True)


@pytest.fixture(scope="module")
def output() -> bytes:
    """Give what a first run prints into a file."""
    return demo()


def demo() -> bytes:
    """Run the demo away from a terminal; it must succeed and say nothing on stderr."""
    done = subprocess.run(
        [*COMMAND, "demo"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment(TERM="xterm-256color"),
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def steps(output: bytes) -> list[list[str]]:
    """Return the lines of each numbered step."""
    blocks = output.decode().split("\n\n")
    return [block.splitlines() for block in blocks if block[:1].isdecimal()]


def test_two_runs_print_the_same_bytes(output: bytes) -> None:
    """*Ours*: what the README shows is what everybody sees, on every day."""
    assert demo() == output


def test_output_away_from_a_terminal_has_no_escape_codes(output: bytes) -> None:
    """*Ours*: it ends up in files and tickets."""
    assert b"\x1b" not in output
    assert all(character.isprintable() for character in output.decode() if character != "\n")


def test_story_uses_the_four_tools_and_one_call_is_refused(output: bytes) -> None:
    """*Ours*: each step shows what was asked, the call, and what came of it."""
    told = steps(output)
    assert [lines[1].split()[1] for lines in told] == [
        "search_cases",
        "create_case",
        "update_case",
        "update_task",
        "update_case",
    ]
    assert [lines[0] for lines in told] == [f"{number}. {step.asked}" for number, step in enumerate(STORY, 1)]
    assert [step.refused for step in STORY] == [False, False, False, False, True]
    assert [lines[2].split(" CS")[0].split(" TS")[0] for lines in told[1:4]] == [
        "  Created",
        "  Updated",
        "  Updated",
    ]
    assert told[0][-2].endswith("Practice desk: the cases are invented.")


def test_refused_call_teaches_how_to_mend_it(output: bytes) -> None:
    """*Ours*: both mistakes at once, what is right instead, and that nothing was changed."""
    hint = "write 2026-11-25T12:00:00Z for UTC, or the customer's own offset, e.g. 2026-11-25T12:00:00+02:00."
    assert steps(output)[-1][2:] == [
        "  update_case was not sent: 2 invalid arguments. Nothing was changed.",
        f"  - dueDate: has no offset: {hint}",
        "  - state: is not known here: did you mean `status`?",
        "  Fix them and call update_case again.",
        "  [93 tokens; no request was made]",
    ]


def test_demo_ends_with_the_lines_that_connect_a_host(output: bytes) -> None:
    """*Ours*: with the command of this installation, ready to be copied."""
    command = str(Path(sys.executable).with_name("case-mcp"))
    servers = json.dumps({"mcpServers": {"case-mcp": {"command": command, "args": ["serve"]}}})
    assert output.decode().split("\n\n")[-1].splitlines() == [
        "Connect it:",
        f"  Claude Code  claude mcp add case-mcp -- {command} serve",
        f"  Cursor       .cursor/mcp.json: {servers}",
        f"  Inspector    npx @modelcontextprotocol/inspector {command} serve",
    ]


def test_story_that_goes_as_it_should_succeeds(capsys: pytest.CaptureFixture[str]) -> None:
    """*Ours*: a refusal that is part of the story is no failure."""
    assert play([LOOK, SLIP]) == 0
    assert "search_cases was not sent: 1 invalid argument." in capsys.readouterr().out


@pytest.mark.parametrize("broken", [replace(LOOK, refused=True), replace(SLIP, refused=False)])
def test_step_that_comes_out_otherwise_fails_the_demo(broken: Step, capsys: pytest.CaptureFixture[str]) -> None:
    """*Ours*: the exit status is what a release checks; the story is printed all the same."""
    assert play([broken]) == 1
    assert f"1. {broken.asked}" in capsys.readouterr().out
