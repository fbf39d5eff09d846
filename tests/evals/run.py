"""How well agents do on cases: `uv run python tests/evals/run.py careful|mutated|honest|model [--json FILE]`.

careful   plays the good calls of every task through a real client and a server process; all must pass.
mutated   bends each of those calls as models and clients do; none may end silently wrong.
honest    makes 300 legitimate calls of both vendors; none may be refused, nor change another case.
model     lets a model do every task, `--times` times. Its address is CASE_EVALS_URL, its name CASE_EVALS_MODEL,
          its wire format CASE_EVALS_API (openai, the default, or anthropic), its key CASE_EVALS_KEY.

The exit status is 0 where the aim is met: every task passed, no call silently wrong, no legitimate one
refused, every play measured.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from functools import partial
from math import isnan
from pathlib import Path
from statistics import mean
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parents[1]))

import anyio

from evals import honest, mutated, play
from evals.access import Access, NoAccess, Refused
from evals.bending import MUTATIONS
from evals.model import Asked, ask, pass_to_the
from evals.report import Progress, table, write_json
from evals.task import Task, load

P = TypeVar("P")
_USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the four, print what came of it, and return the exit status."""
    parser = argparse.ArgumentParser(description="How well agents do on cases.")
    parser.add_argument("what", choices=["careful", "mutated", "honest", "model"])
    parser.add_argument("--json", type=Path, help="write the figures into this file")
    parser.add_argument("--task", action="append", help="only this task; may be given more than once")
    parser.add_argument("--times", type=int, default=1, help="model: how often every task is played")
    parser.add_argument("--at-once", type=int, default=2, help="careful and model: plays at the same time")
    given = parser.parse_args(arguments)
    tasks = [task for task in load() if not given.task or task.name in given.task]
    if not tasks or given.times < 1 or given.at_once < 1:
        parser.error("there is nothing to play")
    try:
        match given.what:
            case "careful":
                return careful(tasks, given.json, at_once=given.at_once)
            case "mutated":
                return bent(tasks, given.json)
            case "honest":
                return legitimate(given.json)
            case _:
                access = Access.from_environment(os.environ)
                return model(tasks, given.json, access, times=given.times, at_once=given.at_once)
    except NoAccess as error:
        print(error, file=sys.stderr)
        return _USAGE_ERROR


def careful(tasks: Sequence[Task], file: Path | None, *, at_once: int) -> int:
    """Play the good calls; every task must pass."""
    played = dict(zip([task.name for task in tasks], _all(tasks, play.careful, at_once=at_once), strict=True))
    rows = [
        (task.name, task.vendor, task.language, played[task.name].calls, played[task.name].tokens)
        for task in tasks
    ]
    print(table(["task", "vendor", "language", "calls", "tool tokens"], rows))
    failed = {name: each.failures for name, each in played.items() if each.failures}
    passed = len(tasks) - len(failed)
    calls, tokens = (mean(getattr(each, name) for each in played.values()) for name in ("calls", "tokens"))
    print(f"\n{passed} of {len(tasks)} tasks passed; {calls:.1f} calls and {tokens:.0f} tool tokens a task.")
    defined = {
        vendor: max(played[task.name].definitions for task in tasks if task.vendor == vendor)
        for vendor in dict.fromkeys(task.vendor for task in tasks)
    }
    print("Definitions: " + ", ".join(f"{size:,} tokens on {vendor}" for vendor, size in defined.items()) + ".")
    print(f"{play.HOW_COUNTED}.")
    for name, failures in failed.items():
        print(f"{name}: {'; '.join(failures)}", file=sys.stderr)
    write_json(file, {"careful": {name: asdict(each) for name, each in played.items()}})
    return 0 if not failed else 1


def bent(tasks: Sequence[Task], file: Path | None) -> int:
    """Bend the good calls; none may end silently wrong."""
    fit = mutated.fit(tasks)
    progress = Progress(len(fit))
    outcomes: list[mutated.Outcome] = []
    for done in mutated.plays(fit, MUTATIONS):
        outcomes += done
        progress.step(done[0].task if done else "")
    progress.end()
    verdicts = Counter((each.mutation, each.verdict) for each in outcomes)
    names: list[mutated.Verdict] = ["right", "taught", "silently wrong"]
    rows = [(mutation, *(verdicts[mutation, verdict] for verdict in names)) for mutation in MUTATIONS]
    totals = [sum(each.verdict == verdict for each in outcomes) for verdict in names]
    print(table(["mutation", *names], [*rows, ("all", *totals)]))
    print(f"\n{len(outcomes)} bent calls of {len(fit)} tasks, each at a desk of its own.")
    wrong = [each for each in outcomes if each.verdict == "silently wrong"]
    for each in wrong:
        print(
            f"{each.task}: {each.mutation}: {each.tool} {play.compact(each.arguments)}: {each.text}",
            file=sys.stderr,
        )
    write_json(file, {"mutated": [asdict(each) for each in outcomes]})
    return 0 if outcomes and not wrong else 1


