"""What a search can ask beyond the desk's own filters: by person, by words, counts, one case whole."""

import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from case_tools import CaseDesk, Settings
from case_tools.adapter.search import Comparison
from case_tools.results import ParsedRecord
from loopback import LoopbackDesk, Received, Reply

pytestmark = pytest.mark.anyio

Rows = list[dict[str, Any]]
STATUSES: Final = ("Open", "In Progress", "On Hold", "Resolved", "Closed")


def row(number: int, *, requester: str = "Jane Roe", agent: str = "", **more: Any) -> dict[str, Any]:
    """Return a row of getCases, all that a search reads of it."""
    return {
        "_id": f"ci-{number:07}",
        "refId": f"CS{number:06}",
        "name": f"Case {number}",
        "status": {"_id": f"sts-{number % 5}", "name": STATUSES[number % 5]},
        "userInfo": {"name": requester, "emailId": f"{requester.split(maxsplit=1)[0].lower()}@example.com"},
        "currAssignee": {"aId": f"a-{agent}", "name": agent} if agent else {},
        **more,
    }


def desk_with(rows: Rows) -> Callable[[Received], Reply]:
    """Return a desk that pages, matches a run of characters in the title or reference, and filters by status."""

    def answer(received: Received) -> Reply:
        body = received.body
        text, statuses = body.get("searchText", "").casefold(), body.get("status")
        found = [
            each
            for each in rows
            if text in f"{each['name']} {each['refId']}".casefold()
            and (not statuses or each["status"]["name"] in statuses)
        ]
        skip, limit = body["skip"], body["limit"]
        shown = found[skip : skip + limit]
        return Reply.of(
            {"results": shown, "totalResults": len(found), "hasMore": skip + limit < len(found)},
        )

    return answer


