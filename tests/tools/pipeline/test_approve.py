"""What the person saw is what is done: previews of the built request, ids with names, changes in between."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from case_tools import (
    CaseDesk,
    ConfirmationNeeded,
    Conflict,
    NotApplied,
    NotConfirmed,
    Rejected,
    Settings,
    Unavailable,
)
from loopback import LoopbackDesk, Received, Reply

ROW: Final = {
    "_id": "ci-1",
    "refId": "CS000100",
    "name": "Parcel is late",
    "status": {"_id": "sts-open", "name": "Open"},
    "priority": {"_id": "pr-low", "name": "Low"},
    "currAssignee": {"aId": "a-sam", "agentId": "u-sam", "name": "Sam Porter"},
    "queues": [{"_id": "qu-billing", "name": "Billing"}],
    "updatedAt": "2026-11-20T12:00:00.000Z",
}
CLOSED: Final = {**ROW, "_id": "ci-2", "refId": "CS000101", "status": {"_id": "sts-closed", "name": "Closed"}}


class KoreDesk:
    """A desk on a loopback socket with a few rows, which answers an update with what was sent, or with `shown`.

    Attributes:
        rows: what a search shows.
        shown: what every answer to an update shows besides.
        sent: the bodies of the updates.
    """

    def __init__(self, loopback: LoopbackDesk, *rows: dict[str, Any]) -> None:
        self.rows = [*rows]
        self.shown: dict[str, Any] = {}
        self.sent: list[dict[str, Any]] = []
        self.down = False
        loopback.answer = self._answer

    def _answer(self, received: Received) -> Reply:
        if self.down:
            return Reply.of({"errors": [{"msg": "failed", "code": 500}]}, status=503)
        if "/get" in received.path:
            return Reply.of({"results": self.rows, "totalResults": len(self.rows), "hasMore": False})
        self.sent.append(received.body)
        return Reply.of({**self.rows[0], **received.body, **self.shown})


async def preview_of(desk: CaseDesk, tool: str, arguments: Mapping[str, Any]) -> tuple[str, str]:
    """Return the preview of a write, and the confirmation that stands for a yes to it."""
    with pytest.raises(ConfirmationNeeded) as needed:
        await desk.call(tool, arguments)
    return needed.value.preview.text(), needed.value.confirmation


PAIRS: Final[Mapping[str, tuple[dict[str, Any], str]]] = {
    "a status": ({"status": {"id": "sts-closed", "name": "Open"}}, "status: has the id of 'Closed'"),
    "a priority": ({"priority": {"id": "pr-low", "name": "High"}}, "priority: has the id of 'Low'"),
    "a queue": ({"queues": [{"id": "qu-billing", "name": "Sales"}]}, "queue: has the id of 'Billing'"),
    "an agent": (
        {"currAssignee": {"aId": "a-sam", "name": "Alex Kim"}},
        "currAssignee: has the id of 'Sam Porter'",
    ),
    "an agent's user": (
        {"currAssignee": {"agentId": "u-sam", "name": "Alex Kim"}},
        "currAssignee: has the id of 'Sam Porter'",
    ),
    "the ids of two agents": (
        {"currAssignee": {"aId": "a-sam", "agentId": "u-alex", "name": "Sam Porter"}},
        "currAssignee: has the ids of two agents",
    ),
    "a participant": (
        {"participants": [{"aId": "a-sam", "name": "Alex Kim"}]},
        "participants: has the id of 'Sam Porter'",
    ),
}


@pytest.mark.parametrize("access", ["full", "confirm"])
@pytest.mark.parametrize(("change", "said"), PAIRS.values(), ids=PAIRS)
async def test_an_id_with_a_name_that_is_known_to_be_anothers_is_refused(
    change: dict[str, Any], said: str, access: str, loopback: LoopbackDesk, settings: Settings
) -> None:
    """*Ours*: a person read `Open`, and the case was closed."""
    kept = KoreDesk(loopback, ROW, CLOSED)
    async with CaseDesk(settings.model_copy(update={"access": access})) as desk:
        await desk.call("search_cases")
        with pytest.raises(Rejected, match=said):
            await desk.call("update_case", {"caseId": "ci-1", **change})
    assert kept.sent == []


UNSEEN: Final[Mapping[str, tuple[dict[str, Any], str, dict[str, Any], dict[str, Any]]]] = {
    "a status": (
        {"status": {"id": "sts-9", "name": "Open"}},
        "status: Open -> id sts-9 (name not checked)",
        {"status": {"_id": "sts-9"}},
        {"status": {"_id": "sts-9", "name": "Closed"}},
    ),
    "a queue": (
        {"queues": [{"id": "qu-9", "name": "Billing"}]},
        "queues: -> id qu-9 (name not checked)",
        {"queues": [{"_id": "qu-9"}]},
        {"queues": [{"_id": "qu-9", "name": "Sales"}]},
    ),
    "an agent": (
        {"currAssignee": {"aId": "a-9", "name": "Sam Porter"}},
        "assignee: -> id a-9 (name not checked)",
        {"currAssignee": {"aId": "a-9"}},
        {"currAssignee": {"aId": "a-9", "name": "Alex Kim"}},
    ),
    "a participant": (
        {"participants": [{"agentId": "u-9", "name": "Sam Porter"}]},
        "participants: -> id u-9 (name not checked)",
        {"participants": [{"agentId": "u-9"}]},
        {"participants": [{"agentId": "u-9", "name": "Alex Kim"}]},
    ),
}


@pytest.mark.parametrize(("change", "line", "sent", "shown"), UNSEEN.values(), ids=UNSEEN)
async def test_of_a_pair_never_seen_the_id_alone_is_sent_and_the_name_is_compared(
    change: dict[str, Any],
    line: str,
    sent: dict[str, Any],
    shown: dict[str, Any],
    loopback: LoopbackDesk,
    settings: Settings,
) -> None:
    """*Ours*: the name that the person gave is not what the desk goes by, so it is not shown as if it were."""
    kept = KoreDesk(loopback, ROW)
    arguments = {"caseId": "CS000100", **change}
    async with CaseDesk(settings.model_copy(update={"access": "confirm"})) as desk:
        text, word = await preview_of(desk, "update_case", arguments)
        kept.shown = shown
        with pytest.raises(NotApplied):
            await desk.call("update_case", arguments, confirmation=word)
    assert text.split("\n")[:2] == ["Update a case: CS000100", line]
    [body] = kept.sent
    assert {key: body[key] for key in sent} == sent
    assert {*body} <= {*sent, "assigneeType", "currAssignee"}


async def test_the_preview_names_what_an_id_stands_for(loopback: LoopbackDesk, settings: Settings) -> None:
    """*Ours*: an id alone tells a person nothing."""
    KoreDesk(loopback, ROW, CLOSED)
    change = {"status": {"id": "sts-closed"}, "currAssignee": {"aId": "a-sam"}, "queues": ["Billing"]}
    async with CaseDesk(settings.model_copy(update={"access": "confirm"})) as desk:
        await desk.call("search_cases")
        text, _ = await preview_of(desk, "update_case", {"caseId": "CS000100", **change})
    assert text.split("\n") == [
        "Update a case: CS000100",
        "status: Open -> Closed (id sts-closed)",
        "assignee: -> Sam Porter (id a-sam)",
        "queues: -> Billing",
        "assigneeType: -> agent",
    ]


async def test_an_id_that_turns_out_to_stand_for_another_name_needs_a_new_yes(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """*Ours*: the person saw an id that nobody had checked; now it is known whose it is."""
    kept = KoreDesk(loopback, ROW)
    arguments = {"caseId": "CS000100", "status": {"id": "sts-closed"}}
    async with CaseDesk(settings.model_copy(update={"access": "confirm"})) as desk:
        _, word = await preview_of(desk, "update_case", arguments)
        kept.rows.append(CLOSED)
        with pytest.raises(Conflict, match="something else now than the person saw"):
            await desk.call("update_case", arguments, confirmation=word)
    assert kept.sent == []


async def test_the_preview_shows_the_defaults_that_are_sent() -> None:
    """*Ours*: whether the customer sees a note is not a detail."""
    note = {"id": "160", "notes": ["Called back"]}
    desk_settings = Settings(state=":memory:", embedded_dialect="talkdesk", access="confirm")
    async with CaseDesk(desk_settings) as desk:
        text, _ = await preview_of(desk, "update_case", note)
    assert text == "Update a case: 160\nnotes: -> note_body Called back, public no"


async def test_a_confirmation_is_not_spent_by_a_call_of_which_nothing_left(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """*Ours*: the desk could not be looked at; the same yes does it when it can be."""
    kept = KoreDesk(loopback, ROW)
    arguments = {"caseId": "CS000100", "priority": {"name": "High"}}
    async with CaseDesk(settings.model_copy(update={"access": "confirm", "timeout": 1})) as desk:
        _, word = await preview_of(desk, "update_case", arguments)
        kept.down = True
        with pytest.raises(Unavailable):
            await desk.call("update_case", arguments, confirmation=word)
        kept.down = False
        result = await desk.call("update_case", arguments, confirmation=word)
    assert (result.data()["outcome"], len(kept.sent)) == ("updated", 1)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({**ROW, "priority": {"_id": "pr-high", "name": "High"}}, "The desk shows the values asked for."),
        (ROW, "The desk does not show the values asked for."),
        ({**ROW, "refId": "CS9", "_id": "ci-9"}, "Whether the desk shows the values asked for cannot be seen."),
    ],
)
async def test_a_repeat_with_a_spent_confirmation_says_whether_the_case_shows_it(
    row: dict[str, Any], said: str, loopback: LoopbackDesk, settings: Settings
) -> None:
    """*Ours*: a transport that sends twice lands here; one read tells it what it needs to know."""
    kept = KoreDesk(loopback, ROW)
    arguments = {"caseId": "ci-1", "priority": {"name": "High"}}
    async with CaseDesk(settings.model_copy(update={"access": "confirm"})) as desk:
        await desk.call("search_cases")
        _, word = await preview_of(desk, "update_case", arguments)
        await desk.call("update_case", arguments, confirmation=word)
        kept.rows = [row]
        asked = len(loopback.received)
        with pytest.raises(NotConfirmed, match="used before") as refused:
            await desk.call("update_case", arguments, confirmation=word)
    assert said in str(refused.value)
    assert (len(kept.sent), len(loopback.received) - asked) == (1, 1)


async def test_values_beside_a_note_are_not_said_to_be_set_by_a_repeat() -> None:
    """*Ours*: HIGH with a note, then LOW, then the first again said "done once", and the desk showed LOW."""
    first = {"id": "160", "priority": "URGENT", "notes": ["Called back"]}
    async with CaseDesk(Settings(state=":memory:", embedded_dialect="talkdesk")) as desk:
        await desk.call("update_case", first)
        await desk.call("update_case", {"id": "160", "priority": "LOW"})
        again = (await desk.call("update_case", first)).data()
        alone = (await desk.call("update_case", {"id": "160", "priority": "URGENT"})).data()
    assert again["outcome"] == "replayed"
    assert again["advice"] == (
        "notes: added once, by an equal call, and not again. Not set again either: priority, which may have "
        "changed since. To set that alone, call update_case without notes. Only if a second equal entry is "
        "really wanted, call update_case again with allow_duplicate: true."
    )
    assert alone["priority"] == "URGENT"
