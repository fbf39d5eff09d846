"""What reaches Talkdesk, byte for byte, over a real loopback socket."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from case_tools import CaseDesk, Rejected, Settings, TalkdeskSettings
from loopback import SECRET, LoopbackDesk, Received, Reply
from vendor_samples import sample

TOKEN = "an-invented-access-token"
SAMPLE = sample("update_case.request", vendor="talkdesk")
SHOWN = {"id": "20808", "title": "Leak", "description": "x", "status": "OPEN", "priority": "NORMAL"}
PATH = "/cm/core/va/cases"


def answering(payload: Any, status: int = 200) -> Any:
    """Return a desk that gives a token, and answers every other request with the payload."""

    def reply(received: Received) -> Reply:
        if received.path == "/oauth/token":
            return Reply.of({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 600})
        return Reply.of(payload, status=status)

    return reply


@pytest.fixture
def talkdesk(loopback: LoopbackDesk) -> Settings:
    """Give settings that lead to the loopback desk as Talkdesk."""
    loopback.answer = answering(SHOWN)
    account = TalkdeskSettings(
        api_url=loopback.url, token_url=loopback.url, client_id="client-1", client_secret=SECRET
    )
    return Settings(desk="talkdesk", account=account, verify=False, timeout=5, state=":memory:")


def calls(loopback: LoopbackDesk) -> Iterator[Received]:
    """Yield what was received but the requests for tokens."""
    return (received for received in loopback.received if received.path != "/oauth/token")


async def test_update_case_sends_the_pages_sample(loopback: LoopbackDesk, talkdesk: Settings) -> None:
    """Documented: update-a-case, request sample, every shape of a custom field unchanged; ON-HOLD is a setting."""
    loopback.answer = answering({"id": "20808"})
    async with CaseDesk(talkdesk) as desk:
        await desk.call("update_case", {"id": "20808", **SAMPLE})
    (received,) = calls(loopback)
    assert (received.method, received.path) == ("PATCH", f"{PATH}/20808")
    assert received.body == {**SAMPLE, "status": "ON_HOLD"}
    assert received.content == json.dumps(received.body, ensure_ascii=False, separators=(",", ":")).encode()
    assert received.headers["authorization"] == f"Bearer {TOKEN}"
    assert (received.headers["content-type"], received.headers["accept"]) == ("application/json",) * 2


@pytest.mark.parametrize("given", ["ON-HOLD", "ON_HOLD", "on hold", "On-hold"])
@pytest.mark.parametrize("literal", ["ON_HOLD", "ON-HOLD"])
async def test_both_spellings_of_on_hold_are_taken_and_the_one_set_is_sent(
    literal: Any, given: str, loopback: LoopbackDesk, talkdesk: Settings
) -> None:
    """Documented both ways: the page's sample and the vendor's OpenAPI differ."""
    assert talkdesk.account is not None
    account = talkdesk.account.model_copy(update={"on_hold": literal})
    loopback.answer = answering({"id": "20808", "status": "On-hold", "_embedded": {"data": []}})
    async with CaseDesk(talkdesk.model_copy(update={"account": account})) as desk:
        await desk.call("update_case", {"id": "20808", "status": given})
        await desk.call("search_cases", {"status": [given]})
    update, search = calls(loopback)
    assert update.body == {"status": literal}
    assert parse_qs(urlsplit(search.path).query)["status"] == [f'["{literal}"]']


async def test_public_is_always_sent_and_false_unless_given(loopback: LoopbackDesk, talkdesk: Settings) -> None:
    """Documented both ways: false here, true on an older page; so it never depends on the desk."""
    shown = [{"notes_body": "a", "public": False}, {"notes_title": "t", "notes_body": "b", "public": True}]
    loopback.answer = answering({"id": "20808", "notes": shown})
    async with CaseDesk(talkdesk) as desk:
        result = await desk.call(
            "update_case",
            {"id": "20808", "notes": [{"note_body": "a"}, {"note_title": "t", "note_body": "b", "public": True}]},
        )
    (received,) = calls(loopback)
    assert received.body == {
        "notes": [{"note_body": "a", "public": False}, {"note_title": "t", "note_body": "b", "public": True}]
    }
    assert result.data()["notes"] == ["a: internal", "t: the customer can see it"]
    assert "note a: internal; note t: the customer can see it" in result.text("AAAAAAAA")


FIELDS: list[tuple[str, Any, Any]] = [
    ("title", "x" * 150, "x" * 151),
    ("description", "x" * 2000, "x" * 2001),
    ("resolution", "x" * 2000, "x" * 2001),
    ("solve_reason", "broken part", 5),
    ("owner_id", "x" * 255, "x" * 256),
    ("group_id", "x" * 255, "x" * 256),
    ("parent_id", "x" * 255, "x" * 256),
    ("custom_fields", {"a": {"value": [1, 1.5, True, "x"]}}, "text"),
    ("notes", [{"note_title": "x" * 255, "note_body": "b", "public": False}], [{"note_title": "x" * 256}]),
    *[("priority", each, "MEDIUM") for each in ("LOW", "NORMAL", "HIGH", "URGENT")],
    *[("type", each, "BUG") for each in ("QUESTION", "INCIDENT", "PROBLEM", "TASK")],
    *[("status", each, "WAITING") for each in ("NEW", "OPEN", "PENDING", "ON_HOLD")],
]


@pytest.mark.parametrize(("name", "right", "wrong"), FIELDS, ids=lambda each: str(each)[:20])
async def test_a_field_goes_out_alone_and_a_wrong_value_is_refused_by_name(
    name: str, right: Any, wrong: Any, loopback: LoopbackDesk, talkdesk: Settings
) -> None:
    """Documented: every parameter of the page, its lengths and enumerations."""
    loopback.answer = answering({"id": "20808"})
    async with CaseDesk(talkdesk) as desk:
        await desk.call("update_case", {"id": "20808", name: right})
        with pytest.raises(Rejected, match=f"- {name}"):
            await desk.call("update_case", {"id": "20808", name: wrong})
    assert [received.body for received in calls(loopback)] == [{name: right}]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"status": "CLOSED"}, "cannot be set to CLOSED"),
        ({"status": "resolved"}, "give resolution, or solve_reason"),
        ({}, "nothing to change"),
        ({"notes": [{"note_title": "x"}]}, "notes.0.note_body: is missing"),
        ({"name": "x"}, "did you mean `title`"),
        ({"title": ""}, "is empty"),
        ({"notes": []}, "notes: is empty"),
        ({"custom_fields": {}}, "custom_fields: is empty"),
        ({"notes": [{"note_body": "x", "public": "yes"}]}, "notes.0.public: must be true"),
        ({"owner_id": "x" * 256}, "owner_id: is too long: at most 255 characters"),
        ({"owner_id": "Amara Osei"}, "owner_id: must be an id, without spaces: a name is no id"),
    ],
    ids=str,
)
async def test_what_the_page_forbids_is_refused_before_any_request(
    given: dict[str, Any], said: str, loopback: LoopbackDesk, talkdesk: Settings
) -> None:
    """Documented: CLOSED cannot be set; solving needs a word on how."""
    async with CaseDesk(talkdesk) as desk:
        with pytest.raises(Rejected) as refused:
            await desk.call("update_case", {"id": "20808", **given})
    assert said in str(refused.value)
    assert loopback.received == []


@pytest.mark.parametrize("name", ["requester_email", "agent_email"])
async def test_a_search_by_what_is_no_address_is_refused(
    name: str, loopback: LoopbackDesk, talkdesk: Settings
) -> None:
    """Ours: it finds nothing, which reads as if the customer had no case."""
    async with CaseDesk(talkdesk) as desk:
        with pytest.raises(Rejected, match=f"- {name}: must be an e-mail address"):
            await desk.call("search_cases", {name: "Jane Roe"})
    assert loopback.received == []


@pytest.mark.parametrize("how", ["resolution", "solve_reason"])
async def test_resolved_goes_out_with_either_word_on_how(
    how: str, loopback: LoopbackDesk, talkdesk: Settings
) -> None:
    """Documented: the page shows solve_reason alone, its schema resolution."""
    loopback.answer = answering({"id": "20808"})
    async with CaseDesk(talkdesk) as desk:
        await desk.call("update_case", {"id": "20808", "status": "Resolved", how: "Replaced"})
    assert [received.body for received in calls(loopback)] == [{"status": "RESOLVED", how: "Replaced"}]


SPELLINGS = {"a text": "20808", "zeros before it": "0020808", "a number": 20808, "a sharp before it": "#20808"}
SHOWN_IDS = [SPELLINGS[each] for each in ("a text", "zeros before it", "a number")]


@pytest.mark.parametrize("own", SHOWN_IDS, ids=repr)
@pytest.mark.parametrize("given", SPELLINGS.values(), ids=SPELLINGS)
async def test_a_case_is_found_however_its_id_is_spelled(
    own: object, given: object, loopback: LoopbackDesk, talkdesk: Settings
) -> None:
    """Ours: the pages call ids numeric and type them as texts, so zeros before a number mean nothing."""
    seen = {"update_at": "2026-11-20T12:00:00Z"}
    row = {**SHOWN, **seen, "id": own, "notes": [{"note_body": "Called back", "public": False}]}
    loopback.answer = answering({"total": 1, "_embedded": {"data": [row]}, **row})
    change = {"title": SHOWN["title"], "expected_updated_at": "2099-01-01T00:00:00Z"}
    async with CaseDesk(talkdesk) as desk:
        shown = await desk.case(str(given).lstrip("#"))
        changed = await desk.call("update_case", {"id": given, **change})
        noted = [await desk.call("update_case", {"id": each, "notes": ["Called back"]}) for each in (given, own)]
    assert (shown.ref, changed.data()["ref"]) == (str(own), str(own))
    assert [each.data()["outcome"] for each in noted] == ["updated", "replayed"]


@pytest.mark.parametrize("own", SHOWN_IDS, ids=repr)
@pytest.mark.parametrize("given", SPELLINGS.values(), ids=SPELLINGS)
async def test_a_case_seen_closed_is_not_changed(
    own: object, given: object, loopback: LoopbackDesk, talkdesk: Settings
) -> None:
    """Documented: closed cases cannot be updated; they stay closed, so what was seen once is enough."""
    row = {**SHOWN, "id": own, "status": "Closed"}
    loopback.answer = answering({"total": 1, "_embedded": {"data": [row]}})
    async with CaseDesk(talkdesk) as desk:
        await desk.call("search_cases")
        with pytest.raises(Rejected, match="a closed case cannot be changed"):
            await desk.call("update_case", {"id": given, "title": "x"})
    assert len([*calls(loopback)]) == 1


@pytest.mark.parametrize("address", ["../x", "a/b", "a?b", "", "1 2", "%2e", "a" * 65])
async def test_an_id_that_could_leave_its_place_is_refused(
    address: str, loopback: LoopbackDesk, talkdesk: Settings
) -> None:
    """Ours: the path's one variable."""
    async with CaseDesk(talkdesk) as desk:
        with pytest.raises(Rejected, match="- id"):
            await desk.call("update_case", {"id": address, "title": "x"})
    assert loopback.received == []


