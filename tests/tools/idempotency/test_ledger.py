"""Creates and appends are done once, whatever breaks: the library against a desk on a loopback socket."""

import json
import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import anyio
import anyio.to_thread
import pytest

from case_tools import (
    CaseDesk,
    ConfigurationError,
    NotDone,
    Rejected,
    Result,
    Settings,
    TalkdeskSettings,
    Unavailable,
    Written,
)
from loopback import LoopbackDesk, Received, Reply
from state_backends import pass_time

pytestmark = pytest.mark.anyio

CREATE: Final = {
    "caseTmp": "ctm-1",
    "name": "Parcel is late",
    "desc": "Ordered on 2 May",
    "userInfo": {"name": "Jane Roe"},
    "emailId": "jane.roe@example.com",
    "dueDate": "2026-12-04T14:15:00Z",
    "source": "rtm",
}
DESK_FAILED: Final = Reply.of({"errors": [{"msg": "failed", "code": 500}]}, status=503)
PATIENCE: Final = 30.0
SETTLED: Final = 61.0
"""Seconds after which a search that does not show a write is to be believed."""


class Desk:
    """What a Kore desk keeps: creates commit, searches show what was committed.

    Attributes:
        cases: the cases as a search shows them.
        creates: how many creates have arrived.
        searches: how many searches have arrived.
        after_commit: what a create is answered once its case is there; None for its case.
        commits: whether a create makes a case.
        shows: whether searches find it.
    """

    def __init__(self, loopback: LoopbackDesk) -> None:
        self.cases: list[dict[str, Any]] = []
        self.creates: list[dict[str, Any]] = []
        self.searches: list[dict[str, Any]] = []
        self.updates: list[dict[str, Any]] = []
        self.after_commit: Callable[[], Reply | None] = lambda: None
        self.commits = True
        self.shows: Callable[[], Reply | bool] = lambda: True
        loopback.answer = self._answer

    def case(self, body: dict[str, Any], created: datetime | None = None) -> dict[str, Any]:
        """Keep a case and return it as the desk shows it."""
        number = len(self.cases) + 1
        moment = (created or datetime.now(UTC)).isoformat(timespec="seconds").replace("+00:00", "Z")
        case = {
            "_id": f"ci-{number}",
            "refId": f"CS{number:06}",
            "name": body["name"],
            "desc": body["desc"],
            "userInfo": {**body["userInfo"], "emailId": body.get("emailId", "")},
            "status": {"_id": "sts-1", "name": "Open"},
            "createdAt": moment,
            "updatedAt": moment,
        }
        self.cases.append(case)
        return case

    def _answer(self, received: Received) -> Reply:
        if received.path.endswith("/createCase"):
            self.creates.append(received.body)
            case = self.case(received.body) if self.commits else {}
            return self.after_commit() or Reply.of(case)
        if "/updateCase/" in received.path:
            self.updates.append(received.body)
            case = {**self.cases[0], **received.body}
            return self.after_commit() or Reply.of(case)
        self.searches.append(received.body)
        shown = self.shows()
        if isinstance(shown, Reply):
            return shown
        rows = self.cases if shown else []
        return Reply.of({"results": rows, "totalResults": len(rows), "hasMore": False})


@pytest.fixture
def desk(loopback: LoopbackDesk) -> Desk:
    """Give a desk that works."""
    return Desk(loopback)


@pytest.fixture
def brief(settings: Settings) -> Settings:
    """Give settings under which a search for what was sent ends soon."""
    return settings.model_copy(update={"timeout": 1.5})


@pytest.fixture
def kept(brief: Settings, tmp_path: Path) -> Settings:
    """Give the same with a state in a file, whose clock a test can move."""
    return brief.model_copy(update={"state": str(tmp_path / "state.db")})


async def later(settings: Settings, seconds: float = SETTLED) -> None:
    """Let time pass by the clock of the state."""
    await anyio.to_thread.run_sync(pass_time, Path(settings.state_file), seconds)


def data(result: Result, *names: str) -> dict[str, Any]:
    """Return the named facts of a result, or all."""
    facts = result.data()
    return {name: facts.get(name) for name in names} if names else facts


