"""Results: small, in two forms with the same facts, within the budget of hosts."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from case_tools import CasePage, Row, TaskRow, Written
from case_tools.results import BUDGET, ParsedRecord, Shown

NONCE = "AAAAAAAA"

NONCE = "AAAAAAAA"

RECORD = ParsedRecord(
    id="ci-0000000-0001",
    ref="CS000123",
    title="Parcel is late",
    status="Open",
    priority="High",
    requester="Jane Roe",
    email="jane.roe@example.com",
    assignee="Sam Porter",
    due=datetime(2026, 9, 4, 14, 15, 30, tzinfo=UTC),
    breached=True,
    updated=datetime(2026, 9, 1, 8, 0, 7, tzinfo=UTC),
    description="Ordered on 2 May.",
    channel="email",
    tags=("vip", "post"),
    tasks=("ti-0000000-0001",),
)


def scalars(value: Any) -> list[str]:
    """Return every text and number in a structure."""
    if isinstance(value, dict):
        return [each for key in value for each in scalars(value[key])]
    if isinstance(value, list):
        return [each for inner in value for each in scalars(inner)]
    return [] if isinstance(value, bool) else [str(value)]


def test_a_concise_row_is_one_line_and_eight_facts() -> None:
    """Ours: DESIGN, Answers."""
    row = Row.of(RECORD)
    assert row.data() == {
        "ref": "CS000123",
        "title": "Parcel is late",
        "status": "Open",
        "priority": "High",
        "requester": "Jane Roe",
        "assignee": "Sam Porter",
        "due": "2026-09-04T14:15:30Z",
        "breached": True,
    }
    assert row.words() == (
        'CS000123 [Open, High, BREACHED] "Parcel is late" — Jane Roe; to Sam Porter; due 2026-09-04T14:15:30Z'
    )


@pytest.mark.parametrize("detail", ["concise", "full"])
@pytest.mark.parametrize("kind", [Row, TaskRow])
def test_text_and_structure_of_a_row_hold_the_same_facts(kind: type[Row], detail: Any) -> None:
    """Ours: half of the hosts show a model only one of the two."""
    row = kind.of(RECORD, Shown(detail=detail))
    assert [fact for fact in scalars(row.data()) if fact not in row.words()] == []


def test_text_and_structure_of_a_write_hold_the_same_facts() -> None:
    """Ours: as above."""
    result = Written.of(
        "updated", RECORD, changed={"priority": ("Low", "High"), "due": ("", "x")}, unconfirmed=["due"]
    )
    assert [fact for fact in scalars(result.data()) if fact.casefold() not in result.text(NONCE).casefold()] == []


def test_an_empty_record_shows_its_id_and_nothing_else() -> None:
    """Ours: empty values are left out of rows; the reference falls back to the id."""
    assert Row.of(ParsedRecord(id="ci-1-2")).data() == {"ref": "ci-1-2"}
    assert Row.of(ParsedRecord(id="ci-1-2")).words() == "ci-1-2"


@pytest.mark.parametrize(
    ("page", "last"),
    [
        (CasePage(total=0, page=1, has_more=False, cases=[]), "Nothing matches."),
        (CasePage(total=60, page=9, has_more=False, cases=[]), "0 of 60 shown (page 9)."),
        (
            CasePage(total=60, page=2, has_more=True, cases=[Row(ref="CS1")], note="Look out."),
            "1 of 60 shown (page 2). Give page=3 for more, or add filters to narrow. Look out.",
        ),
    ],
)
def test_the_last_line_says_what_is_shown_and_how_to_get_more(page: CasePage, last: str) -> None:
    """Ours: total, page and has_more are always there."""
    assert page.text(NONCE).splitlines()[-1] == last
    assert {"total", "page", "has_more"} <= set(page.data())


def test_a_page_beyond_the_budget_is_cut_and_says_so() -> None:
    """Measured: hosts cut results above some 40,000 characters in the middle."""
    long = ParsedRecord(id="ci-1-2", title="x" * 500, description="y" * 900, tags=["z" * 60] * 20)
    page = CasePage(
        total=50, page=1, has_more=False, cases=[Row.of(long, Shown(detail="full")) for _ in range(50)]
    )
    assert len(page.text(NONCE)) > BUDGET
    cut = page.within_budget()
    assert max(len(cut.text(NONCE)), len(json.dumps(cut.data(), ensure_ascii=False))) <= BUDGET
    assert cut.has_more is True
    assert (
        f"{50 - len(cut.rows())} rows of this page were left out for length: "
        f"search again with limit={len(cut.rows())}, from page=1, to see all."
    ) in cut.text(NONCE)
    assert "Give page=" not in cut.text(NONCE)


def test_a_full_page_of_plausible_cases_is_not_cut() -> None:
    """Ours: 50 rows in full with descriptions of 300 characters."""
    records = [
        ParsedRecord(id="ci-1a634e1-3d97-427e-8b23-9b7b0a40aaaa", ref="CS000123", title="x" * 40)
        for _ in range(50)
    ]
    page = CasePage(
        total=50, page=1, has_more=False, cases=[Row.of(each, Shown(detail="full")) for each in records]
    )
    assert page.within_budget() == page


def test_one_case_and_one_write_keep_within_their_tokens() -> None:
    """Ours: 250 tokens for a case in full without its description, 100 for a write (characters / 3)."""
    row = Row.of(replace(RECORD, description=""), Shown(detail="full"))
    page = CasePage(total=1, page=1, has_more=False, note="Practice desk: the cases are invented.", cases=[row])
    write = Written.of("updated", RECORD, changed={"priority": ("Medium", "High")})
    for result, most in ((page, 250), (write, 100)):
        compact = json.dumps(result.data(), ensure_ascii=False, separators=(",", ":"))
        assert max(len(result.text(NONCE)), len(compact)) / 3 <= most


@given(
    st.integers(0, 60), st.sampled_from(["x", '"', "\\", "\u00e9", "\U0001f642", "<b>", "&amp;", "https://e.e/"])
)
@settings(max_examples=60)
def test_no_page_is_above_the_budget_whatever_its_rows_hold(count: int, unit: str) -> None:
    """Ours: also of what JSON writes as two characters; what is left out is told."""
    text = unit * 300
    full = ParsedRecord(
        id=text, ref=text, title=text, status=text, priority=text, requester=text, email=text, assignee=text,
        description=text, channel=text, tags=[text] * 30, tasks=[text] * 30,
    )  # fmt: skip
    rows = [Row.of(full, Shown(detail="full"))] * count
    page = CasePage(total=count, page=1, has_more=False, cases=rows).within_budget()
    assert max(len(page.text(NONCE)), len(json.dumps(page.data(), ensure_ascii=False))) <= BUDGET
    assert (
        (page.has_more is True) is (len(page.rows()) < count) is ("were left out for length" in (page.note or ""))
    )


@given(st.builds(ParsedRecord, id=st.text(), title=st.text(st.characters()), requester=st.text(st.characters())))
def test_a_row_is_one_line_whatever_a_customer_wrote(record: ParsedRecord) -> None:
    """Ours: no title can forge a second row or an end of the list."""
    text = Row.of(record).words()
    assert len(text.splitlines()) <= 1
    text.encode()