async def test_create_case_sends_the_documented_body(loopback: LoopbackDesk, talkdesk: Settings) -> None:
    """Documented: create-a-new-case; custom fields are plain values there."""
    body = {
        "title": "Leak",
        "description": "x",
        "requester_name": "Jane Roe",
        "requester_email": "jane.roe@example.com",
        "requester_type": "Contact",
        "priority": "HIGH",
        "owner_id": "61036b508ff57b5578f25a10",
        "parent_id": "2",
        "custom_fields": {"checkbox1": True, "dropdown1": 1},
        "notes": [{"note_title": "t", "note_body": "b", "public": False}],
    }
    loopback.answer = answering(SHOWN, status=201)
    async with CaseDesk(talkdesk) as desk:
        result = await desk.call("create_case", {**body, "requester_type": "CONTACT", "priority": "high"})
        for name in ("title", "description"):
            with pytest.raises(Rejected, match=f"- {name}: is missing"):
                await desk.call("create_case", {key: each for key, each in body.items() if key != name})
    (received,) = calls(loopback)
    assert (received.method, received.path, received.body) == ("POST", PATH, body)
    assert result.data()["outcome"] == "created"


async def test_search_cases_sends_the_documented_query(loopback: LoopbackDesk, talkdesk: Settings) -> None:
    """Documented: get-case-list; lists as JSON arrays, as its sample writes them (a guess)."""
    loopback.answer = answering({"_embedded": {"data": []}})
    texts = {
        "title": "leak & co",
        "description": "x",
        "requester_email": "jane.roe@example.com",
        "requester_name": "Jane Roe",
        "requester_phone": "+1-555-0100",
        "requester_id": "r1",
        "requester_type": "CONTACT",
        "agent_id": "a1",
        "agent_name": "Sam Porter",
        "agent_email": "sam@example.com",
        "order_by": "update_at",
        "sort": "ASC",
    }
    lists = {"status": ["OPEN", "CLOSED"], "priority": ["URGENT"], "type": ["TASK"], "ids": ["1", "2"]}
    lists["about"] = ["x"]
    period = ["2026-09-01T00:00:00.000Z", "2026-09-30T00:00:00.000Z"]
    objects = {"custom_fields": {"text1": "x"}, "create_at": period, "update_at": period}
    async with CaseDesk(talkdesk) as desk:
        await desk.call("search_cases", {**texts, **lists, **objects, "page": 2, "limit": 7})
    received = next(calls(loopback))
    query = {name: values[0] for name, values in parse_qs(urlsplit(received.path).query).items()}
    compact = {name: json.dumps(each, separators=(",", ":")) for name, each in (lists | objects).items()}
    assert (received.method, urlsplit(received.path).path, received.content) == ("GET", PATH, b"")
    assert query == {**texts, **compact, "page": "2", "per_page": "7"}


@pytest.mark.parametrize(
    "given",
    [
        {"create_at": ["2026-09-01T00:00:00Z"]},
        {"update_at": ["2026-09-30T00:00:00Z", "2026-09-01T00:00:00Z"]},
        {"status": []},
        {"status": ["Waiting"]},
        {"requester_phone": "1" * 21},
        {"order_by": "title"},
        {"searchText": "x"},
        {"limit": 51},
    ],
    ids=str,
)
async def test_a_filter_that_cannot_be_meant_is_refused(
    given: dict[str, Any], loopback: LoopbackDesk, talkdesk: Settings
) -> None:
    """Ours: a filter is never dropped."""
    async with CaseDesk(talkdesk) as desk:
        with pytest.raises(Rejected):
            await desk.call("search_cases", given)
    assert loopback.received == []


def test_there_is_no_tool_for_tasks(talkdesk: Settings) -> None:
    """Documented: Talkdesk has no tasks beside cases; a TASK is a type of case."""
    assert [*CaseDesk(talkdesk).tools] == ["create_case", "update_case", "search_cases"]
