"""Paging against desks that page, page in part, or do not page at all."""

from collections.abc import Callable
from typing import Any

import pytest

from case_tools import CaseDesk, Rejected, Settings
from contract import undated, undated_words
from loopback import LoopbackDesk, Received, Reply

ROWS = [{"_id": f"ci-{number:07}", "refId": f"CS{number:06}", "name": f"Case {number}"} for number in range(1, 61)]
REFS = [row["refId"] for row in ROWS]


def paging_desk(
    *,
    skips: bool = True,
    limits: bool = True,
    numbers: bool = True,
    window: int = 50,
    total: bool = True,
    rows: list[dict[str, Any]] = ROWS,
) -> Callable[[Received], Reply]:
    """Return a desk that honours `skip`, honours `limit`, numbers its pages, knows its total, or does not."""

    def answer(received: Received) -> Reply:
        start = received.body["skip"] if skips else 0
        size = min(received.body["limit"], window) if limits else window
        part = rows[start : start + size]
        payload: dict[str, Any] = {"results": part, "limit": size, "hasMore": start + len(part) < len(rows)}
        if total:
            payload["totalResults"] = len(rows)
        return Reply.of({**payload, "page": start // size + 1 if numbers else 1})

    return answer


async def walk(desk: CaseDesk, limit: int) -> list[dict[str, Any]]:
    """Return every page as a caller gets them, until none is promised."""
    pages: list[dict[str, Any]] = []
    while not pages or pages[-1]["has_more"]:
        pages.append((await desk.call("search_cases", {"page": len(pages) + 1, "limit": limit})).data())
    return pages


def refs(pages: list[dict[str, Any]]) -> list[str]:
    """Return the references of the rows of all pages."""
    return [row["ref"] for page in pages for row in page["cases"]]


@pytest.mark.parametrize("limit", [1, 7, 20, 30, 50])
@pytest.mark.parametrize(
    "behaviour",
    [
        {},
        {"numbers": False},
        {"total": False},
        {"skips": False, "limits": False, "window": 100},
        {"skips": False, "limits": False, "window": 100, "total": False},
        {"skips": False, "limits": False, "window": 60, "numbers": False},
    ],
    ids=str,
)
async def test_every_row_is_shown_once_and_the_counts_are_right(
    behaviour: dict[str, Any], limit: int, loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: whether or not the desk heeds the paging keys, as long as it shows all its rows."""
    loopback.answer = paging_desk(**behaviour)
    async with CaseDesk(settings) as desk:
        pages = await walk(desk, limit)
    assert refs(pages) == REFS
    assert [page["page"] for page in pages] == list(range(1, len(pages) + 1))
    assert len(pages) == -(-60 // limit)
    if behaviour.get("total", True):
        assert {page["total"] for page in pages} == {60}
    else:
        assert all(page["total"] > (number + 1) * limit for number, page in enumerate(pages[:-1]))
        assert pages[-1]["total"] == 60


@pytest.mark.parametrize("numbers", [True, False])
async def test_a_desk_that_shows_its_first_rows_only_is_told_apart_from_an_end(
    numbers: bool, loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: rows that cannot be had are neither repeated nor passed off as the end."""
    loopback.answer = paging_desk(skips=False, limits=False, window=50, numbers=numbers)
    async with CaseDesk(settings) as desk:
        pages = [(await desk.call("search_cases", {"page": page})).data() for page in (1, 2, 3)]
        assert refs(pages) == REFS[:50]
        assert [page["has_more"] for page in pages] == [True, True, True]
        assert {page["total"] for page in pages} == {60}
        assert "does not page" in pages[2]["note"]
        with pytest.raises(Rejected, match="shows the first 50 only"):
            await desk.call("search_cases", {"page": 4})


async def test_a_desk_that_heeds_the_limit_but_not_the_start_is_not_believed(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: its second page would repeat the first."""
    loopback.answer = paging_desk(skips=False)
    async with CaseDesk(settings) as desk:
        first = (await desk.call("search_cases")).data()
        assert (len(first["cases"]), first["total"], first["has_more"]) == (20, 60, True)
        with pytest.raises(Rejected, match="does not page") as raised:
            await desk.call("search_cases", {"page": 2})
    assert "larger limit" in str(raised.value)


async def test_a_later_page_asked_first_of_a_desk_that_numbers_none_asks_for_page_1(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: nothing tells whether the desk moved; after page 1 was seen its first row does."""
    loopback.answer = paging_desk(numbers=False)
    async with CaseDesk(settings) as desk:
        with pytest.raises(Rejected, match="Ask for page=1"):
            await desk.call("search_cases", {"page": 2})
        await desk.call("search_cases", {"page": 1})
        second = (await desk.call("search_cases", {"page": 2})).data()
    assert [row["ref"] for row in second["cases"]] == REFS[20:40]


async def test_a_page_behind_the_end_is_empty_and_keeps_the_total(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: not an error, and not a promise of more."""
    loopback.answer = paging_desk()
    async with CaseDesk(settings) as desk:
        result = await desk.call("search_cases", {"page": 9})
    assert undated(result.data()) == {"total": 60, "page": 9, "has_more": False, "cases": []}
    assert undated_words(result.text("AAAAAAAA")) == "0 of 60 shown (page 9)."


async def test_a_desk_that_caps_the_limit_below_what_was_asked_loses_no_row(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: with a cap of 10 a page of 20 would skip rows; the note says which limit to take."""
    loopback.answer = paging_desk(window=10)
    async with CaseDesk(settings) as desk:
        first = (await desk.call("search_cases")).data()
        assert (refs([first]), first["has_more"]) == (REFS[:10], True)
        assert "limit=10" in first["note"]
        assert refs(await walk(desk, 10)) == REFS


@pytest.mark.parametrize("answer", [{"totalResults": -1}, {"totalResults": "many"}, {"totalResults": True}, {}])
async def test_a_count_that_is_none_is_not_believed(
    answer: dict[str, Any], loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: the total is never below what is shown."""
    loopback.will_answer({"results": ROWS[:3], **answer})
    async with CaseDesk(settings) as desk:
        result = (await desk.call("search_cases")).data()
    assert (result["total"], result["has_more"]) == (3, False)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("createdDate", {"createdAt": "desc"}),
        ("createdDate asc", {"createdAt": "asc"}),
        ("updatedDate DESC", {"updatedAt": "desc"}),
        ("dueDate", {"dueDate": "desc"}),
        ("priority asc", {"priority": "asc"}),
        ("DUEDATE ASC", {"dueDate": "asc"}),
        ("updateddate", {"updatedAt": "desc"}),
    ],
)
async def test_sorting_goes_out_in_the_inferred_object_form(
    given: str, sent: dict[str, str], loopback: LoopbackDesk, settings: Settings
) -> None:
    """Inferred: the getTasks sample sends an object, with the names that the data has."""
    loopback.will_answer({"results": []})
    async with CaseDesk(settings) as desk:
        await desk.call("search_cases", {"sortBy": given})
    assert loopback.received[0].body["sortBy"] == sent


async def test_a_case_opened_between_two_pages_does_not_hide_that_the_desk_stays(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: most of page 1 would show again."""
    loopback.answer = paging_desk(skips=False)
    async with CaseDesk(settings) as desk:
        await desk.call("search_cases")
        loopback.answer = paging_desk(skips=False, rows=[{"_id": "ci-new", "refId": "CS999999"}, *ROWS])
        with pytest.raises(Rejected, match="does not page"):
            await desk.call("search_cases", {"page": 2})


async def test_a_desk_that_goes_to_its_last_page_instead_repeats_no_row(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: its own number tells."""
    loopback.will_answer({"results": ROWS[40:45], "page": 3, "limit": 20, "totalResults": 45, "hasMore": False})
    async with CaseDesk(settings) as desk:
        result = (await desk.call("search_cases", {"page": 5})).data()
    assert undated(result) == {"total": 45, "page": 5, "has_more": False, "cases": []}


@pytest.mark.parametrize(
    ("answer", "total", "has_more"),
    [
        ({"results": ROWS[:20], "totalResults": 20, "hasMore": True}, 21, True),
        ({"results": ROWS[:20]}, 21, True),
        ({"results": ROWS[:20], "hasMore": False}, 20, False),
        ({"results": [], "totalResults": 300}, 300, False),
        ({"results": ROWS[:3], "totalResults": 10**4000}, 3, False),
    ],
    ids=[
        "a count of the page",
        "no word at all",
        "the end",
        "a count of what it does not show",
        "an absurd count",
    ],
)
async def test_a_page_is_neither_the_end_nor_endless_by_mistake(
    answer: dict[str, Any], total: int, has_more: bool, loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: `has_more` promises rows, and its absence none."""
    loopback.will_answer(answer)
    async with CaseDesk(settings) as desk:
        result = (await desk.call("search_cases")).data()
    assert (result["total"], result["has_more"]) == (total, has_more)


async def test_a_desk_that_sends_more_rows_than_asked_for_teaches_no_more_names(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """Ours: sixty rows for two; the rows behind the page cost no memory."""
    rows = [{**row, "status": {"_id": f"sts-{row['_id']}", "name": f"Status {row['_id']}"}} for row in ROWS]
    loopback.will_answer({"results": rows, "totalResults": len(rows), "hasMore": False})
    async with CaseDesk(settings) as desk:
        await desk.call("search_cases", {"limit": 2})
        known = await desk.known()
    assert (len(known["case"]), len(known["status"])) == (2, 2)
