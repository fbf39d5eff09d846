"""Assignment as a whole, and what the answer to an update does not show, read back once."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from case_tools import CaseDesk, NotApplied, Rejected, Settings
from loopback import LoopbackDesk, Received, Reply

pytestmark = pytest.mark.anyio

ID = "ci-0000001"
CREATED = "2026-11-20T08:00:00.000Z"
SAM = {"aId": "a-1", "name": "Sam Porter"}
ANSWER = {"_id": ID, "refId": "CS000001", "createdAt": CREATED, "updatedAt": "2026-11-27T10:00:00.000Z"}


def desk_that_shows(row: Mapping[str, Any]) -> Callable[[Received], Reply]:
    """Return a desk whose answer to an update shows little, and whose search shows this row."""

    def answer(received: Received) -> Reply:
        if "update" in received.path:
            return Reply.of(ANSWER)
        return Reply.of({"results": [{**ANSWER, **row}], "totalResults": 1})

    return answer


async def updated(settings: Settings, verify: bool = True, **arguments: Any) -> dict[str, Any]:  # noqa: FBT002
    """Return what an update of the case answers."""
    async with CaseDesk(settings.model_copy(update={"verify": verify})) as desk:
        return (await desk.call("update_case", {"caseId": ID, **arguments})).data()


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"currAssignee": {"aId": "a-1"}}, {"currAssignee": {"aId": "a-1"}, "assigneeType": "agent"}),
        (
            {"queues": ["Billing"]},
            {"queues": [{"name": "Billing"}], "currAssignee": {}, "assigneeType": "queues"},
        ),
        (
            {"assigneeType": "queues", "queues": ["Billing"]},
            {"queues": [{"name": "Billing"}], "currAssignee": {}, "assigneeType": "queues"},
        ),
        ({"currAssignee": "nobody"}, {"currAssignee": {}, "assigneeType": "unassigned"}),
        ({"currAssignee": "Unassigned"}, {"currAssignee": {}, "assigneeType": "unassigned"}),
        ({"assigneeType": "unassigned"}, {"currAssignee": {}, "assigneeType": "unassigned"}),
        (
            {"queues": ["Billing"], "currAssignee": {"aId": "a-1"}},
            {"queues": [{"name": "Billing"}], "currAssignee": {"aId": "a-1"}, "assigneeType": "agent"},
        ),
        ({"queues": []}, {"queues": []}),
        ({"desc": "x"}, {"desc": "x"}),
    ],
    ids=str,
)
async def test_an_assignment_is_sent_whole(
    given: dict[str, Any], sent: dict[str, Any], loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: a queue alone left the agent, and an agent alone left the type at unassigned."""
    loopback.answer = desk_that_shows({})
    await updated(settings, verify=False, **given)
    assert [each.body for each in loopback.received if "update" in each.path] == [sent]


@pytest.mark.parametrize(
    "given",
    [
        {"assigneeType": "queues"},
        {"assigneeType": "queues", "queues": []},
        {"assigneeType": "agent"},
        {"assigneeType": "unassigned", "currAssignee": {"aId": "a-1"}},
        {"assigneeType": "agent", "currAssignee": "nobody"},
    ],
    ids=str,
)
async def test_half_an_assignment_is_refused(
    given: dict[str, Any], loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: an agent assigned in name only is a real harm."""
    with pytest.raises(Rejected, match=r"assigneeType|queues"):
        await updated(settings, **given)
    assert loopback.received == []


async def test_what_the_answer_does_not_show_is_read_back(loopback: LoopbackDesk, settings: Settings) -> None:
    """Ours: by the time of creation, which the answer shows; one search."""
    loopback.answer = desk_that_shows({"currAssignee": SAM, "assigneeType": "agent"})
    result = await updated(settings, currAssignee={"aId": "a-1", "name": "Sam Porter"})
    assert "unconfirmed" not in result
    assert result["assignee"] == "Sam Porter"
    [_, search] = loopback.received
    assert {"startDate", "endDate"} <= {*search.body}


async def test_an_agent_that_stays_is_not_applied_and_the_queue_is_named(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: it answered "changed" while the agent stayed."""
    billing = {"_id": "qu-0000001", "name": "Billing"}
    loopback.answer = desk_that_shows({"currAssignee": SAM, "assigneeType": "queues", "queues": [billing]})
    with pytest.raises(NotApplied) as caught:
        await updated(settings, queues=[{"id": "qu-0000001", "name": "Billing"}])
    assert "assignee" in caught.value.what
    assert "Applied: queues" in caught.value.what


@pytest.mark.parametrize(
    "row",
    [
        {"currAssignee": SAM, "updatedAt": "2026-11-27T09:59:59.000Z"},
        {"_id": "ci-0000002", "currAssignee": SAM},
    ],
    ids=["older", "another"],
)
async def test_a_row_that_proves_nothing_leaves_the_change_unconfirmed(
    row: dict[str, Any], loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: a search that lags is no contradiction."""
    loopback.answer = desk_that_shows(row)
    result = await updated(settings, currAssignee="nobody")
    assert "assignee" in result["unconfirmed"]


async def test_a_proof_that_fails_or_is_off_leaves_the_change_unconfirmed(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: the write was done and answered."""
    loopback.answer = lambda received: Reply.of(ANSWER, status=200 if "update" in received.path else 500)
    for verify in (True, False):
        assert (await updated(settings, verify=verify, desc="x"))["unconfirmed"] == ["description"]
    assert sum("update" in each.path for each in loopback.received) == 2
