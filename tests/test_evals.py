import io
import json
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import anyio
import pytest

from evals import desk, mutated, play
from evals.bending import MUTATIONS, Bent
from evals.report import Progress
from evals.task import FOLDER, Check, Reply, load, read
from generate_readme import TOP, careful
from served import PATIENCE, environment

RUN: Final = [sys.executable, str(FOLDER.parent / "run.py")]
TASKS: Final = {task.name: task for task in load()}
WRITES: Final = TASKS["change_of_mind"]
LANGUAGES: Final = {"en", "de", "fr", "es", "tr", "ar", "hi", "ja", "pt"}
BENT: Final = [
    "how_many_are_critical",
    "new_problem_of_a_known_customer",
    "talkdesk_duplicate_gets_a_note",
    "task_of_a_case",
    "two_customers_of_one_name",
]
"""Tasks whose calls can be bent in every way between them."""


class Terminal(io.StringIO):
    """Says that it is one."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as the README says."""
    return subprocess.run(
        [*RUN, *arguments], capture_output=True, text=True, timeout=PATIENCE, env=environment(), check=False
    )


def test_there_are_enough_tasks_in_nine_languages_for_two_vendors() -> None:
    """Ours: what the README says of them."""
    assert len(TASKS) == 72
    assert Counter(task.vendor for task in TASKS.values()) == {"kore": 50, "talkdesk": 22}
    for vendor in ("kore", "talkdesk"):
        assert {task.language for task in TASKS.values() if task.vendor == vendor} == LANGUAGES


def test_a_careful_agent_passes_every_task() -> None:
    """Ours: real server processes, desks of their own; nothing else at any of them is changed."""
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in careful().splitlines() if row[0:1] == "|"]
    assert [row[:4] for row in rows[2:]] == [
        [task.name, task.vendor, task.language, str(len(task.calls))] for task in TASKS.values()
    ]
    assert "\n72 of 72 tasks passed" in careful()


def test_careful_writes_json(tmp_path: Path) -> None:
    """Ours: for whoever draws the figures."""
    file = tmp_path / "figures.json"
    done = run("careful", "--task", WRITES.name, "--json", str(file))
    assert (done.returncode, done.stderr) == (0, "")
    played = json.loads(file.read_text(encoding="utf-8"))["careful"][WRITES.name]
    assert (played["calls"], played["failures"], played["wrong_write"]) == (1, [], False)
    assert f"| {played['tokens']} |" in " ".join(done.stdout.split())


