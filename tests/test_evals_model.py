import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest

from evals.access import Access, Unanswered
from evals.apis import APIS
from evals.model import Asked, ask, pass_to_the
from evals.task import FOLDER, Task, read
from loopback import LoopbackDesk, Received, Reply
from model_stand_in import KEY, MODEL, Says, Script, anthropic, careful, openai
from served import PATIENCE, environment

RUN: Final = [sys.executable, str(FOLDER.parent / "run.py"), "model"]
STAND_INS: Final[Mapping[str, Callable[[Mapping[str, Script]], Callable[[Received], Reply]]]] = {
    "openai": openai,
    "anthropic": anthropic,
}
BASES: Final = {"openai": "/v1", "anthropic": ""}
WRITES: Final = read(FOLDER / "change_of_mind.toml")
ASKS: Final = read(FOLDER / "missing_email.toml")
IN_TWO_STEPS: Final = read(FOLDER / "talkdesk_duplicate_gets_a_note.toml")
TASKS: Final = [ASKS, IN_TWO_STEPS]
FAILS_HALF_WAY: Final = read(FOLDER / "desk_fails_half_way.toml")


@pytest.fixture(params=APIS)
def api(request: pytest.FixtureRequest) -> str:
    """Give the name of each wire format."""
    return str(request.param)


def run(url: str, api: str, *options: str, key: str = KEY, model: str = MODEL) -> subprocess.CompletedProcess[str]:
    """Run the command with the environment that leads to a model."""
    given = {"CASE_EVALS_URL": url, "CASE_EVALS_KEY": key, "CASE_EVALS_MODEL": model, "CASE_EVALS_API": api}
    return subprocess.run(
        [*RUN, *options],
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        env=environment(**given),
        check=False,
    )


def only(*tasks: Task) -> list[str]:
    """Return the options that choose these tasks."""
    return [part for task in tasks for part in ("--task", task.name)]


async def asked(loopback: LoopbackDesk, api: str, task: Task, script: Script) -> Asked:
    """Let a scripted model do a task; what is to be waited for takes no time."""
    loopback.answer = STAND_INS[api]({task.request.strip(): script})
    access = access_to(loopback, api)
    async with access.client() as http:
        return await ask(task, access, http)


def access_to(loopback: LoopbackDesk, api: str) -> Access:
    """Return the way to the stand-in."""

    async def at_once(_seconds: float) -> None:
        """Wait for nothing."""

    return Access(url=loopback.url + BASES[api], key=KEY, model=MODEL, api=APIS[api], sleep=at_once)


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A run of the command that has ended.

    Attributes:
        api: the wire format.
        done: what it printed.
        figures: the text of its JSON.
        first: the body of the first request.
    """

    api: str
    done: subprocess.CompletedProcess[str]
    figures: str
    first: Any


@pytest.fixture(scope="module", params=APIS)
def finished(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Give the command's run with a careful model, every task twice."""
    api, file = str(request.param), tmp_path_factory.mktemp("figures") / "figures.json"
    with LoopbackDesk() as loopback:
        loopback.answer = STAND_INS[api]({task.request.strip(): careful(task) for task in TASKS})
        done = run(loopback.url + BASES[api], api, *only(*TASKS), "--times", "2", "--json", str(file))
        return Finished(
            api=api, done=done, figures=file.read_text(encoding="utf-8"), first=loopback.received[0].body
        )


def test_a_model_that_is_careful_passes_every_time(finished: Finished) -> None:
    """Ours: the whole command, with calls, and with a question in the place of a write."""
    assert (finished.done.returncode, finished.done.stderr) == (0, "")
    assert "pass^1 100%; pass^2 100%; 0 plays left something wrong at the desk" in finished.done.stdout
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in finished.done.stdout.splitlines()[2:4]]
    assert [(row[0], row[1], row[2], row[3], row[5], row[6]) for row in rows] == [
        ("missing_email", "2", "0", "1", "2,000", "20"),
        ("talkdesk_duplicate_gets_a_note", "2", "0", "2", "3,000", "30"),
    ]
    figures = json.loads(finished.figures)
    assert (figures["model"], figures["times"], [*figures["plays"]]) == (MODEL, 2, [task.name for task in TASKS])


def test_the_key_is_in_nothing_that_the_command_writes(finished: Finished) -> None:
    """Ours: figures are shown around."""
    assert KEY not in finished.done.stdout + finished.done.stderr + finished.figures