def legitimate(file: Path | None) -> int:
    """Make the legitimate calls; none may be refused."""
    outcomes = honest.measure(honest.generated())
    counts = Counter((each.call.kind, each.call.vendor) for each in outcomes)
    refused = Counter((each.call.kind, each.call.vendor) for each in outcomes if each.refused)
    wrong = Counter((each.call.kind, each.call.vendor) for each in outcomes if each.elsewhere)
    rows = [
        (kind, vendor, made, refused[kind, vendor], wrong[kind, vendor]) for (kind, vendor), made in counts.items()
    ]
    totals = ("all", "both", len(outcomes), refused.total(), wrong.total())
    print(table(["kind", "vendor", "calls", "refused", "changed another case"], [*rows, totals]))
    for each in outcomes:
        if each.refused or each.elsewhere:
            said = each.text if each.refused else f"changed {', '.join(each.elsewhere)}"
            print(
                f"{each.call.kind}: {each.call.tool} {play.compact(each.call.arguments)}: {said}", file=sys.stderr
            )
    write_json(file, {"honest": [asdict(each) for each in outcomes]})
    return 0 if outcomes and not refused and not wrong else 1


def model(tasks: Sequence[Task], file: Path | None, access: Access, *, times: int, at_once: int) -> int:
    """Let a model do the tasks; every play must be measured."""

    async def measured() -> list[Asked]:
        async with access.client() as http:
            return await _each(
                [task for task in tasks for _ in range(times)], partial(ask, access=access, http=http), at_once
            )

    plays: list[Asked] = []
    try:
        plays = anyio.run(measured)
    except* Refused as group:
        print(f"The API refuses to answer: {_first(group)}.", file=sys.stderr)
    if not plays:
        return 1
    by_task = [plays[start : start + times] for start in range(0, len(plays), times)]
    print(_told(tasks, by_task, times))
    unmeasured = [each.unmeasured for each in plays if each.unmeasured]
    for reason in dict.fromkeys(unmeasured):
        print(f"{unmeasured.count(reason)} plays were not measured: {reason}.", file=sys.stderr)
    figures = {task.name: [asdict(each) for each in tried] for task, tried in zip(tasks, by_task, strict=True)}
    write_json(file, {"model": access.model, "times": times, "plays": figures})
    return 0 if not unmeasured else 1


def _told(tasks: Sequence[Task], by_task: Sequence[Sequence[Asked]], times: int) -> str:
    rows = [
        (
            task.name,
            sum(each.passed for each in tried),
            sum(each.wrong_write for each in tried),
            *(
                round(mean(getattr(each, name) for each in tried))
                for name in ("calls", "tokens", "tokens_in", "tokens_out")
            ),
        )
        for task, tried in zip(tasks, by_task, strict=True)
    ]
    head = ["task", f"passed of {times}", "wrong writes", "calls", "tool tokens", "tokens in", "tokens out"]
    shares = {f"pass^{power}": pass_to_the(power, by_task) for power in range(1, times + 1)}
    powers = "; ".join(f"{name} {'unknown' if isnan(share) else f'{share:.0%}'}" for name, share in shares.items())
    wrong = sum(each.wrong_write for tried in by_task for each in tried)
    return (
        f"{table(head, rows)}\n\n{powers}; {wrong} plays left something wrong at the desk.\n"
        f"{play.HOW_COUNTED}; in and out are the API's own counts."
    )


def _all(tasks: Sequence[Task], one: Callable[[Task], Awaitable[P]], *, at_once: int) -> list[P]:
    return anyio.run(_each, tasks, one, at_once)


async def _each(tasks: Sequence[Task], one: Callable[[Task], Awaitable[P]], at_once: int) -> list[P]:
    """Play each task, some at the same time, and return the results in the tasks' order."""
    done: dict[int, P] = {}
    places, progress = anyio.CapacityLimiter(at_once), Progress(len(tasks))

    async def run(index: int, task: Task) -> None:
        async with places:
            done[index] = await one(task)
        progress.step(task.name)

    try:
        async with anyio.create_task_group() as group:
            for index, task in enumerate(tasks):
                group.start_soon(run, index, task)
    finally:
        progress.end()
    return [done[index] for index in range(len(tasks))]


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error in a group, whatever groups it stands in."""
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


if __name__ == "__main__":
    sys.exit(main())
