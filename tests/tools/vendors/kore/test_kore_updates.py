"""Updates: names and references into ids, and whether the desk did what was asked."""

from typing import Any

import pytest

from case_tools import CaseDesk, NotApplied, NotFound, Rejected, Settings
from loopback import LoopbackDesk, Received, Reply
from vendor_samples import sample

ROW = sample("search_cases.answer")["results"][0]
CASE = ROW["_id"]
RESOLVED = {"_id": "sts-0000000-0001", "name": "Resolved", "lname": "resolved", "statusCategory": "resolved"}
HIGH = {"_id": "pr-0000000-0001", "name": "High", "lname": "high", "desc": "Soon"}


def desk_with(*rows: dict[str, Any], **answer: Any) -> Any:
    """Return a desk that finds these rows and answers an update with what was sent, or with `answer`."""

    def reply(received: Received) -> Reply:
        if "/get" in received.path:
            return Reply.of({"results": list(rows), "page": 1, "totalResults": len(rows), "hasMore": False})
        own_id = "ti-9" if received.path.endswith("createTask") else received.path.rsplit("/", 1)[1]
        return Reply.of({"_id": own_id, **(answer or received.body)})

    return reply


def tails(loopback: LoopbackDesk) -> list[str]:
    """Return the end of the path of each request."""
    return [received.path.split("/", 6)[-1] for received in loopback.received]


async def test_a_reference_not_seen_yet_costs_one_search(loopback: LoopbackDesk, settings: Settings) -> None:
    """Ours: DESIGN decision 3; afterwards it costs none."""
    loopback.answer = desk_with({**ROW, "_id": "ci-0000000-0009", "refId": "CS0001001"}, ROW)
    async with CaseDesk(settings) as desk:
        await desk.call("update_case", {"caseId": "CS000100", "name": "one"})
        await desk.call("update_case", {"caseId": "#cs000100", "name": "two"})
    assert tails(loopback) == ["getCases", f"updateCase/{CASE}", f"updateCase/{CASE}"]
    assert loopback.received[0].body == {"searchText": "CS000100", "skip": 0, "limit": 20}


