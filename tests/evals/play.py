"""One play of a task: a server at the task's own desk, the calls made at it, and what came of them."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from mcp import Client, MCPError
from mcp.types import TextContent, Tool

from evals import desk, faulty
from evals.task import Task
from served import stdio_connection

CHARACTERS_A_TOKEN: Final = 3
CHARACTERS_A_TOKEN_OF_DEFINITIONS: Final = 4.2
HOW_COUNTED: Final = (
    f"Tokens are estimates: characters / {CHARACTERS_A_TOKEN} of arguments and results, "
    f"/ {CHARACTERS_A_TOKEN_OF_DEFINITIONS} of definitions"
)
_PATIENCE_WITH_A_FAULTY_DESK: Final = "6"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a call came to, as a model is told it."""

    text: str
    data: Mapping[str, Any] | None = None
    refused: bool = False


@dataclass(slots=True)
class Played:
    """What was called, what it took, and what is wrong with it.

    Attributes:
        calls: how many tools were called.
        tokens: of the arguments and the results.
        definitions: tokens of what the server says of its tools.
        failures: what is not as the task says, in words; empty for a play that passed.
        wrong_write: whether the desk holds what it should not.
    """

    calls: int = 0
    tokens: int = 0
    definitions: int = 0
    failures: list[str] = field(default_factory=list)
    wrong_write: bool = False

    def count(self, arguments: object, text: str) -> None:
        """Count one call and what it was told."""
        self.calls += 1
        self.tokens += round((len(compact(arguments)) + len(text)) / CHARACTERS_A_TOKEN)

    def judge(self, task: Task, before: desk.State, file: Path, reply: str) -> None:
        """Compare the desk and the reply with what the task says."""
        differing = desk.differences(before, desk.state(file))
        wrong = [f"{place} differs and should not" for place in desk.unclaimed(differing, task.may_differ)]
        missed = desk.broken(file, task.checks)
        self.wrong_write = bool(wrong or (differing and missed))
        self.failures += [*wrong, *missed, *unmentioned(task, reply)]
        for name, taken, most in (
            ("calls", self.calls, task.budget.calls),
            ("tokens", self.tokens, task.budget.tokens),
        ):
            if taken > most:
                self.failures.append(f"{taken} {name} taken, the budget has {most}")


def compact(value: object) -> str:
    """Return compact JSON, as hosts show it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def unmentioned(task: Task, reply: str) -> list[str]:
    """Return what the reply does not mention though it must."""
    words = reply.casefold()
    wanted = [[each] if isinstance(each, str) else each for each in task.reply.mentions]
    return [
        f"the reply does not mention {' or '.join(each)}"
        for each in wanted
        if not any(word.casefold() in words for word in each)
    ]


@asynccontextmanager
async def table(task: Task) -> AsyncIterator[tuple[Client, Path]]:
    """Yield a client of a server process at the task's own desk, and the desk's file."""
    with TemporaryDirectory(prefix="case-evals-") as folder, ExitStack() as opened:
        file = desk.prepare(task, Path(folder))
        settings = settings_of(task, Path(folder))
        if task.faults:
            settings |= opened.enter_context(faulty.serving(task, file))
            settings |= {"CASE_MCP_DESK": task.vendor, "CASE_MCP_TIMEOUT": _PATIENCE_WITH_A_FAULTY_DESK}
        async with stdio_connection("auto", settings) as client:
            yield client, file


def settings_of(task: Task, folder: Path) -> dict[str, str]:
    """Return the settings of a server at the practice desk in the folder."""
    settings = {
        "CASE_MCP_DESK": "embedded",
        "CASE_MCP_EMBEDDED_DIALECT": task.vendor,
        "CASE_MCP_STATE": str(folder / "state.db"),
    }
    return settings if task.access == "full" else settings | {"CASE_MCP_ACCESS": task.access}


async def call(client: Client, tool: str, arguments: Mapping[str, Any]) -> Told:
    """Call a tool and return what a model is told."""
    try:
        result = await client.call_tool(tool, {**arguments})
    except MCPError as error:
        return Told(text=error.message, refused=True)
    text = "".join(part.text for part in result.content if isinstance(part, TextContent))
    return Told(text=text, data=result.structured_content, refused=bool(result.is_error))


async def careful(task: Task) -> Played:
    """Play the careful agent's calls through a client and a server process."""
    played, heard = Played(), [task.request]
    async with table(task) as (client, file):
        before = desk.state(file)
        played.definitions = definitions((await client.list_tools()).tools)
        for each in task.calls:
            told = await call(client, each.tool, each.arguments)
            heard.append(told.text)
            played.count(each.arguments, told.text)
            if each.ends not in {"either", "refused" if told.refused else "done"}:
                played.failures.append(f"{each.tool} did not end as {each.ends}: {told.text}")
        played.judge(task, before, file, task.reply.careful)
    played.failures += _invented(task, "\n".join(heard))
    return played


def _invented(task: Task, heard: str) -> list[str]:
    """Return the references and numbers of the scripted reply that nobody has told the careful agent."""
    wanted = [[each] if isinstance(each, str) else each for each in task.reply.mentions]
    said = [[word for word in each if any(map(str.isdecimal, word))] for each in wanted]
    return [
        f"nothing has shown {' or '.join(each)}"
        for each in said
        if each and not any(word in heard for word in each)
    ]


def definitions(tools: Sequence[Tool]) -> int:
    """Return the tokens of name, description and input schema of the tools."""
    sizes = (len(each.name) + len(each.description or "") + len(compact(each.input_schema)) for each in tools)
    return round(sum(sizes) / CHARACTERS_A_TOKEN_OF_DEFINITIONS)