def test_progress_is_shown_on_a_terminal_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours: what the command prints ends up in files."""
    Progress(2).step("first")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys, "stderr", Terminal())
    progress = Progress(2)
    progress.step("first")
    progress.end()
    assert isinstance(sys.stderr, Terminal)
    assert sys.stderr.getvalue() == "\r\x1b[K1 of 2  first\r\x1b[K"


def test_whatever_is_not_as_the_task_says_fails_it(anyio_backend: str) -> None:
    """Ours: the same good call, judged by a task that says something else in every place."""
    altered = WRITES.model_copy(
        update={
            "may_differ": [],
            "checks": [Check(sql="SELECT priority FROM cases WHERE ref = 'CS000157'", rows=[["Low"]])],
            "reply": Reply(careful="CS000160 is done.", mentions=["CS000160", ["urgent", "dringend"]]),
            "budget": WRITES.budget.model_copy(update={"calls": 0, "tokens": 10}),
            "calls": [WRITES.calls[0].model_copy(update={"ends": "refused"})],
        }
    )
    played = anyio.run(play.careful, altered, backend=anyio_backend)
    assert played.wrong_write
    assert [failure.split(": ")[0] for failure in played.failures] == [
        "update_case did not end as refused",
        "CS000157.priority differs and should not",
        "CS000157.updated differs and should not",
        "SELECT priority FROM cases WHERE ref = 'CS000157' gives [['Critical']], not [['Low']]",
        "the reply does not mention urgent or dringend",
        "1 calls taken, the budget has 0",
        f"{played.tokens} tokens taken, the budget has 10",
        "nothing has shown CS000160",
    ]


@pytest.mark.parametrize(
    ("change", "places"),
    [
        ("UPDATE record SET status = 'x' WHERE ref = 'CS000101'", ["CS000101.status"]),
        ("UPDATE record SET score = 0 WHERE ref = 'CS000101'", ["CS000101.priority"]),
        ("UPDATE document SET body = json_set(body, '$.tags[0]', 'x') WHERE key = 1", ["TS000101.tags"]),
        ("DELETE FROM label WHERE sort = 'queue' AND value = 'billing'", None),
        ("UPDATE person SET phone = '1' WHERE email = 'rory@example.net'", ["person rory@example.net"]),
        ("DELETE FROM record WHERE ref = 'CS000160'", ["CS000160"]),
    ],
)
def test_a_change_of_any_table_is_seen(change: str, places: list[str] | None, tmp_path: Path) -> None:
    """Ours: "nothing else changed" is said of everything that the desk keeps."""
    file = desk.prepare(WRITES, tmp_path)
    before = desk.state(file)
    with closing(sqlite3.connect(file)) as db, db:
        db.execute(change)
    differing = desk.differences(before, desk.state(file))
    if places is None:
        assert differing
        assert {place.partition(".")[2] for place in differing} == {"queues"}
    else:
        assert differing == places


def test_a_table_that_nobody_compares_is_an_error(tmp_path: Path) -> None:
    """Ours: a desk that keeps something new must not pass unseen."""
    file = desk.prepare(WRITES, tmp_path)
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("CREATE TABLE attachment (key INTEGER)")
    with pytest.raises(ValueError, match="tables that nobody compares: attachment"):
        desk.state(file)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('vendor = "kore"', 'vendor = "zendesk"', "vendor"),
        ("may_differ", "may_not_differ", "may_not_differ"),
        ("calls = 4", 'calls = "4"', "budget.calls"),
        ("clock = 2026-11-20T09:00:00Z", "clock = 2026-11-20T09:00:00", "clock"),
        ("[[checks]]", "[checks]", "checks"),
    ],
)
def test_a_file_that_is_no_task_is_refused_by_name(old: str, new: str, said: str, tmp_path: Path) -> None:
    """Ours: a misspelt key would be a check that is never made."""
    file = tmp_path / "slip.toml"
    good = (FOLDER / "change_of_mind.toml").read_text(encoding="utf-8")
    assert old in good
    file.write_text(good.replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=rf"(?s)^slip\.toml: .*{said}"):
        read(file)


@pytest.fixture(scope="module")
def outcomes() -> list[mutated.Outcome]:
    """Give what came of bending each call of a few tasks in every way."""
    return [each for name in BENT for each in mutated.play(TASKS[name], MUTATIONS)]


def test_no_bent_call_ends_silently_wrong(outcomes: list[mutated.Outcome]) -> None:
    """Ours: right, or refused in words that teach; `run.py mutated` bends every task."""
    assert [each for each in outcomes if each.verdict == "silently wrong"] == []
    assert {each.verdict for each in outcomes} == {"right", "taught"}


def test_the_readme_shows_every_way_of_bending_without_a_silent_wrong() -> None:
    """Ours: the table is of the whole run, which the gate makes by command."""
    table = (TOP / "tests/README.md").read_text(encoding="utf-8").partition("| mutation ")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines()[2:]]
    assert [row[0] for row in rows] == [*MUTATIONS, "all"]
    assert {row[3] for row in rows} == {"0"}


def test_every_way_of_bending_is_tried(outcomes: list[mutated.Outcome]) -> None:
    """Ours: a mutation that can be applied nowhere proves nothing."""
    assert {each.mutation for each in outcomes} == {*MUTATIONS}


def test_a_call_that_means_something_else_is_silently_wrong() -> None:
    """Ours: the comparison itself bites: another case, other rows, words that teach nothing."""

    def another_case(_: str, arguments: dict[str, Any], __: object) -> Iterator[Bent]:
        if "caseId" in arguments:
            yield Bent(arguments={**arguments, "caseId": "CS000160"}, about=("caseId",))

    def other_rows(tool: str, arguments: dict[str, Any], __: object) -> Iterator[Bent]:
        if tool == "search_cases":
            yield Bent(arguments={**arguments, "searchText": "CS000160"}, about=("searchText",))

    def refused_without_a_name(_: str, arguments: dict[str, Any], __: object) -> Iterator[Bent]:
        yield Bent(arguments={**arguments, "reason": "x"}, about=("nothing of the kind",))

    ways = {each.__name__: each for each in (another_case, other_rows, refused_without_a_name)}
    came_to = mutated.play(TASKS["one_tag_more"], ways)
    assert [(each.tool, each.mutation, each.verdict) for each in came_to] == [
        ("search_cases", "other_rows", "silently wrong"),
        ("search_cases", "refused_without_a_name", "silently wrong"),
        ("update_case", "another_case", "silently wrong"),
        ("update_case", "refused_without_a_name", "silently wrong"),
    ]


def test_mutated_prints_a_table_and_writes_json(tmp_path: Path) -> None:
    """Ours: from as many processes as there are cores."""
    file = tmp_path / "figures.json"
    done = run("mutated", "--task", "only_the_status", "--json", str(file))
    assert (done.returncode, done.stderr) == (0, "")
    bent = json.loads(file.read_text(encoding="utf-8"))["mutated"]
    assert f"{len(bent)} bent calls of 1 tasks" in done.stdout
    verdicts = Counter(each["verdict"] for each in bent)
    last = next(row for row in done.stdout.splitlines() if row.startswith("| all "))
    assert [int(cell) for cell in last.split("|")[2:5]] == [verdicts["right"], verdicts["taught"], 0]
