"""Outcomes as data, and two steps for programs: what a dialog engine gets in the place of an error."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import anyio
import pytest
from mcp import Client, types

from case_server.mcp.app import build
from case_tools import CaseDesk, ConfirmationNeeded, KoreSettings, NotConfirmed, Settings
from loopback import LoopbackDesk, Reply
from served import MODERN, PATIENCE

DATA: Final = Settings(state=":memory:", outcomes="data")
CONFIRM: Final = Settings(state=":memory:", outcomes="data", access="confirm")
LEAK: Final = {
    "name": "Boiler leaks",
    "desc": "Water on the floor.",
    "userInfo": "Jane Roe",
    "dueDate": "2027-01-04T10:00:00Z",
}


@pytest.fixture(params=["legacy", MODERN])
def mode(request: pytest.FixtureRequest) -> str:
    """Give each era."""
    return str(request.param)


@asynccontextmanager
async def engine(settings: Settings, mode: str) -> AsyncIterator[Client]:
    """Yield a dialog engine's client of a new server."""
    with anyio.fail_after(PATIENCE):
        async with Client(build(settings), mode=mode) as client:
            yield client


async def asked(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Return the data that a call answers; its text must say the same, and it is no error."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error
    assert isinstance(result.structured_content, dict)
    [part] = result.content
    assert isinstance(part, types.TextContent)
    assert str(result.structured_content.get("say", "")) in part.text
    return result.structured_content


async def test_what_is_missing_is_named_with_a_question_for_a_person(mode: str) -> None:
    """*Ours*: explicit nulls are what dialog engines send for empty slots."""
    async with engine(DATA, mode) as client:
        none = await asked(client, "create_case", name=None, request_key=None)
        almost = await asked(client, "create_case", **LEAK)
        done = await asked(client, "create_case", **LEAK, emailId="jane.roe@example.com")
    assert {key: none[key] for key in ("ok", "problem", "missing", "say", "applied")} == {
        "ok": False,
        "problem": "missing",
        "missing": ["name", "desc", "userInfo", "dueDate"],
        "say": "What is it about, in a few words?",
        "applied": "nothing",
    }
    assert (almost["missing"], almost["say"]) == (
        ["emailId"],
        "Which e-mail address should the case be opened for?",
    )
    assert (done["ok"], done["outcome"], done["ref"]) == (True, "created", "CS000161")


@pytest.mark.parametrize(
    ("tool", "arguments", "problem", "say"),
    [
        (
            "update_case",
            {"caseId": "CS999999", "priority": "High"},
            "not_found",
            "I could not find that case. What is its reference?",
        ),
        (
            "update_task",
            {"taskId": "TS999999", "priority": "High"},
            "not_found",
            "I could not find that task. What is its reference?",
        ),
        (
            "update_case",
            {"caseId": "CS000160", "dueDate": "tomorrow"},
            "invalid",
            "Please give me that once more: I cannot use it as it is. When should it be done?",
        ),
        (
            "update_case",
            {"caseId": "CS000160", "priority": "High", "expected_updated_at": "2020-01-01T00:00:00Z"},
            "conflict",
            "Somebody has changed the case in the meantime. Shall we look at it again?",
        ),
    ],
)
async def test_what_a_dialog_must_expect_is_no_error(
    mode: str, tool: str, arguments: dict[str, Any], problem: str, say: str
) -> None:
    """*Ours*: dialog engines abort on errors."""
    async with engine(DATA, mode) as client:
        data = await asked(client, tool, **arguments)
    assert (data["ok"], data["problem"], data["say"], data["applied"]) == (False, problem, say, "nothing")


async def test_a_closed_case_is_told_as_closed() -> None:
    """*Documented* (Talkdesk, Update a Case): a closed case cannot be changed."""
    settings = DATA.model_copy(update={"embedded_dialect": "talkdesk"})
    async with engine(settings, MODERN) as client:
        page = await asked(client, "search_cases", status=["CLOSED"], limit=1)
        data = await asked(client, "update_case", id=page["cases"][0]["ref"], priority="LOW")
    assert (page["ok"], data["problem"]) == (True, "closed")
    assert data["say"] == "That case is closed and cannot be changed. Shall I open a new one?"


async def test_several_things_of_one_name_are_told_as_several(loopback: LoopbackDesk, settings: Settings) -> None:
    """*Ours*: two priorities of one name; the dialog asks which."""
    rows = [
        {
            "_id": f"ci-{own}000-0000",
            "refId": f"CS00000{own}",
            "priority": {"_id": f"pr-{own}0-00", "name": "High"},
        }
        for own in (1, 2)
    ]
    loopback.answer = lambda _: Reply.of({"results": rows, "total": 2})
    async with CaseDesk(settings) as desk:
        await desk.outcome("search_cases", {})
        data = await desk.outcome("update_case", {"caseId": "CS000001", "priority": "High"})
    assert (data["problem"], data["say"]) == (
        "several",
        "More than one thing has that name. Which one do you mean?",
    )


async def test_a_desk_that_asks_to_wait_is_told_with_the_seconds(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """*Ours*: the dialog can say for how long."""
    loopback.answer = lambda _: Reply(status=429, headers={"retry-after": "90"})
    async with CaseDesk(settings) as desk:
        data = await desk.outcome("search_cases", {})
    assert (data["problem"], data["retry_after"]) == ("rate_limited", 90)
    assert data["say"] == "The case system is busy at the moment. Please try again in 90 seconds."


async def test_a_write_without_an_answer_is_not_told_as_done(
    loopback: LoopbackDesk, account: KoreSettings
) -> None:
    """*Ours*: a dialog must not say "done" where nobody knows."""
    loopback.answer = lambda _: Reply(status=500)
    settings = Settings(desk="kore", account=account, timeout=1, rate=0, state=":memory:")
    case = {**LEAK, "emailId": "jane.roe@example.com", "caseTmp": "ctm-1", "source": "rtm"}
    async with CaseDesk(settings) as desk:
        data = await desk.outcome("create_case", case)
    assert (data["ok"], data["problem"], data["applied"]) == (False, "unknown", "unknown")
    assert data["say"] == "I cannot tell yet whether that was done. I will look again before it is repeated."


async def test_what_the_administrator_must_mend_stays_an_error(
    mode: str, loopback: LoopbackDesk, settings: Settings
) -> None:
    """*Ours*: no sentence of a dialog helps there."""
    loopback.answer = lambda _: Reply(status=401)
    async with engine(settings.model_copy(update={"outcomes": "data"}), mode) as client:
        result = await client.call_tool("search_cases", {})
    assert (result.is_error, result.structured_content) == (True, None)


async def test_programs_see_the_arguments_and_the_keys_that_are_theirs_and_models_do_not(mode: str) -> None:
    """*Ours*: models fill a field called request_key with "1"."""
    shown = {}
    for settings in (DATA, CONFIRM, Settings(state=":memory:", access="confirm")):
        async with engine(settings, mode) as client:
            for tool in (await client.list_tools()).tools:
                inputs, outputs = tool.input_schema["properties"], (tool.output_schema or {})["properties"]
                shown[settings.outcomes, settings.access, tool.name] = (
                    [each for each in ("request_key", "confirmation") if each in inputs],
                    [each for each in ("ok", "problem", "missing", "say", "confirmation") if each in outputs],
                )
    both = ["request_key", "confirmation"]
    told = ["ok", "problem", "missing", "say"]
    writes = ("create_case", "update_case", "update_task")
    assert shown == {
        **{("data", "full", tool): (["request_key"], told) for tool in writes},
        **{("data", "confirm", tool): (both, [*told, "confirmation"]) for tool in writes},
        **{("errors", "confirm", tool): ([], []) for tool in (*writes, "search_cases")},
        **{("data", access, "search_cases"): ([], told) for access in ("full", "confirm")},
    }


async def test_a_request_key_among_the_arguments_names_the_one_case(mode: str) -> None:
    """*Ours*: the same case under another key is another case."""
    case = {**LEAK, "emailId": "jane.roe@example.com"}
    async with engine(DATA, mode) as client:
        made = [await asked(client, "create_case", **case, request_key=key) for key in ("a", "a", "b")]
    assert [each["outcome"] for each in made] == ["created", "replayed", "created"]
    assert made[0]["ref"] == made[1]["ref"] != made[2]["ref"]


async def test_a_program_confirms_in_two_steps(mode: str) -> None:
    """*Ours*: the first call shows what would be done, the second does exactly that, once."""
    change: dict[str, Any] = {"caseId": "CS000160", "priority": "Low"}
    async with engine(CONFIRM, mode) as client:
        first = await asked(client, "update_case", **change, confirmation=None)
        word = first.pop("confirmation")
        before = await asked(client, "search_cases", searchText="CS000160")
        other = await asked(client, "update_case", **{**change, "priority": "Critical"}, confirmation=word)
        done = await asked(client, "update_case", **change, confirmation=word)
        again = await asked(client, "update_case", **change, confirmation=word)
    assert first == {
        "ok": False,
        "problem": "confirm",
        "say": "Update a case CS000160 (priority: High -> Low): shall I do that?",
        "applied": "nothing",
        "detail": "update_case was not sent: it waits for a person's yes. Show the person the preview, and "
        "after a yes make the same call with the confirmation.",
        "preview": {"tool": "update_case", "ref": "CS000160", "priority": "High -> Low"},
    }
    assert before["cases"][0]["priority"] == "High"
    assert (other["problem"], done["outcome"], again["problem"]) == ("not_confirmed", "updated", "not_confirmed")


async def test_a_confirmed_create_that_is_repeated_is_made_once(mode: str) -> None:
    """*Ours*: also where equal creates count as one for a shorter time than the confirmation lives."""
    settings = CONFIRM.model_copy(update={"repeat_window": 0.001})
    case = {**LEAK, "emailId": "jane.roe@example.com"}
    async with engine(settings, mode) as client:
        word = (await asked(client, "create_case", **case))["confirmation"]
        made = [await asked(client, "create_case", **case, confirmation=word) for _ in range(2)]
        page = await asked(client, "search_cases", searchText="Boiler leaks")
    assert [each["outcome"] for each in made] == ["created", "replayed"]
    assert page["total"] == 1


async def test_a_confirmation_is_its_callers_and_ends_after_ten_minutes() -> None:
    """*Ours*: another caller's, and one that is too old, is refused before anything is sent."""
    now = datetime.now(UTC)
    times = iter([0, 599, 601, 0])
    moment = [now]
    change = {"caseId": "CS000160", "name": "Second parcel"}
    async with CaseDesk(Settings(state=":memory:", access="confirm"), clock=lambda: moment[0]) as desk:

        async def at(caller: str, confirmation: str | None) -> str:
            moment[0] = now + timedelta(seconds=next(times))
            try:
                await desk.call("update_case", change, caller=caller, confirmation=confirmation)
            except ConfirmationNeeded as needed:
                return needed.confirmation
            except NotConfirmed as refused:
                return refused.what
            return "done"

        word = await at("jane", None)
        outcomes = [await at("john", word), await at("jane", word), await at("jane", "c1.0.forged")]
    alien = "The confirmation does not belong to this call of update_case, which was not sent."
    assert outcomes == [alien, "The confirmation is older than ten minutes: update_case was not sent.", alien]


async def test_two_processes_on_one_state_know_each_others_confirmations(tmp_path: Any) -> None:
    """*Ours*: the first step may be answered by another replica than the second."""
    settings = Settings(state=str(tmp_path / "state.db"), access="confirm")
    change = {"caseId": "CS000160", "priority": "Low"}
    async with CaseDesk(settings) as one, CaseDesk(settings) as two:
        first = await one.outcome("update_case", change)
        done = await two.outcome("update_case", change, confirmation=first["confirmation"])
        again = await one.outcome("update_case", change, confirmation=first["confirmation"])
    assert (done["ok"], again["problem"]) == (True, "not_confirmed")
