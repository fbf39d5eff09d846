"""Every documented field of every page has a place, and every wrong type is refused by name."""

from typing import Any

import pytest

from case_tools import CaseDesk, Rejected, Settings
from loopback import LoopbackDesk
from vendor_samples import sample

CASE, TASK = "ci-b4eaa6e-b3d9-4bb3-ae54-bb043b4axxxx", "ti-73acd32-0123-4114-9891-00a950aaxxxx"
TENANT = {"accountId", "lid", "orgId"}
DESK_KEPT = {
    "createdAt", "updatedAt", "createdBy", "updatedBy", "timestampValue", "isBreached", "lname", "refId",
    "conversationType", "activityIds", "commentIds",
}  # fmt: skip
DATES = {"dueDate", "timestampValue", "createdAt", "updatedAt", "ETA", "startDate", "endDate"}
ROWS_OF_OBJECTS = {
    "fields": (
        [{"id": "fd-1234567-0000", "selectedValue": "x"}],
        [{"_id": "fd-1234567-0000", "selectedValue": "x"}],
    ),
    "participants": (
        [{"aId": "a-1", "agentId": "u-1", "name": "Sam"}],
        [{"aId": "a-1", "agentId": "u-1"}],
    ),
    "queues": ([{"id": "qu-1", "name": "Billing"}], [{"_id": "qu-1"}]),
    "attachments": ([{"url": "x", "size": None}],) * 2,
    "feedback": ([{"score": 5}],) * 2,
}
OBJECTS = {
    "userInfo": ({"id": "u-1", "name": "Jane Roe", "emailId": "jane.roe@example.com"},
                 {"_id": "u-1", "name": "Jane Roe", "emailId": "jane.roe@example.com"}),
    "currAssignee": ({"aId": "a-1", "agentId": "u-1", "name": "Sam"}, {"aId": "a-1", "agentId": "u-1"}),
}  # fmt: skip
CHOICES = {"status": "sts-1", "priority": "pr-1"}
WRONG = {"string": 5, "object": 5, "array": 5, "boolean": "perhaps", "number": "soon"}
UPDATES = [
    (tool, field["name"], field["type"])
    for tool in ("update_case", "update_task")
    for field in sample("documented_fields")[tool]
]
FILTERS = [(field["name"], field["type"]) for field in sample("documented_fields")["search_cases"]]
CREATE = sample("create_case.request")


def valid(name: str, kind: str) -> tuple[Any, Any]:
    """Return a value as an argument, and as it goes out."""
    if name in DATES:
        ms = {"dueDate", "timestampValue"}
        return "2025-05-29T06:03:00+02:00", 1748491380000 if name in ms else "2025-05-29T04:03:00.000Z"
    if name in ROWS_OF_OBJECTS:
        return ROWS_OF_OBJECTS[name]
    if kind == "object":
        if name in CHOICES:  # the id alone, as the desk has not shown whose name that is
            return {"id": CHOICES[name], "name": "X"}, {"_id": CHOICES[name]}
        return OBJECTS.get(name, ({"id": "u-1", "name": "X"}, {"_id": "u-1", "name": "X"}))
    if name == "taskIds":
        return ["ti-1", "ti-2"], ["ti-1", "ti-2"]
    value = {"string": "x", "array": ["x", "y"], "boolean": True}[kind]
    return value, value


@pytest.fixture
def documented(settings: Settings) -> Settings:
    """Give settings that take every documented field."""
    return settings.model_copy(update={"fields": "documented"})


def test_the_field_lists_are_those_of_the_pages() -> None:
    """Documented: 11 rows of create-a-case (name and desc twice), 39 of each update, 12 filters."""
    assert {tool: len(fields) for tool, fields in sample("documented_fields").items()} == {
        "create_case": 11,
        "update_case": 39,
        "update_task": 39,
        "search_cases": 12,
    }


@pytest.mark.parametrize(("tool", "name", "kind"), UPDATES)
async def test_an_update_field_is_sent_where_it_belongs(
    tool: str, name: str, kind: str, loopback: LoopbackDesk, documented: Settings
) -> None:
    """Documented: the field goes out alone, under its name; the tenant's have no place.

    Ours: what an assignment needs goes with it.
    """
    address = {"caseId": CASE} if tool == "update_case" else {"taskId": TASK}
    loopback.will_answer({"_id": address.get("caseId", TASK)})
    given, sent = valid(name, kind)
    async with CaseDesk(documented) as desk:
        if name in TENANT:
            with pytest.raises(Rejected, match=f"- {name}: is not known here"):
                await desk.call(tool, {**address, name: given})
            assert loopback.received == []
        else:
            await desk.call(tool, {**address, name: given})
            more: dict[str, dict[str, Any]] = {
                "currAssignee": {"assigneeType": "agent"},
                "queues": {"assigneeType": "queues", "currAssignee": {}},
            }
            assert [received.body for received in loopback.received] == [{name: sent, **more.get(name, {})}]


