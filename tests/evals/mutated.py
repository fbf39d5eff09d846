"""Bend each call of the careful agent and see what the server makes of it: right, taught or silently wrong.

A bent call is *right* where it ends as the good one does: the same rows for a read, the same desk after a write.
It is *taught* where it is refused, the desk is as it was, and the refusal names what is to be mended. All else
is *silently wrong*.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import anyio
from mcp import Client
from mcp.server.lowlevel import Server

from case_server.mcp.app import build
from case_tools import Settings
from evals import desk
from evals.bending import Bent, Mutation
from evals.play import Told, call, settings_of
from evals.task import Call, Task

Verdict = Literal["right", "taught", "silently wrong"]
_KINDS = ("status", "priority", "queue")
_UNCHANGED = "Nothing was changed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one bent call."""

    task: str
    tool: str
    mutation: str
    arguments: dict[str, Any]
    verdict: Verdict
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """A good call, what it came to, and the desk before and after it."""

    call: Call
    told: Told
    before: desk.State
    after: desk.State


def fit(tasks: Iterable[Task]) -> list[Task]:
    """Return the tasks that can be played in this process: a desk that fails needs a socket."""
    return [task for task in tasks if not task.faults]


def plays(tasks: Sequence[Task], mutations: Mapping[str, Mutation]) -> Iterator[list[Outcome]]:
    """Yield the outcomes of each task, from as many processes as there are cores."""
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for done in as_completed([pool.submit(play, task, mutations) for task in tasks]):
            yield done.result()


def play(task: Task, mutations: Mapping[str, Mutation]) -> list[Outcome]:
    """Bend each call of a task in each of the ways."""
    return anyio.run(_play, task, mutations)


async def _play(task: Task, mutations: Mapping[str, Mutation]) -> list[Outcome]:
    with TemporaryDirectory(prefix="case-evals-") as folder:
        seeded = desk.prepare(task, Path(folder))
        room = _Room(task, seeded, Path(folder) / "played")
        schemas, steps = await room.good()
        return [
            await room.bent(steps[:index], step, name, bent)
            for index, step in enumerate(steps)
            for name, mutation in mutations.items()
            for bent in mutation(step.call.tool, step.call.arguments, schemas[step.call.tool])
        ]


class _Room:
    """A server object at the task's desk, which is put back before each play."""

    def __init__(self, task: Task, seeded: Path, folder: Path) -> None:
        self._task = task
        self._seeded = seeded
        self._folder = folder
        self._server: Server[Any] = build(Settings.from_environment(settings_of(task, folder)))

    def _client(self) -> Client:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir()
        shutil.copy(self._seeded, self._file)
        return Client(self._server)

    @property
    def _file(self) -> Path:
        return self._folder / "desk.db"

    async def good(self) -> tuple[dict[str, Any], list[_Step]]:
        """Play the good calls and return the schemas and the steps."""
        steps = []
        async with self._client() as client:
            schemas = {tool.name: tool.input_schema for tool in (await client.list_tools()).tools}
            after = desk.state(self._file)
            for each in self._task.calls:
                before, told = after, await call(client, each.tool, each.arguments)
                after = desk.state(self._file)
                steps.append(_Step(call=each, told=told, before=before, after=after))
        return schemas, steps

    async def bent(self, earlier: Sequence[_Step], step: _Step, mutation: str, bent: Bent) -> Outcome:
        """Play the good calls before it and then the bent one."""
        async with self._client() as client:
            for each in earlier:
                await call(client, each.call.tool, each.call.arguments)
            told = await call(client, step.call.tool, bent.arguments)
        return Outcome(
            task=self._task.name,
            tool=step.call.tool,
            mutation=mutation,
            arguments=bent.arguments,
            verdict=_verdict(step, bent, told, desk.state(self._file)),
            text=told.text,
        )


def _verdict(step: _Step, bent: Bent, told: Told, after: desk.State) -> Verdict:
    if told.refused and after == step.before and _UNCHANGED in told.text and _teaches(told.text, bent.about):
        return "taught"
    if _reads(step) and not told.refused and after == step.before and _names_the_nearest(told.text, bent):
        return "taught"
    same = told.refused == step.told.refused and (
        told.refused or not _reads(step) or _shown(told) == _shown(step.told)
    )
    return "right" if same and after == step.after else "silently wrong"


def _teaches(refusal: str, about: Sequence[str]) -> bool:
    """Tell whether a line of the refusal is about one of the arguments, or it tells a reference that was given."""
    places = [line[2:].partition(": ")[0] for line in refusal.splitlines() if line.startswith("- ")]
    named = {*places, *(part for place in places for part in place.split("."))}
    return any(each in named or (any(map(str.isdecimal, each)) and each in refusal) for each in about)


def _names_the_nearest(page: str, bent: Bent) -> bool:
    """Tell whether a page says that a name in a filter was not seen, and which is nearest."""
    asked = [each for value in bent.arguments.values() if isinstance(value, list) for each in value]
    return any(f"was seen with the {kind} {each!r}; nearest is" in page for kind in _KINDS for each in asked)


def _reads(step: _Step) -> bool:
    return step.call.tool.startswith("search")


def _shown(told: Told) -> dict[str, Any]:
    return {key: value for key, value in (told.data or {}).items() if key != "note"}