async def test_a_repeated_create_is_answered_with_what_the_first_came_to(desk: Desk, settings: Settings) -> None:
    """Ours: no second request, no customer's words from memory, and the way to a second one on purpose."""
    async with CaseDesk(settings) as library:
        first = await library.call("create_case", CREATE)
        again = await library.call("create_case", CREATE)
    assert data(first, "outcome", "ref") == {"outcome": "created", "ref": "CS000001"}
    assert data(again) == {
        "outcome": "replayed",
        "ref": "CS000001",
        "id": "ci-1",
        "advice": "It was done once, by an equal call. Only if a second equal one is really wanted, call "
        "create_case again with allow_duplicate: true.",
    }
    assert len(desk.creates) == 1


async def test_a_second_equal_case_on_purpose_is_opened_once_as_well(desk: Desk, settings: Settings) -> None:
    """Ours: `allow_duplicate` is part of what is hashed, and never sent."""
    async with CaseDesk(settings) as library:
        calls: list[dict[str, object]] = [{**CREATE}, *([{**CREATE, "allow_duplicate": True}] * 2)]
        outcomes = [data(await library.call("create_case", each), "outcome", "ref") for each in calls]
    assert outcomes == [
        {"outcome": "created", "ref": "CS000001"},
        {"outcome": "created", "ref": "CS000002"},
        {"outcome": "replayed", "ref": "CS000002"},
    ]
    assert [set(each) for each in desk.creates] == [{*CREATE}, {*CREATE}]


async def test_a_null_for_what_is_not_given_is_the_same_call(desk: Desk, settings: Settings) -> None:
    """Ours: what is hashed are the validated arguments; clients add nulls when they repeat."""
    async with CaseDesk(settings) as library:
        await library.call("create_case", CREATE)
        again = await library.call("create_case", {**CREATE, "phoneNumber": None, "allow_duplicate": False})
    assert (data(again, "outcome"), len(desk.creates)) == ({"outcome": "replayed"}, 1)


@pytest.mark.usefixtures("desk")
async def test_callers_do_not_get_each_others_cases(settings: Settings) -> None:
    """Ours: the principal is part of the key."""
    async with CaseDesk(settings) as library:
        results = [await library.call("create_case", CREATE, caller=caller) for caller in ("one", "two", "one")]
    assert [data(each, "outcome", "ref") for each in results] == [
        {"outcome": "created", "ref": "CS000001"},
        {"outcome": "created", "ref": "CS000002"},
        {"outcome": "replayed", "ref": "CS000001"},
    ]


async def test_a_request_key_stands_for_one_case_and_refuses_another(desk: Desk, settings: Settings) -> None:
    """Ours: with a key of one's own, equal arguments are two intents and other arguments a mistake."""
    async with CaseDesk(settings) as library:
        for key in ("one", "two", "one"):
            await library.call("create_case", CREATE, request_key=key)
        with pytest.raises(Rejected, match="This request_key was given before with other arguments") as told:
            await library.call("create_case", {**CREATE, "name": "Another"}, request_key="one")
    assert (told.value.changed, len(desk.creates)) == ("nothing", 2)


@pytest.mark.parametrize("key", ["", "x" * 201, "a\nb", 7], ids=["empty", "too long", "two lines", "a number"])
async def test_a_request_key_of_no_use_is_refused(desk: Desk, settings: Settings, key: Any) -> None:
    """Ours: before anything is sent."""
    async with CaseDesk(settings) as library:
        with pytest.raises(Rejected, match="request_key is not a text of 1 to 200"):
            await library.call("create_case", CREATE, request_key=key)
    assert desk.creates == []


async def test_twins_at_once_share_one_create(desk: Desk, settings: Settings) -> None:
    """Ours: in one process they share the flight."""
    results: list[Result] = []

    async def call(library: CaseDesk) -> None:
        results.append(await library.call("create_case", CREATE))

    with anyio.fail_after(PATIENCE):
        async with CaseDesk(settings) as library, anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(call, library)
    assert (len(desk.creates), {each.data()["ref"] for each in results}) == (1, {"CS000001"})
    assert sorted(each.data()["outcome"] for each in results) == ["created", *["replayed"] * 9]