@pytest.mark.parametrize(("tool", "name", "kind"), [each for each in UPDATES if each[1] not in TENANT])
async def test_an_update_field_of_the_wrong_type_is_refused_by_name(
    tool: str, name: str, kind: str, loopback: LoopbackDesk, documented: Settings
) -> None:
    """Documented types; nothing is sent."""
    address = {"caseId": CASE} if tool == "update_case" else {"taskId": TASK}
    wrong = "soon" if name in DATES else WRONG[kind]
    async with CaseDesk(documented) as desk:
        with pytest.raises(Rejected) as refused:
            await desk.call(tool, {**address, name: wrong})
    assert [problem.argument for problem in refused.value.problems] == [name]
    assert loopback.received == []


@pytest.mark.parametrize("name", sorted(DESK_KEPT))
@pytest.mark.parametrize("tool", ["update_case", "update_task"])
async def test_what_the_desk_keeps_is_refused_unless_asked_for(
    tool: str, name: str, loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: CASE_MCP_FIELDS=writable, the default, leaves the desk's own fields out."""
    address = {"caseId": CASE} if tool == "update_case" else {"taskId": TASK}
    async with CaseDesk(settings) as desk:
        with pytest.raises(Rejected, match=f"- {name}: is not known here"):
            await desk.call(tool, {**address, name: "x"})
    assert loopback.received == []


@pytest.mark.parametrize(("name", "kind"), FILTERS)
async def test_a_filter_is_sent_under_its_name(
    name: str, kind: str, loopback: LoopbackDesk, settings: Settings
) -> None:
    """Documented: get-cases; sortBy in the inferred object form."""
    loopback.will_answer(sample("search_cases.answer"))
    given, sent = ("dueDate asc", {"dueDate": "asc"}) if name == "sortBy" else valid(name, kind)
    given, sent = (["Billing"], ["Billing"]) if name == "queues" else (given, sent)
    sent = "2025-05-29T04:03:00.000Z" if name in DATES else sent
    async with CaseDesk(settings) as desk:
        await desk.call("search_cases", {name: given})
    assert loopback.received[0].body == {name: sent, "skip": 0, "limit": 20}


@pytest.mark.parametrize(("name", "kind"), FILTERS)
async def test_a_filter_of_the_wrong_type_is_refused_by_name(
    name: str, kind: str, loopback: LoopbackDesk, settings: Settings
) -> None:
    """Documented types; a filter is never dropped."""
    async with CaseDesk(settings) as desk:
        with pytest.raises(Rejected) as refused:
            await desk.call("search_cases", {name: "soon" if name in DATES else WRONG[kind]})
    assert [problem.argument for problem in refused.value.problems] == [name]
    assert loopback.received == []


@pytest.mark.parametrize("name", ["caseTmp", "name", "desc", "userInfo", "source", "dueDate"])
async def test_a_required_field_of_a_new_case_is_asked_for(
    name: str, loopback: LoopbackDesk, settings: Settings
) -> None:
    """Documented: create-a-case, `required`."""
    async with CaseDesk(settings) as desk:
        with pytest.raises(Rejected, match=f"- {name}: is missing"):
            await desk.call("create_case", {key: value for key, value in CREATE.items() if key != name})
    assert loopback.received == []


@pytest.mark.parametrize("name", [*CREATE])
async def test_a_field_of_a_new_case_of_the_wrong_type_is_refused_by_name(
    name: str, loopback: LoopbackDesk, settings: Settings
) -> None:
    """Documented types."""
    async with CaseDesk(settings) as desk:
        with pytest.raises(Rejected) as refused:
            await desk.call("create_case", {**CREATE, name: ["x"] if name != "userInfo" else 5})
    assert [problem.argument for problem in refused.value.problems] == [name]
    assert loopback.received == []


@pytest.mark.parametrize("way", [{"emailId": "jane.roe@example.com"}, {"phoneNumber": "+1-555-0100"}, {}])
async def test_one_of_id_email_and_phone_says_who_the_customer_is(
    way: dict[str, str], loopback: LoopbackDesk, settings: Settings
) -> None:
    """Documented: the rule of the row `id`, though the table calls both others required."""
    loopback.will_answer(sample("create_case.answer"))
    base = {key: value for key, value in CREATE.items() if key not in {"emailId", "phoneNumber", "userInfo"}}
    async with CaseDesk(settings) as desk:
        await desk.call("create_case", {**base, "userInfo": {"id": "u-1"}, **way})
        if way:
            await desk.call("create_case", {**base, "userInfo": {"name": "Jane Roe"}, **way})
        else:
            with pytest.raises(Rejected, match=r"who the customer is: give emailId, phoneNumber or userInfo\.id"):
                await desk.call("create_case", {**base, "userInfo": {"name": "Jane Roe"}})


@pytest.mark.parametrize("tool", ["update_case", "update_task"])
async def test_an_update_with_nothing_to_change_is_refused_before_any_request(
    tool: str, loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: also where the reference would have to be looked up first."""
    address = {"caseId": "CS000123"} if tool == "update_case" else {"taskId": "TS000123"}
    async with CaseDesk(settings) as desk:
        with pytest.raises(Rejected, match="nothing to change"):
            await desk.call(tool, {**address, "status": None})
    assert loopback.received == []
