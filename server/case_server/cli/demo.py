"""`case-mcp demo`: an assistant's calls through a real client, over stdio, to a practice desk of their own.

The story is played twice: by the client, and by the library on a twin desk with the same fixed clock, which
shows how long the vendor's raw answers are. Both must say the same.
"""

import json
import os
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import anyio
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import CallToolResult, TextContent

from case_tools import CaseDesk, CaseError, Settings
from case_tools.embedded import EmbeddedDesk

_NOW: Final = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
_CHARACTERS_A_TOKEN: Final = 3
_TWO_COLUMNS: Final = "  "
_NONCE: Final = "x7Qk2mPa"
"""Stands for the eight characters that each answer draws anew, so that every run prints the same."""

_DRAWN: Final = re.compile(r"(</?untrusted-)[\w-]{8}(?=>)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that is asked, the call an assistant makes of it, and whether the call is refused."""

    asked: str
    tool: str
    arguments: Mapping[str, Any]
    refused: bool = False


STORY: Final = (
    Step(
        asked="Which urgent cases are still open?",
        tool="search_cases",
        arguments={"priority": ["Critical", "High"], "unresolved": True, "limit": 5},
    ),
    Step(
        asked="Jane Roe (jane.roe@example.com) says her coffee machine leaks. Open a case, due Tuesday noon.",
        tool="create_case",
        arguments={
            "name": "Coffee machine leaks",
            "desc": "Water runs out at the back since the second day.",
            "userInfo": {"name": "Jane Roe"},
            "emailId": "jane.roe@example.com",
            "dueDate": "2026-11-24T12:00:00+01:00",
        },
    ),
    Step(
        asked="That one is urgent, and we are on it.",
        tool="update_case",
        arguments={"caseId": "CS000161", "priority": {"name": "High"}, "status": {"name": "In Progress"}},
    ),
    Step(
        asked="The warehouse has looked: task TS000125 is done.",
        tool="update_task",
        arguments={"taskId": "TS000125", "status": {"name": "Closed"}},
    ),
    Step(
        asked="Close it, and move the due date. (The assistant slips twice.)",
        tool="update_case",
        arguments={"caseId": "CS000161", "state": "Closed", "dueDate": "2026-11-25T12:00:00"},
        refused=True,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What came of a step."""

    step: Step
    text: str
    refused: bool
    raw: int


def play(story: Sequence[Step] = STORY) -> int:
    """Play the story, print it, and return the exit status: 0 if every step came out as it should."""
    with tempfile.TemporaryDirectory(prefix="case-mcp-demo-") as folder:
        scenes = anyio.run(_scenes, story, Path(folder))
    paint = _Paint(colours=sys.stdout.isatty() and "NO_COLOR" not in os.environ)
    print(_story(scenes, paint))  # noqa: T201
    return 0 if all(scene.refused == scene.step.refused for scene in scenes) else 1


async def _scenes(story: Sequence[Step], folder: Path) -> list[Scene]:
    for name in ("served", "twin"):
        EmbeddedDesk.open(str(folder / name / "desk.db"), frozen_at=_NOW).close()
    served = await _served(story, folder / "served" / "state.db")
    twins = await _twin(story, folder / "twin" / "state.db")
    scenes = []
    for step, answer, (text, raw) in zip(story, served, twins, strict=True):
        seen = "".join(part.text for part in answer.content if isinstance(part, TextContent))
        seen = _DRAWN.sub(rf"\1{_NONCE}", seen)
        if seen != text:
            raise RuntimeError(f"{step.tool} said one thing over stdio and another in the library")
        scenes.append(Scene(step=step, text=seen, refused=bool(answer.is_error), raw=raw))
    return scenes


async def _served(story: Sequence[Step], state: Path) -> list[CallToolResult]:
    """Play the story through a client and a server process."""
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "case_server", "serve"],
        env={"CASE_MCP_DESK": "embedded", "CASE_MCP_STATE": str(state)},
    )
    with open(os.devnull, "w") as unheard:  # noqa: ASYNC230, PTH123 - opening the null device waits for nothing
        async with Client(stdio_client(server, errlog=unheard)) as client:
            return [await client.call_tool(step.tool, {**step.arguments}) for step in story]


async def _twin(story: Sequence[Step], state: Path) -> list[tuple[str, int]]:
    """Play the story in the library; return what a model reads and the length of the raw answers."""
    answers: list[int] = []
    lines = []
    settings = Settings(desk="embedded", state=str(state))
    async with CaseDesk(settings, observe=lambda _, answer: answers.append(len(answer.body.decode()))) as desk:
        for step in story:
            answers.clear()
            try:
                text = (await desk.call(step.tool, step.arguments)).text(_NONCE)
            except CaseError as error:
                text = error.text(_NONCE)
            lines.append((text, sum(answers)))
    return lines


class _Paint:
    """Colours for a terminal, nothing for a file."""

    def __init__(self, *, colours: bool) -> None:
        self._colours = colours

    def bold(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self._colours else text

    def faint(self, text: str) -> str:
        return f"\x1b[2m{text}\x1b[0m" if self._colours else text

    def red(self, text: str) -> str:
        return f"\x1b[31m{text}\x1b[0m" if self._colours else text


def _story(scenes: list[Scene], paint: _Paint) -> str:
    """Return the story as a person wants to read it."""
    blocks = ["A practice desk with 60 invented cases, an MCP server on stdio, and a client that calls it.\n"]
    for number, scene in enumerate(scenes, 1):
        call = f"{scene.step.tool} {json.dumps(dict(scene.step.arguments), ensure_ascii=False)}"
        outcome = paint.red(scene.text) if scene.refused else scene.text
        lines = [paint.bold(f"{number}. {scene.step.asked}"), paint.faint(f"→ {call}")]
        lines += [_TWO_COLUMNS + each for each in outcome.splitlines()]
        blocks.append("\n".join([*lines, paint.faint(_TWO_COLUMNS + _tokens(scene)), ""]))
    seen, raw = sum(len(scene.text) for scene in scenes), sum(scene.raw for scene in scenes)
    blocks.append(
        f"In all the model reads some {_rounded(seen)} tokens; the desk's raw answers are some {_rounded(raw)} "
        f"(characters / {_CHARACTERS_A_TOKEN}).\n"
    )
    return "\n".join([*blocks, _connect(paint)])


def _tokens(scene: Scene) -> str:
    seen = f"[{_rounded(len(scene.text))} tokens"
    return f"{seen}; raw answer {_rounded(scene.raw)}]" if scene.raw else f"{seen}; no request was made]"


def _rounded(characters: int) -> str:
    return f"{round(characters / _CHARACTERS_A_TOKEN):,}"


def _connect(paint: _Paint) -> str:
    command = str(Path(sys.executable).with_name("case-mcp"))
    cursor = json.dumps({"mcpServers": {"case-mcp": {"command": command, "args": ["serve"]}}})
    return "\n".join(
        [
            paint.bold("Connect it:"),
            f"  Claude Code  claude mcp add case-mcp -- {command} serve",
            f"  Cursor       .cursor/mcp.json: {cursor}",
            f"  Inspector    npx @modelcontextprotocol/inspector {command} serve",
        ]
    )