async def test_twins_in_two_processes_on_one_state_share_one_create(
    desk: Desk, settings: Settings, tmp_path: Path
) -> None:
    """Ours: two libraries on one file, as two processes would have it."""
    shared = settings.model_copy(update={"state": str(tmp_path / "state.db")})
    results: list[Result] = []

    async def call(library: CaseDesk) -> None:
        results.append(await library.call("create_case", CREATE))

    with anyio.fail_after(PATIENCE):
        async with CaseDesk(shared) as one, CaseDesk(shared) as two, anyio.create_task_group() as tasks:
            for library in (one, two, one, two):
                tasks.start_soon(call, library)
    assert (len(desk.creates), {each.data()["ref"] for each in results}) == (1, {"CS000001"})
    assert {each.data()["outcome"] for each in results} <= {"created", "replayed", "reconciled"}


async def test_a_create_whose_answer_is_lost_is_found(desk: Desk, settings: Settings) -> None:
    """Ours: title, words, customer and time are compared; a stranger's and an older case are not taken."""
    long_ago = datetime.now(UTC) - timedelta(minutes=30)
    desk.case({**CREATE}, created=long_ago)
    desk.case({**CREATE, "emailId": "john.doe@example.com"})
    desk.case({**CREATE, "desc": "Another complaint"})
    desk.after_commit = lambda: DESK_FAILED
    async with CaseDesk(settings) as library:
        result = await library.call("create_case", CREATE)
        again = await library.call("create_case", CREATE)
    assert data(result, "outcome", "ref", "title", "advice") == {
        "outcome": "reconciled",
        "ref": "CS000004",
        "title": "Parcel is late",
        "advice": "The desk's answer was lost; a search found this, and it was not sent again.",
    }
    assert data(again, "outcome", "ref") == {"outcome": "replayed", "ref": "CS000004"}
    assert len(desk.creates) == 1
    assert set(desk.searches[0]) == {"startDate", "endDate", "sortBy", "skip", "limit"}


async def test_a_second_case_on_purpose_is_not_taken_for_the_first(desk: Desk, settings: Settings) -> None:
    """Ours: what another row has come to is left out of what a search finds."""
    async with CaseDesk(settings) as library:
        await library.call("create_case", CREATE)
        desk.after_commit = lambda: DESK_FAILED
        second = await library.call("create_case", {**CREATE, "allow_duplicate": True})
    assert data(second, "outcome", "ref") == {"outcome": "reconciled", "ref": "CS000002"}


async def test_a_create_that_a_search_does_not_show_is_unknown_and_never_sent_again(
    desk: Desk, kept: Settings
) -> None:
    """Ours: until a minute has passed nobody can say; a repeat searches when that can say more, it never sends."""
    desk.after_commit = lambda: DESK_FAILED
    desk.shows = lambda: False
    async with CaseDesk(kept) as library:
        first = await library.call("create_case", CREATE)
        second = await library.call("create_case", CREATE)
        desk.shows = lambda: True
        await later(kept)
        third = await library.call("create_case", CREATE)
    assert data(first) == {
        "outcome": "unknown",
        "advice": "The desk gave no answer to create_case, and a search does not show it so far. It may have been "
        "done. Do not do it another way: look with search_cases, or repeat exactly this call later, which only "
        "searches and never sends it twice.",
    }
    assert data(second, "outcome") == {"outcome": "unknown"}
    assert data(third, "outcome", "ref") == {"outcome": "reconciled", "ref": "CS000001"}
    assert (len(desk.creates), len(desk.searches)) == (1, 2)


async def test_a_create_that_never_arrived_takes_three_requests_and_can_be_made_on_purpose(
    desk: Desk, kept: Settings
) -> None:
    """Ours: the server itself never sends it again; the caller decides, with one word."""
    desk.commits = False
    desk.after_commit = lambda: DESK_FAILED
    async with CaseDesk(kept) as library:
        for _ in range(10):
            unknown = await library.call("create_case", CREATE, request_key="one")
            assert data(unknown, "outcome") == {"outcome": "unknown"}
        await later(kept)
        with pytest.raises(NotDone) as caught:
            await library.call("create_case", CREATE, request_key="one")
        desk.commits = True
        desk.after_commit = lambda: None
        await later(kept, 86_400)
        with pytest.raises(NotDone):
            await library.call("create_case", CREATE, request_key="one")
        assert (len(desk.creates), len(desk.searches)) == (1, 2)
        made = await library.call("create_case", CREATE, request_key="two")
    assert (caught.value.changed, caught.value.next_step) == (
        "nothing_shown",
        "To do it all the same, give a new request_key.",
    )
    assert "As far as the desk shows, nothing was changed." in str(caught.value)
    assert (data(made, "outcome"), len(desk.creates)) == ({"outcome": "created"}, 2)