def test_a_model_is_told_the_time_the_instructions_and_the_tools(finished: Finished) -> None:
    """Ours: the definitions are those of the server's own tools/list."""
    system = finished.first["system" if finished.api == "anthropic" else "messages"]
    system = system if finished.api == "anthropic" else system[0]["content"]
    assert "Friday, 20 November 2026, 09:00 UTC" in system
    assert "Search with search_cases before you create or change a case" in system
    tools = [tool if finished.api == "anthropic" else tool["function"] for tool in finished.first["tools"]]
    kore = ["create_case", "update_case", "update_task", "search_cases"]
    assert [tool["name"] for tool in tools] in [kore, [name for name in kore if name != "update_task"]]


async def test_a_wrong_write_is_counted(loopback: LoopbackDesk) -> None:
    """Ours: the case that was to be left alone is changed, and the answer sounds right all the same."""
    wrong = ("update_case", {"caseId": "CS000137", "priority": {"name": "High"}})
    turns = [Says(calls=[wrong]), Says(words=WRITES.reply.careful)]
    play = await asked(loopback, "openai", WRITES, lambda spoken: turns[spoken])
    assert not play.passed
    assert play.wrong_write
    assert play.failures[0] == "CS000137.priority differs and should not"


async def test_a_write_in_the_place_of_a_question_is_a_wrong_write(loopback: LoopbackDesk) -> None:
    """Ours: an address that nobody has told."""
    call = (
        "create_case",
        {
            "name": "Lave-linge",
            "desc": "Bloqué.",
            "userInfo": {"name": "Camille Roux"},
            "emailId": "camille.roux@example.com",
            "dueDate": "2026-11-23T18:00:00+01:00",
        },
    )
    turns = [Says(calls=[call]), Says(words="Le dossier CS000161 est ouvert.")]
    play = await asked(loopback, "anthropic", ASKS, lambda spoken: turns[spoken])
    assert play.wrong_write
    assert play.failures[:2] == [
        "CS000161 differs and should not",
        "person camille.roux@example.com differs and should not",
    ]


async def test_several_calls_of_one_turn_are_answered_together(loopback: LoopbackDesk, api: str) -> None:
    """Ours: models call tools in parallel; each call gets its own result."""
    calls = [(each.tool, each.arguments) for each in FAILS_HALF_WAY.calls]
    turns = [Says(calls=calls), Says(words=FAILS_HALF_WAY.reply.careful)]
    play = await asked(loopback, api, FAILS_HALF_WAY, lambda spoken: turns[spoken])
    assert (play.failures, play.calls) == ([], 2)
    assert "Nothing was changed." in json.dumps(loopback.received[1].body["messages"][-1])


async def test_a_model_that_never_answers_is_stopped_by_the_budget(loopback: LoopbackDesk) -> None:
    """Ours: calls cost money, and a model that loops has failed."""
    play = await asked(loopback, "anthropic", ASKS, lambda _: Says(calls=[("search_cases", {"limit": 1})]))
    assert play.calls == ASKS.budget.calls
    assert f"no answer within {ASKS.budget.calls} calls and {ASKS.budget.tokens} tokens" in play.failures
    assert len(loopback.received) == ASKS.budget.calls + 1


async def test_arguments_that_are_no_object_are_told_to_the_model(loopback: LoopbackDesk) -> None:
    """Documented: the model does not always generate valid JSON (Chat Completions, `arguments`)."""
    calls = [("search_cases", arguments) for arguments in ('{"limit": 1', "[]", "null")]
    turns = [Says(calls=calls), Says(words=ASKS.reply.careful)]
    play = await asked(loopback, "openai", ASKS, lambda spoken: turns[spoken])
    assert play.passed
    told = [each["content"] for each in loopback.received[1].body["messages"] if each["role"] == "tool"]
    assert told == ["The arguments are no JSON object. Nothing was sent. Give an object."] * 3


async def test_a_tool_that_does_not_exist_is_told_to_the_model(loopback: LoopbackDesk) -> None:
    """Ours: the server's protocol error is a result for the model."""
    turns = [Says(calls=[("delete_case", {"id": "1"})]), Says(words=ASKS.reply.careful)]
    play = await asked(loopback, "anthropic", ASKS, lambda spoken: turns[spoken])
    assert play.passed
    (told,) = loopback.received[1].body["messages"][-1]["content"]
    assert told["is_error"] is True
    assert told["content"].startswith("Unknown tool")