async def test_a_reference_seen_in_a_search_or_a_create_costs_nothing(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: from what the process has seen."""
    loopback.will_answer(sample("search_cases.answer"), {"_id": CASE})
    async with CaseDesk(settings) as desk:
        await desk.call("search_cases")
        await desk.call("update_case", {"caseId": "CS000100", "name": "one"})
    assert tails(loopback) == ["getCases", f"updateCase/{CASE}"]


async def test_a_task_reference_is_looked_up_among_the_tasks(loopback: LoopbackDesk, settings: Settings) -> None:
    """Ours: also where the toolset for tasks is off, update_task takes a reference."""
    loopback.answer = desk_with(
        {"_id": "ti-0000000-0001", "refId": "TS000102", "caseId": CASE, "caseRefId": "CS1"}
    )
    async with CaseDesk(settings.model_copy(update={"toolsets": ("cases",)})) as desk:
        await desk.call("update_task", {"taskId": "TS000102", "name": "one"})
        await desk.call("update_case", {"caseId": "CS1", "name": "the case that the task showed"})
    assert tails(loopback) == ["getTasks", "updateTask/ti-0000000-0001", f"updateCase/{CASE}"]


@pytest.mark.parametrize("rows", [[], [{**ROW, "refId": "CS0001001"}], [{**ROW, "refId": None}]])
async def test_a_reference_that_nothing_matches_exactly_is_refused(
    rows: list[dict[str, Any]], loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: no near match, no paging through the desk."""
    loopback.answer = desk_with(*rows)
    async with CaseDesk(settings) as desk:
        with pytest.raises(
            NotFound, match=r"CS000100 was found\. Nothing was changed\. Find it with search_cases"
        ):
            await desk.call("update_case", {"caseId": "CS000100", "name": "one"})
    assert tails(loopback) == ["getCases"]


async def test_a_reference_of_two_cases_asks_for_the_id(loopback: LoopbackDesk, settings: Settings) -> None:
    """Ours: two templates may number their cases alike."""
    loopback.answer = desk_with(ROW, {**ROW, "_id": "ci-0000000-0009"})
    async with CaseDesk(settings) as desk:
        with pytest.raises(Rejected, match=f"{CASE}, ci-0000000-0009"):
            await desk.call("update_case", {"caseId": "CS000100", "name": "one"})
    assert tails(loopback) == ["getCases"]


@pytest.mark.parametrize(
    "address", ["ti-0000000-0001", "u-1-2", "CS", "000123", "CS 12 34", "../x", "ci-", "CS1/2"]
)
async def test_an_address_of_the_wrong_shape_is_refused_before_any_request(
    address: str, loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: with a word on what was expected."""
    async with CaseDesk(settings) as desk:
        with pytest.raises(Rejected, match=r"- caseId: .*CS000123"):
            await desk.call("update_case", {"caseId": address, "name": "one"})
    assert loopback.received == []


@pytest.mark.parametrize("given", ["Resolved", "resolved ", {"name": "RESOLVED"}, {"id": RESOLVED["_id"]}])
async def test_a_status_that_was_seen_goes_out_whole(
    given: object, loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: whether the desk goes by `_id` or `name` is not documented; both are sent."""
    loopback.answer = desk_with({**ROW, "status": RESOLVED})
    async with CaseDesk(settings) as desk:
        await desk.call("search_cases")
        result = await desk.call("update_case", {"caseId": CASE, "status": given})
    assert loopback.received[-1].body == {"status": RESOLVED}
    assert tails(loopback) == ["getCases", f"updateCase/{CASE}"]
    assert result.data()["changed"] == {"status": ["", "Resolved"]}


async def test_a_status_not_seen_yet_costs_one_search(loopback: LoopbackDesk, settings: Settings) -> None:
    """Ours: for one row that has it; only one of two names is looked up."""
    loopback.answer = desk_with({**ROW, "status": RESOLVED, "priority": HIGH})
    async with CaseDesk(settings) as desk:
        await desk.call("update_case", {"caseId": CASE, "status": "Resolved", "priority": "High"})
    assert [received.body for received in loopback.received] == [
        {"status": ["Resolved"], "skip": 0, "limit": 1},
        {"status": RESOLVED, "priority": HIGH},
    ]


async def test_a_name_that_no_case_shows_is_sent_as_it_is(loopback: LoopbackDesk, settings: Settings) -> None:
    """Ours: a status that no case has yet must still be settable."""
    loopback.answer = desk_with()
    async with CaseDesk(settings) as desk:
        await desk.call("update_case", {"caseId": CASE, "status": "Parked"})
    assert loopback.received[-1].body == {"status": {"name": "Parked"}}


async def test_a_slip_in_a_name_that_was_seen_names_the_candidates(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: it may not become a new status by accident."""
    loopback.answer = desk_with({**ROW, "status": RESOLVED})
    async with CaseDesk(settings) as desk:
        await desk.call("search_cases")
        with pytest.raises(Rejected, match=r"- status: .*near is 'Resolved'"):
            await desk.call("update_case", {"caseId": CASE, "status": "Resolvd"})
    assert not any("updateCase" in tail for tail in tails(loopback))


async def test_a_name_that_two_things_have_asks_for_the_id(loopback: LoopbackDesk, settings: Settings) -> None:
    """Ours: several matches answer with the candidates."""
    twin = {**RESOLVED, "_id": "sts-0000000-0002"}
    loopback.answer = desk_with({**ROW, "status": RESOLVED}, {**ROW, "_id": "ci-0000000-0002", "status": twin})
    async with CaseDesk(settings) as desk:
        await desk.call("search_cases")
        with pytest.raises(Rejected, match=r"sts-0000000-0001.*sts-0000000-0002"):
            await desk.call("update_case", {"caseId": CASE, "status": "Resolved"})
        await desk.call("update_case", {"caseId": CASE, "status": {"id": twin["_id"], "name": "Resolved"}})
    assert loopback.received[-1].body == {"status": twin}


async def test_old_values_are_told_where_they_were_just_fetched(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: never from memory, which may be old."""
    loopback.answer = desk_with(ROW)
    async with CaseDesk(settings) as desk:
        first = await desk.call(
            "update_case", {"caseId": "CS000100", "name": "new", "dueDate": "2026-01-01T00:00:00Z"}
        )
        second = await desk.call("update_case", {"caseId": "CS000100", "name": "newer"})
    assert first.data()["changed"] == {
        "title": ["case one", "new"],
        "due": ["2025-05-29T04:03:00Z", "2026-01-01T00:00:00Z"],
    }
    assert second.data()["changed"] == {"title": ["", "newer"]}


async def test_an_update_to_what_is_there_already_is_unchanged_after_the_desk_was_asked(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: DESIGN, Answers."""
    loopback.answer = desk_with(ROW)
    async with CaseDesk(settings) as desk:
        result = await desk.call("update_case", {"caseId": "CS000100", "name": "case one"})
    assert result.data() == {"outcome": "unchanged", "ref": CASE, "id": CASE, "title": "case one"}
    assert tails(loopback) == ["getCases", f"updateCase/{CASE}"]


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({"status": "Resolved"}, {"status": {"name": "resolved"}}),
        ({"status": "In Progress"}, {"status": {"name": "In-Progress", "_id": "sts-1-2"}}),
        ({"dueDate": "2026-01-01T01:00:00+01:00"}, {"dueDate": 1767225600000}),
        ({"dueDate": "2026-01-01T01:00:00+01:00"}, {"dueDate": "2026-01-01T00:00:00.000Z"}),
        ({"ETA": "2026-01-01T00:00:00Z"}, {"ETA": "2026-01-01T00:00:00.000Z"}),
        ({"tags": ["b", "a"]}, {"tags": ["a", "b"]}),
        ({"desc": "two\r\nlines "}, {"desc": " two\nlines"}),
        ({"desc": "A & B"}, {"desc": "A &amp; B"}),
        ({"tags": ["VIP"]}, {"tags": ["vip"]}),
        ({"dueDate": "2026-01-01T00:00:00.750Z"}, {"dueDate": 1767225600000}),
        ({"resolutionCmts": ["Refunded"]}, {"resolutionCmts": [{"_id": "rc-1", "comment": "Refunded"}]}),
        (
            {"fields": [{"id": "fd-2", "selectedValue": "x"}]},
            {"fields": [{"_id": "fd-1"}, {"_id": "fd-2", "selectedValue": "x"}]},
        ),
        ({"userInfo": {"id": "u-1-2"}}, {"userInfo": {"_id": "u-1-2", "name": "Jane Roe"}}),
        (
            {"queues": [{"name": "Billing"}]},
            {"queues": [{"_id": "qu-1-2", "name": "billing"}], "assigneeType": "queues", "currAssignee": {}},
        ),
        ({"isActive": False}, {"isActive": False}),
    ],
    ids=str,
)
async def test_values_are_compared_by_meaning(
    asked: dict[str, Any], shown: dict[str, Any], loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: names without case, dates as instants."""
    loopback.answer = desk_with(**shown)
    async with CaseDesk(settings) as desk:
        result = await desk.call("update_case", {"caseId": CASE, **asked})
    assert "unconfirmed" not in result.data()
    assert result.data()["outcome"] == "updated"


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({"status": "Resolved"}, {"status": {"name": "Open"}}),
        ({"priority": {"id": "pr-1-2", "name": "High"}}, {"priority": {"_id": "pr-3-4", "name": "High"}}),
        ({"dueDate": "2026-01-01T00:00:00Z"}, {"dueDate": 1767225660000}),
        ({"ETA": "2026-01-01T00:00:00Z"}, {"ETA": ""}),
        ({"tags": ["a"]}, {"tags": []}),
        ({"currAssignee": {"aId": "a-1"}}, {"currAssignee": {}}),
        ({"isActive": True}, {"isActive": False}),
        ({"name": "x"}, {"name": 5}),
    ],
    ids=str,
)
async def test_another_value_in_the_answer_is_not_applied(
    asked: dict[str, Any], shown: dict[str, Any], loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: an error that names asked and actual, and what else was applied."""
    loopback.answer = desk_with(**shown, desc="done")
    async with CaseDesk(settings) as desk:
        with pytest.raises(NotApplied) as alone:
            await desk.call("update_case", {"caseId": CASE, **asked})
        with pytest.raises(NotApplied, match=r"Applied: description\.") as together:
            await desk.call("update_case", {"caseId": CASE, **asked, "desc": "done"})
    assert (alone.value.changed, together.value.changed) == ("unknown", "partly")


async def test_a_key_that_the_answer_leaves_out_counts_as_applied_and_is_told(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Documented: the answers of the pages leave desc, tags and dueDate out."""
    loopback.will_answer(sample("update_case.answer"))
    case = sample("update_case.answer")["_id"]
    async with CaseDesk(settings) as desk:
        result = await desk.call("update_case", {"caseId": case, "desc": "x", "name": "This is demo case"})
    assert result.data()["unconfirmed"] == ["description"]
    assert result.data()["changed"] == {"title": ["", "This is demo case"], "description": ["", "x"]}


async def test_a_task_needs_the_reference_of_its_case(loopback: LoopbackDesk, settings: Settings) -> None:
    """Documented: create-a-task requires both; the reference is known once the case was seen."""
    task = {
        "taskTmp": "ttm-0000001-0000",
        "name": "Call back",
        "userInfo": {"name": "Jane Roe", "phoneNumber": "+1-555-0100"},
        "source": "rtm",
    }
    loopback.answer = desk_with(ROW)
    async with CaseDesk(settings) as desk:
        with pytest.raises(Rejected, match="caseRefId: is missing"):
            await desk.call("create_task", {**task, "caseId": CASE})
        await desk.call("create_task", {**task, "caseId": "CS000100"})
        await desk.call("create_task", {**task, "caseId": CASE, "name": "Call back again"})
    sent = [received.body for received in loopback.received if received.path.endswith("createTask")]
    assert [(body["caseId"], body["caseRefId"]) for body in sent] == [(CASE, "CS000100")] * 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"userInfo": {}}, "userInfo: is empty"),
        ({"userInfo": {"name": "Jane Roe", "emailId": ""}}, "userInfo: does not say who"),
        ({"userInfo": {"id": "banana"}}, "userInfo.id: must be a user's id, u-"),
        ({"userInfo": {"emailId": "unknown"}}, "userInfo.emailId: must be an e-mail address"),
        ({"currAssignee": {"name": None}}, "currAssignee: is empty"),
        ({"currAssignee": {"aId": "CS001"}}, "currAssignee.aId: must be an agent's id, a-"),
        ({"status": {"id": "Resolved"}}, "status.id: must be a status's id, sts-"),
        ({"status": {"statusCategory": "open"}}, "status: does not say which"),
        ({"taskIds": ["TS000125"]}, "taskIds.0: must be a task's id, ti-"),
        ({"fields": {"Size": "L"}}, "fields.0: does not say which field"),
        ({"queues": [{"id": "Billing"}]}, "queues.0.id: must be a queue's id, qu-"),
    ],
    ids=str,
)
async def test_what_could_wipe_or_corrupt_a_case_is_refused_before_any_request(
    given: dict[str, Any], said: str, loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: whether objects are merged or replaced is not documented, so an empty one is never sent."""
    async with CaseDesk(settings) as desk:
        with pytest.raises(Rejected) as refused:
            await desk.call("update_case", {"caseId": CASE, **given})
    assert said in str(refused.value)
    assert loopback.received == []


async def test_a_status_whose_id_and_name_differ_is_refused(loopback: LoopbackDesk, settings: Settings) -> None:
    """Ours: neither is guessed to be the one meant."""
    loopback.answer = desk_with({**ROW, "status": RESOLVED})
    async with CaseDesk(settings) as desk:
        await desk.call("search_cases")
        with pytest.raises(Rejected, match="has the id of 'Resolved' and another name"):
            await desk.call("update_case", {"caseId": CASE, "status": {"id": RESOLVED["_id"], "name": "Open"}})
    assert tails(loopback) == ["getCases"]


async def test_a_new_name_near_a_seen_one_can_be_insisted_on(loopback: LoopbackDesk, settings: Settings) -> None:
    """Ours: no tool shows ids of statuses, so there must be another way."""
    loopback.answer = desk_with({**ROW, "status": RESOLVED})
    async with CaseDesk(settings) as desk:
        await desk.call("search_cases")
        with pytest.raises(Rejected, match="put = before it"):
            await desk.call("update_case", {"caseId": CASE, "status": "Resolvd"})
        await desk.call("update_case", {"caseId": CASE, "status": "=Resolvd"})
    assert loopback.received[-1].body == {"status": {"name": "Resolvd"}}


async def test_a_desk_that_refuses_the_search_for_a_name_is_still_asked_to_change(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: only a reference must be found first."""

    def reply(received: Received) -> Reply:
        if "/getCases" in received.path:
            return Reply(status=400, body=b"{}")
        return Reply.of({"_id": CASE, "status": received.body["status"]})

    loopback.answer = reply
    async with CaseDesk(settings) as desk:
        result = await desk.call("update_case", {"caseId": CASE, "status": "Resolved"})
    assert result.data()["changed"] == {"status": ["", "Resolved"]}


async def test_a_refused_update_names_the_word_that_no_case_has_shown(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: with the names that were seen."""

    def reply(received: Received) -> Reply:
        found = {"results": [] if received.body.get("status") else [ROW], "page": 1}
        return Reply.of(found) if "/getCases" in received.path else Reply(status=400, body=b"{}")

    loopback.answer = reply
    async with CaseDesk(settings) as desk:
        await desk.call("search_cases")
        with pytest.raises(Rejected, match=r"- status: may be what the desk does not take; seen are Open\."):
            await desk.call("update_case", {"caseId": CASE, "status": "Parked"})


async def test_a_template_shown_by_its_name_proves_nothing(loopback: LoopbackDesk, settings: Settings) -> None:
    """Documented: an id goes in, answers show the template's name."""
    loopback.answer = desk_with(caseTmp="Complaint")
    async with CaseDesk(settings) as desk:
        result = await desk.call("update_case", {"caseId": CASE, "caseTmp": "ctm-0000001-0000"})
    assert result.data()["unconfirmed"] == ["caseTmp"]


async def test_a_refused_value_that_is_the_old_one_says_that_nothing_was_changed(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: known only where the case was just fetched."""
    loopback.answer = desk_with(ROW, name=ROW["name"])
    async with CaseDesk(settings) as desk:
        with pytest.raises(NotApplied) as raised:
            await desk.call("update_case", {"caseId": "CS000100", "name": "another"})
    assert raised.value.changed == "nothing"