async def test_without_a_key_the_way_on_purpose_is_allow_duplicate_however_late(
    desk: Desk, kept: Settings
) -> None:
    """Ours: a row that was not found never lets an equal call be sent by itself, though its window is over."""
    desk.commits = False
    desk.after_commit = lambda: DESK_FAILED
    on_purpose = {**CREATE, "allow_duplicate": True}
    async with CaseDesk(kept) as library:
        await library.call("create_case", CREATE)
        await later(kept)
        for seconds in (0, 86_400):
            await later(kept, seconds)
            with pytest.raises(
                NotDone, match="To do it all the same, call create_case again with allow_duplicate: true"
            ):
                await library.call("create_case", CREATE)
        assert len(desk.creates) == 1
        await library.call("create_case", on_purpose)
        await later(kept)
        with pytest.raises(NotDone, match="wait until the repeat window has passed, then call create_case again"):
            await library.call("create_case", on_purpose)
        desk.commits = True
        desk.after_commit = lambda: None
        await later(kept, 601)
        made = await library.call("create_case", on_purpose)
    assert (data(made, "outcome"), len(desk.creates)) == ({"outcome": "created"}, 3)


async def test_a_short_repeat_window_does_not_shorten_the_minute_of_a_lagging_search(
    desk: Desk, kept: Settings
) -> None:
    """Ours: a second case would be opened by a caller who believed that the first is not there."""
    desk.after_commit = lambda: DESK_FAILED
    desk.shows = lambda: False
    async with CaseDesk(kept.model_copy(update={"repeat_window": 2.0})) as library:
        for seconds in (10, 45, 0):
            assert data(await library.call("create_case", CREATE), "outcome") == {"outcome": "unknown"}
            await later(kept, seconds)
        desk.shows = lambda: True
        await later(kept, 10)
        found = await library.call("create_case", CREATE)
    assert (data(found, "outcome"), len(desk.creates)) == ({"outcome": "reconciled"}, 1)


async def test_a_desk_whose_search_lags_is_searched_again_sooner(desk: Desk, kept: Settings) -> None:
    """Ours: once one write was found late, later ones are looked for before the minute is over."""
    desk.after_commit = lambda: DESK_FAILED
    async with CaseDesk(kept) as library:
        desk.shows = lambda: False
        await library.call("create_case", CREATE, request_key="one")
        desk.shows = lambda: True
        await later(kept)
        await library.call("create_case", CREATE, request_key="one")
        desk.shows = lambda: False
        await library.call("create_case", CREATE, request_key="two")
        desk.shows = lambda: True
        await later(kept, 6)
        result = await library.call("create_case", CREATE, request_key="two")
    assert (data(result, "outcome", "ref"), len(desk.creates)) == (
        {"outcome": "reconciled", "ref": "CS000002"},
        2,
    )


async def test_what_nobody_could_search_for_within_a_day_is_unresolved_and_needs_the_word(
    desk: Desk, kept: Settings
) -> None:
    """Ours: its words are dropped, nobody searches for it any more, and it is never sent again by itself."""
    desk.after_commit = lambda: DESK_FAILED
    desk.shows = lambda: DESK_FAILED
    async with CaseDesk(kept) as library:
        await library.call("create_case", CREATE)
    await later(kept, 86_401)
    async with CaseDesk(kept) as library:
        await library.ready()
        with anyio.fail_after(PATIENCE):
            while await state_of_the_row(Path(kept.state_file).parent) != "unresolved":
                await anyio.wait_all_tasks_blocked()
        desk.searches.clear()
        result = await library.call("create_case", CREATE)
    assert data(result, "outcome") == {"outcome": "unknown"}
    assert "is not searched for any more" in data(result)["advice"]
    assert "call create_case again with allow_duplicate: true" in data(result)["advice"]
    assert (len(desk.creates), desk.searches) == (1, [])


async def test_an_answer_that_is_lost_while_search_is_broken_too_stays_unknown(
    desk: Desk, brief: Settings
) -> None:
    """Ours: said as it is, and settled by a later call."""
    desk.after_commit = lambda: DESK_FAILED
    desk.shows = lambda: Reply(body=b"<html>", status=200)
    async with CaseDesk(brief) as library:
        first = await library.call("create_case", CREATE)
    assert data(first, "outcome") == {"outcome": "unknown"}
    assert "it cannot be searched for just now" in first.data()["advice"]