async def found(desk: CaseDesk, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the page that a search shows, with its references alone."""
    data = (await desk.call("search_cases", arguments)).data()
    return {**data, "refs": [each["ref"] for each in data["cases"]]}


@pytest.mark.parametrize(
    "person", ["Zoë Müller", "zoe muller", "MÜLLER zoë", "zoë@example.com", "ZOË@EXAMPLE.COM"], ids=str
)
async def test_a_person_is_found_without_case_accents_and_order(
    person: str, loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: Kore.ai has no such filter, so pages are looked through here; a part of the name is another person."""
    rows = [row(number, requester="Jane Roe") for number in range(120)]
    rows[77] = row(77, requester="Zoë Müller")
    rows[78] = row(78, requester="Zoë Miller")
    loopback.answer = desk_with(rows)
    async with CaseDesk(settings) as desk:
        page = await found(desk, {"requester": person})
    expected = ["CS000077", "CS000078"] if "@" in person else ["CS000077"]
    assert (page["refs"], page["total"], page["has_more"]) == (expected, len(expected), False)
    assert [(each.body["skip"], each.body["limit"]) for each in loopback.received] == [
        (0, 50),
        (50, 50),
        (100, 50),
    ]


async def test_a_phone_is_compared_by_its_digits(loopback: LoopbackDesk, settings: Settings) -> None:
    """Ours: people write a number in many ways."""
    rows = [row(1), row(2, userInfo={"name": "Jane Roe", "phoneNumber": "+1 (555) 010-2030"})]
    loopback.answer = desk_with(rows)
    async with CaseDesk(settings) as desk:
        for phone in ("+1-555-010-2030", "5550102030", "0015550102030"):
            assert (await found(desk, {"requester": phone}))["refs"] == ["CS000002"], phone


async def test_a_scan_takes_five_pages_and_says_how_far_it_looked(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: page 2 goes on where page 1 ended, with the pages that were looked at shared for a minute."""
    rows = [row(number, agent="Sam Porter" if number % 100 == 99 else "") for number in range(1_204)]
    loopback.answer = desk_with(rows)
    async with CaseDesk(settings) as desk:
        first = await found(desk, {"assignee": "sam porter", "limit": 2})
        asked = len(loopback.received)
        second = await found(desk, {"assignee": "sam porter", "limit": 2, "page": 2})
        third = await found(desk, {"assignee": "Nobody Known"})
    assert (first["refs"], first["has_more"], asked) == (["CS000099", "CS000199"], True, 5)
    assert "in the first 250 of 1,204" in first["note"]
    assert (second["refs"], second["has_more"]) == (["CS000299", "CS000399"], True)
    assert (third["refs"], third["has_more"]) == ([], True)


async def test_nobody_finds_the_cases_of_a_queue_that_no_agent_has(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: `unassigned` leaves out what a queue has."""
    loopback.answer = desk_with([row(1, agent="Sam Porter"), row(2, queues=[{"_id": "qu-1", "name": "Billing"}])])
    async with CaseDesk(settings) as desk:
        page = await found(desk, {"assignee": "nobody"})
    assert [(each["ref"], each["queue"]) for each in page["cases"]] == [("CS000002", "Billing")]


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("late parcel", "The parcel is late again"),
        ("Lampe défectueuse", unicodedata.normalize("NFD", "Défectueuse, la lampe")),
        (unicodedata.normalize("NFD", "café fermé"), "Fermé : le Café"),
        ("strasse gesperrt", "Gesperrt: die STRASSE"),
    ],
    ids=["order", "composed", "decomposed", "case"],
)
async def test_words_that_the_desk_does_not_find_are_compared_here_and_said(
    words: str, title: str, loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: the desk matches one run of characters."""
    loopback.answer = desk_with([row(1, name=title), row(2, name="Something else")])
    async with CaseDesk(settings) as desk:
        page = await found(desk, {"searchText": words})
        reads = len(loopback.received)
        empty = await found(desk, {"searchText": "no such words"})
    assert page["refs"] == ["CS000001"]
    assert "compared word by word" in page["note"]
    assert reads <= 5
    assert (empty["refs"], "for a customer give `requester`" in empty["note"]) == ([], True)


@pytest.mark.parametrize("size", [3, 60, 249, 300, 1_204])
async def test_counts_are_exact_in_at_most_five_requests(
    size: int, loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: from the rows where they are few, else from the desk's totals, value by value."""
    rows = [row(number) for number in range(size)]
    loopback.answer = desk_with(rows)
    async with CaseDesk(settings) as desk:
        page = await found(desk, {"count_by": "status"})
    expected = {name: sum(each["status"]["name"] == name for each in rows) for name in STATUSES}
    assert page["counts"] == {name: count for name, count in expected.items() if count}
    assert (page["total"], page["cases"]) == (size, [])
    assert len(loopback.received) <= 5


async def test_a_write_ends_what_searches_share(loopback: LoopbackDesk, settings: Settings) -> None:
    """Ours: who has just changed a case sees the change."""
    rows = [row(1, agent="Sam Porter")]
    loopback.answer = desk_with(rows)
    async with CaseDesk(settings) as desk:
        assert (await found(desk, {"assignee": "Sam Porter"}))["refs"] == ["CS000001"]
        loopback.answer = lambda _: Reply.of({"_id": "ci-0000001", "name": "New"})
        await desk.call("update_case", {"caseId": "ci-0000001", "name": "New"})
        loopback.answer = desk_with([])
        assert (await found(desk, {"assignee": "Sam Porter"}))["refs"] == []


async def test_one_case_in_full_is_whole(loopback: LoopbackDesk, settings: Settings) -> None:
    """Ours: texts up to 8,000 characters with their lines, and everything that the row holds."""
    text = "First line\nSecond line\n" + "x" * 7_000
    whole = row(
        1,
        agent="Sam Porter",
        desc=text,
        createdAt="2026-11-20T08:00:00.000Z",
        queues=[{"_id": "qu-1", "name": "Billing"}],
        participants=[{"aId": "a-2", "name": "Kim Doe"}],
        resolutionCmts=["Sent a new one", {"comment": "Called back"}],
        fields=[{"displayName": "Order", "selectedValue": "A-1"}, {"displayName": "Title", "selectedValue": "x"}],
        attachments=[{"fileName": "bill.pdf"}],
        taskIds=["ti-1", "ti-2"],
    )
    task = {"_id": "ti-1", "refId": "TS000001", "name": "Call back", "status": {"_id": "sts-1", "name": "Open"}}
    loopback.answer = lambda received: Reply.of({"results": [task if "getTasks" in received.path else whole]})
    async with CaseDesk(settings) as desk:
        [case] = (await desk.call("search_cases", {"searchText": "CS000001", "detail": "full"})).data()["cases"]
    assert case["description"] == text
    assert case["created"] == "2026-11-20T08:00:00Z"
    assert (case["assignee"], case["queue"], case["participants"]) == ("Sam Porter", "Billing", ["Kim Doe"])
    assert (case["resolution"], case["fields"]) == (["Sent a new one", "Called back"], {"Order": "A-1"})
    assert (case["attachments"], case["tasks"]) == (["bill.pdf"], ["TS000001 Call back [Open]", "ti-2"])


async def test_what_is_cut_says_how_much_is_missing(loopback: LoopbackDesk, settings: Settings) -> None:
    """Ours: nobody may take a part for the whole and write it back; the result stays within 30,000 characters."""
    long = [row(number, desc="y" * 9_000, resolutionCmts=["z" * 7_500] * 6) for number in (1, 2)]
    loopback.answer = desk_with(long)
    async with CaseDesk(settings) as desk:
        [first, _] = (await desk.call("search_cases", {"detail": "full"})).data()["cases"]
        page = await desk.call("search_cases", {"searchText": "CS000001", "detail": "full"})
    [whole] = page.data()["cases"]
    assert first["description"].endswith("(9,000 characters in all)")
    assert len(page.text("AAAAAAAA")) <= 30_000
    assert "characters are missing)" in whole["description"]
    assert all("characters are missing)" in each for each in whole["resolution"])


@given(st.text(st.characters(categories=("L", "M", "N", "Zs")), min_size=1, max_size=20))
@settings(max_examples=100, deadline=None)
def test_a_name_finds_itself_however_it_is_composed(name: str) -> None:
    """Ours: in any script, composed and decomposed, in capitals."""
    record = ParsedRecord(id="1", requester=name)
    if not any(each.isalnum() for each in name):
        return
    for form in ("NFC", "NFD"):
        assert Comparison(requester=unicodedata.normalize(form, name)).matches(record)