@pytest.mark.parametrize("status", [429, 500, 503, 529])
async def test_a_busy_api_is_asked_again(status: int, loopback: LoopbackDesk, api: str) -> None:
    """Documented: 429 with Retry-After by both, 529 for an overloaded API by Anthropic."""
    busy = Reply.of({"error": {"type": "busy", "message": "busy"}}, status=status, retry_after="7")
    loopback.will_answer(busy, busy, {"content": []})
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    access = replace(access_to(loopback, api), sleep=note)
    async with access.client() as http:
        assert await access.ask(http, {}) == {"content": []}
    assert waited == [0.0, 7.0, 7.0]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(body=b"<html>", status=200), "the API answered something that is no JSON object"),
        (Reply.of({"error": {"message": "down"}}, status=503), "no answer in 6 attempts, at last HTTP 503 down"),
    ],
    ids=["html", "down"],
)
async def test_an_api_without_an_answer_is_given_up(
    reply: Reply, reason: str, loopback: LoopbackDesk, api: str
) -> None:
    """Ours: six attempts, then the play is not measured."""
    loopback.answer = lambda _: reply
    access = access_to(loopback, api)
    async with access.client() as http:
        with pytest.raises(Unanswered) as error:
            await access.ask(http, {})
    assert str(error.value) == reason


def test_a_play_without_an_answer_is_not_measured(loopback: LoopbackDesk) -> None:
    """Ours: it says nothing about the model, so it counts neither way and the command fails."""
    loopback.will_answer({"choices": []})
    done = run(loopback.url, "openai", *only(ASKS))
    assert done.returncode == 1
    reason = "the API answered something that is not of its format"
    assert done.stderr == f"1 plays were not measured: {reason}.\n"
    assert "pass^1 unknown" in done.stdout


def test_a_key_that_is_refused_ends_the_run_and_is_not_shown(loopback: LoopbackDesk, api: str) -> None:
    """Documented: OpenAI repeats the key in its error."""
    loopback.answer = STAND_INS[api]({})
    done = run(loopback.url + BASES[api], api, *only(ASKS), key="sk-another-invented-key")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("The API refuses to answer: HTTP 401 ")
    assert "sk-another" not in done.stderr
    assert "Traceback" not in done.stderr


def test_without_an_address_the_command_says_what_to_set() -> None:
    """Ours: no figure of a model is made up."""
    done = subprocess.run(RUN, capture_output=True, text=True, timeout=PATIENCE, env=environment(), check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "There is no model to ask: set CASE_EVALS_URL and CASE_EVALS_MODEL, and CASE_EVALS_KEY if it wants one.\n"
    )


@pytest.mark.parametrize(
    ("api_name", "url", "address"),
    [
        ("openai", "https://api.example.com/v1", "https://api.example.com/v1/chat/completions"),
        ("openai", "https://api.example.com/v1/chat/completions", "https://api.example.com/v1/chat/completions"),
        ("anthropic", "https://api.example.com", "https://api.example.com/v1/messages"),
        ("anthropic", "https://api.example.com/v1/", "https://api.example.com/v1/messages"),
        ("anthropic", "https://api.example.com/v1/messages", "https://api.example.com/v1/messages"),
    ],
)
def test_the_address_is_taken_as_people_write_it(api_name: str, url: str, address: str) -> None:
    """Ours: with or without a slash, a version, the endpoint."""
    assert APIS[api_name].address(url) == address


@pytest.mark.parametrize(
    ("passed", "powers"),
    [([3], [1.0, 1.0, 1.0]), ([0], [0.0, 0.0, 0.0]), ([2], [2 / 3, 1 / 3, 0.0]), ([3, 1], [2 / 3, 0.5, 0.5])],
    ids=str,
)
def test_pass_to_the_k_is_the_chance_that_k_plays_all_pass(passed: list[int], powers: list[float]) -> None:
    """Documented: C(c, k) / C(n, k), averaged over the tasks (tau-bench)."""
    good, bad = Asked(), Asked(failures=["wrong"])
    plays: list[list[Any]] = [[good] * each + [bad] * (3 - each) for each in passed]
    assert [pass_to_the(power, plays) for power in (1, 2, 3)] == pytest.approx(powers)