async def test_what_a_dead_process_sent_is_searched_for_at_the_next_start(
    desk: Desk, brief: Settings, tmp_path: Path
) -> None:
    """Ours: in the background; the next equal call finds the row ended."""
    kept = brief.model_copy(update={"state": str(tmp_path / "state.db")})
    desk.after_commit = lambda: DESK_FAILED
    desk.shows = lambda: False
    async with CaseDesk(kept) as library:
        await library.call("create_case", CREATE)
    found = threading.Event()

    def shows() -> bool:
        found.set()
        return True

    desk.shows = shows
    async with CaseDesk(kept) as library:
        await library.ready()
        with anyio.fail_after(PATIENCE):
            await anyio.to_thread.run_sync(found.wait, PATIENCE)
        result = await library.call("create_case", CREATE)
    assert data(result, "ref") == {"ref": "CS000001"}
    assert len(desk.creates) == 1


async def test_what_was_found_in_the_background_is_told_however_late_the_repeat_comes(
    desk: Desk, brief: Settings, tmp_path: Path
) -> None:
    """Ours: `unknown` promised that a repeat only searches; the window of 0.05 seconds has long passed."""
    kept = brief.model_copy(update={"state": str(tmp_path / "state.db"), "timeout": 1.0})
    desk.after_commit = lambda: DESK_FAILED
    desk.shows = lambda: False
    async with CaseDesk(kept) as library:
        assert data(await library.call("create_case", CREATE), "outcome") == {"outcome": "unknown"}
    desk.shows = lambda: True
    async with CaseDesk(kept.model_copy(update={"repeat_window": 0.05})) as library:
        await library.ready()
        with anyio.fail_after(PATIENCE):
            while await state_of_the_row(tmp_path) != "found":
                await anyio.wait_all_tasks_blocked()
        result = await library.call("create_case", CREATE)
    assert (data(result, "outcome", "ref"), len(desk.creates)) == ({"outcome": "replayed", "ref": "CS000001"}, 1)


async def state_of_the_row(folder: Path) -> str:
    """Return the state of the one row in the ledger."""

    def read() -> str:
        with sqlite3.connect(folder / "state.db") as db:
            ((state,),) = db.execute("SELECT state FROM ledger")
        db.close()
        return str(state)

    return await anyio.to_thread.run_sync(read)


async def test_a_claim_of_a_dead_process_is_taken_over_however_short_a_call_is(desk: Desk, kept: Settings) -> None:
    """Ours: it never left; with a timeout below two seconds it was waited for, and never sent, for ever."""
    async with CaseDesk(kept) as library:
        await library.call("create_case", CREATE, request_key="one")

    def forge() -> None:
        with sqlite3.connect(kept.state_file) as db:
            db.execute("UPDATE ledger SET state = 'claimed', owner = 'dead', first_sent_at = NULL, id = NULL")
        db.close()

    await anyio.to_thread.run_sync(forge)
    await later(kept, 3)
    desk.creates.clear()
    async with CaseDesk(kept.model_copy(update={"timeout": 1.0})) as library:
        result = await library.call("create_case", CREATE, request_key="one")
    assert (data(result, "outcome"), len(desk.creates)) == ({"outcome": "created"}, 1)


async def test_a_refusal_frees_the_call(desk: Desk, settings: Settings) -> None:
    """Ours: what the desk refused for certain may be tried again as it is."""
    desk.commits = False
    desk.after_commit = lambda: Reply.of({"errors": [{"msg": "bad", "code": 400}]}, status=400)
    async with CaseDesk(settings) as library:
        with pytest.raises(Rejected):
            await library.call("create_case", CREATE)
        desk.commits, desk.after_commit = True, lambda: None
        result = await library.call("create_case", CREATE)
    assert (data(result, "outcome"), len(desk.creates)) == ({"outcome": "created"}, 2)


async def test_an_unreached_desk_is_tried_three_times_and_frees_the_call(account: Any, desk: Desk) -> None:
    """Ours: nothing has left, so nothing is unknown."""
    nowhere = account.model_copy(update={"host": "http://127.0.0.1:9"})
    async with CaseDesk(Settings(desk="kore", account=nowhere, state=":memory:", timeout=5)) as library:
        for _ in range(2):
            with pytest.raises(Unavailable, match="was not reached") as told:
                await library.call("create_case", CREATE)
            assert told.value.changed == "nothing"
            break
    assert desk.creates == []


async def test_a_create_answered_with_too_many_is_sent_again(desk: Desk, settings: Settings) -> None:
    """Ours: 429 says that it was not done; a wait that the desk names within the deadline is kept."""
    replies = [Reply.of({}, status=429, retry_after="1"), Reply.of({}, status=429)]

    def busy() -> Reply | None:
        if not replies:
            return None
        desk.cases.clear()
        return replies.pop(0)

    desk.after_commit = busy
    async with CaseDesk(settings) as library:
        result = await library.call("create_case", CREATE)
    assert (data(result, "outcome"), len(desk.creates)) == ({"outcome": "created"}, 3)


async def test_a_create_goes_on_when_its_caller_is_cancelled(
    desk: Desk, loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: what has left cannot be called back; its answer is kept for whoever asks again."""
    arrived, gate = threading.Event(), threading.Event()
    answer = loopback.answer

    def slow(received: Received) -> Reply:
        arrived.set()
        gate.wait(PATIENCE)
        return answer(received)

    loopback.answer = slow
    with anyio.fail_after(PATIENCE):
        async with CaseDesk(settings) as library:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(library.call, "create_case", CREATE)
                await anyio.to_thread.run_sync(arrived.wait, PATIENCE)
                tasks.cancel_scope.cancel()
            gate.set()
            again = await library.call("create_case", CREATE)
    assert (data(again, "outcome", "ref"), len(desk.creates)) == ({"outcome": "replayed", "ref": "CS000001"}, 1)


async def test_leaving_waits_for_what_has_left(
    desk: Desk, loopback: LoopbackDesk, settings: Settings, tmp_path: Path
) -> None:
    """Ours: the answer is in the ledger before the library is closed."""
    kept = settings.model_copy(update={"state": str(tmp_path / "state.db")})
    arrived, gate = threading.Event(), threading.Event()
    answer = loopback.answer

    def slow(received: Received) -> Reply:
        arrived.set()
        gate.wait(PATIENCE)
        return answer(received)

    loopback.answer = slow
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks, CaseDesk(kept) as library:
            async with anyio.create_task_group() as calls:
                calls.start_soon(library.call, "create_case", CREATE)
                await anyio.to_thread.run_sync(arrived.wait, PATIENCE)
                calls.cancel_scope.cancel()
            tasks.start_soon(anyio.to_thread.run_sync, gate.set)
        loopback.answer = answer
        async with CaseDesk(kept) as library:
            again = await library.call("create_case", CREATE)
    assert (data(again, "outcome", "ref"), desk.searches) == ({"outcome": "replayed", "ref": "CS000001"}, [])


async def test_a_mark_finds_the_case_whatever_else_the_desk_shows(desk: Desk, settings: Settings) -> None:
    """Ours: switched on by the operator; the text ends in it, and a twin of another's is not taken."""
    desk.after_commit = lambda: DESK_FAILED
    desk.case({**CREATE})
    async with CaseDesk(settings.model_copy(update={"mark": True})) as library:
        result = await library.call("create_case", CREATE)
    sent = desk.creates[0]["desc"]
    assert sent.startswith("Ordered on 2 May\n[case-mcp ")
    assert data(result, "outcome", "ref") == {"outcome": "reconciled", "ref": "CS000002"}


async def test_a_value_update_is_never_answered_from_memory(desk: Desk, settings: Settings) -> None:
    """Ours: High, Low, High must end High."""
    desk.case({**CREATE})
    async with CaseDesk(settings) as library:
        for name in ("High", "Low", "High"):
            await library.call("update_case", {"caseId": "ci-1", "priority": {"name": f"={name}"}})
    assert [each["priority"]["name"] for each in desk.updates] == ["High", "Low", "High"]


async def test_an_update_is_sent_again_after_a_failure_of_the_desk(desk: Desk, settings: Settings) -> None:
    """Ours: a value set twice is set."""
    desk.case({**CREATE})
    replies = [DESK_FAILED, DESK_FAILED]
    desk.after_commit = lambda: replies.pop() if replies else None
    async with CaseDesk(settings) as library:
        result = await library.call("update_case", {"caseId": "ci-1", "desc": "New words"})
    assert (data(result, "outcome"), len(desk.updates)) == ({"outcome": "updated"}, 3)


async def test_equal_updates_at_once_share_one_request_and_others_do_not(
    desk: Desk, loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: an equal call is joined only while nothing else was sent to the same case since."""
    desk.case({**CREATE})
    arrived, gate = threading.Semaphore(0), threading.Event()
    answer = loopback.answer

    def slow(received: Received) -> Reply:
        arrived.release()
        gate.wait(PATIENCE)
        return answer(received)

    loopback.answer = slow

    def update(words: str) -> dict[str, object]:
        return {"caseId": "ci-1", "desc": words}

    with anyio.fail_after(PATIENCE):
        async with CaseDesk(settings) as library, anyio.create_task_group() as tasks:
            for words, count in (("A", 1), ("A", 0), ("B", 1), ("A", 1)):
                tasks.start_soon(library.call, "update_case", update(words))
                for _ in range(count):
                    await anyio.to_thread.run_sync(arrived.acquire)
                if not count:
                    await anyio.wait_all_tasks_blocked()
            gate.set()
    assert sorted(each["desc"] for each in desk.updates) == ["A", "A", "B"]


async def test_a_later_change_than_the_caller_has_seen_refuses_the_update(desk: Desk, settings: Settings) -> None:
    """Ours: one search more; not atomic, as neither vendor offers more."""
    case = desk.case({**CREATE})
    seen = case["updatedAt"]
    async with CaseDesk(settings) as library:
        given = {"caseId": "CS000001", "desc": "New words", "expected_updated_at": seen}
        await library.call("update_case", given)
        case["updatedAt"] = (datetime.fromisoformat(seen) + timedelta(seconds=1)).isoformat()
        with pytest.raises(Exception, match="the desk shows a change at") as told:
            await library.call("update_case", given)
        with pytest.raises(Exception, match="shows a change at"):
            await library.call("update_case", {**given, "caseId": "ci-1"})
    assert type(told.value).__name__ == "Conflict"
    assert [set(each) for each in desk.updates] == [{"desc"}]


async def test_names_learned_are_there_for_the_next_process(
    desk: Desk, settings: Settings, tmp_path: Path
) -> None:
    """Ours: `{"name": "Open"}` becomes the whole status, and CS000001 an id, without a further request."""
    kept = settings.model_copy(update={"state": str(tmp_path / "state.db")})
    desk.case({**CREATE})
    async with CaseDesk(kept) as library:
        await library.call("search_cases")
    desk.searches.clear()
    async with CaseDesk(kept) as library:
        await library.call("update_case", {"caseId": "CS000001", "status": "open"})
    assert desk.searches == []
    assert [each["status"] for each in desk.updates] == [{"_id": "sts-1", "name": "Open"}]


async def test_five_failures_stop_reads_and_leave_writes_be(desk: Desk, settings: Settings) -> None:
    """Ours: reads and writes fail apart."""
    desk.shows = lambda: DESK_FAILED
    async with CaseDesk(settings) as library:
        for _ in range(2):
            with pytest.raises(Unavailable, match="HTTP 503"):
                await library.call("search_cases")
        arrived = len(desk.searches)
        with pytest.raises(Unavailable, match="search_cases was not sent, as 6 requests in a row failed"):
            await library.call("search_cases")
        created = await library.call("create_case", CREATE)
    assert (arrived, len(desk.searches), data(created, "outcome")) == (6, 6, {"outcome": "created"})


async def test_an_appended_note_follows_the_rule_for_creates(loopback: LoopbackDesk) -> None:
    """Ours: on the other vendor; the same note twice on purpose needs the word for it."""
    notes: list[str] = []

    def answer(received: Received) -> Reply:
        if received.path.endswith("/oauth/token"):
            return Reply.of({"access_token": "t", "expires_in": 600})
        body = json.loads(received.content)
        notes.extend(note["note_body"] for note in body.get("notes", []))
        shown = [{"note_body": each, "public": False} for each in notes]
        return Reply.of({"id": "7", "title": "x", "status": body.get("status", "OPEN"), "notes": shown})

    loopback.answer = answer
    account = TalkdeskSettings(
        api_url=loopback.url, token_url=loopback.url, client_id="client-1", client_secret="x" * 32
    )
    note = {"id": "7", "notes": ["Called back"]}
    async with CaseDesk(Settings(desk="talkdesk", account=account, state=":memory:")) as library:
        outcomes = [
            (await library.call("update_case", each)).data()["outcome"]
            for each in (note, note, {**note, "allow_duplicate": True}, {"id": "7", "status": "OPEN"})
        ]
    assert outcomes == ["updated", "replayed", "updated", "updated"]
    assert notes == ["Called back", "Called back"]


async def test_a_lost_append_is_unknown_where_a_search_does_not_show_notes(loopback: LoopbackDesk) -> None:
    """Ours: whether it shows them is not documented; where it does, the note is found."""
    shows = False

    def answer(received: Received) -> Reply:
        if received.path.endswith("/oauth/token"):
            return Reply.of({"access_token": "t", "expires_in": 600})
        if received.method == "PATCH":
            return Reply.of({}, status=502)
        case = {"id": "7", "title": "x", **({"notes": [{"notes_body": "<p>Called back</p>"}]} if shows else {})}
        return Reply.of({"total": 1, "_embedded": {"data": [case]}})

    loopback.answer = answer
    account = TalkdeskSettings(
        api_url=loopback.url, token_url=loopback.url, client_id="client-1", client_secret="x" * 32
    )
    note = {"id": "7", "notes": ["Called back"]}
    async with CaseDesk(Settings(desk="talkdesk", account=account, state=":memory:", timeout=3)) as library:
        first = await library.call("update_case", note)
        shows = True
        second = await library.call("update_case", note)
    assert [each.data()["outcome"] for each in (first, second)] == ["unknown", "reconciled"]
    assert [each.method for each in loopback.received].count("PATCH") == 1


@pytest.mark.parametrize("size", [50, 20])
async def test_a_search_over_several_pages_can_tell_that_nothing_is_there(
    loopback: LoopbackDesk, tmp_path: Path, size: int
) -> None:
    """Ours: `total` counts the cases of all pages, so its being large does not mean that one is missing."""
    now = datetime.now(UTC).isoformat()
    others = [{"id": str(number), "title": f"Another {number}", "create_at": now} for number in range(1, 61)]

    def answer(received: Received) -> Reply:
        if received.path.endswith("/oauth/token"):
            return Reply.of({"access_token": "t", "expires_in": 600})
        if received.method == "POST":
            return Reply.of({}, status=502)
        page = int(parse_qs(urlsplit(received.path).query)["page"][0])
        part = others[(page - 1) * size : page * size]
        return Reply.of({"total": 60, "page": page, "per_page": size, "_embedded": {"data": part}})

    loopback.answer = answer
    account = TalkdeskSettings(
        api_url=loopback.url, token_url=loopback.url, client_id="client-1", client_secret="x" * 32
    )
    settings = Settings(desk="talkdesk", account=account, state=str(tmp_path / "state.db"), timeout=3)
    create = {"title": "Parcel is late", "description": "Ordered on 2 May"}
    async with CaseDesk(settings) as library:
        await library.call("create_case", create)
        await later(settings)
        with pytest.raises(NotDone):
            await library.call("create_case", create)
    assert [each.method for each in loopback.received if "/cases" in each.path].count("POST") == 1


async def test_a_state_that_cannot_be_written_stops_a_create_before_it_leaves(
    desk: Desk, settings: Settings, tmp_path: Path
) -> None:
    """Ours: nothing may leave that is not in the ledger."""
    kept = settings.model_copy(update={"state": str(tmp_path / "state.db")})
    async with CaseDesk(kept) as library:
        await library.ready()
        with sqlite3.connect(tmp_path / "state.db") as db:
            db.execute("DROP TABLE ledger")
        db.close()
        with pytest.raises(ConfigurationError, match="The state cannot be read or written") as told:
            await library.call("create_case", CREATE)
    assert (told.value.changed, desk.creates) == ("nothing", [])


def test_what_a_write_came_to_has_the_documented_outcomes() -> None:
    """Documented: DESIGN's contract."""
    outcomes = Written.model_json_schema()["properties"]["outcome"]["anyOf"][0]["enum"]
    assert {*outcomes} == {"created", "replayed", "reconciled", "unknown", "updated", "unchanged"}
