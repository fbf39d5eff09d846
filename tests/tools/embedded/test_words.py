"""Text search of the practice desk: which runs of characters are found, and that the index stays in step."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from case_tools.embedded import EmbeddedDesk
from case_tools.embedded.selection import RecordSearch, text_in


def found(desk: EmbeddedDesk, text: str, *, references: bool = True) -> list[str]:
    """Return the references of the cases that a text finds."""
    search = RecordSearch("case", [text_in("case", text, references=references)], limit=100)
    records, total = desk.store.find(search)
    assert len(records) == total
    return sorted(record.ref for record in records)


def titled(desk: EmbeddedDesk, title: str) -> None:
    """Give the first case another title."""
    with desk.store.writing():
        first = desk.store.read_case(101)
        assert first is not None
        desk.store.save(replace(first, title=title))


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ('A "quoted" word', '"quoted"'),
        ("a OR b AND NOT (c)", "OR b AND"),
        ("100% of it_all", "% of it_"),
        ("star* and col:on", "star*"),
        ("ab", "b"),
        ("Straße", "STRASSE"),
        (normalize("NFD", "Élodie Ängström"), "élodie äng"),
        ("Élodie Ängström", normalize("NFD", "Ängstr")),
        ("届いた商品", "た商"),
        ("届いた商品", "いた商品"),
    ],
)
def test_a_run_of_characters_is_found_whatever_it_is(title: str, text: str) -> None:
    """*Ours*: no sign has a meaning of its own, and neither case nor composition matters."""
    with closing(EmbeddedDesk.open(":memory:")) as desk:
        titled(desk, title)
        assert "CS000101" in found(desk, text)
        assert found(desk, f"{text}zz") == []


def test_accents_and_the_order_of_words_matter() -> None:
    """*Ours*: the desk looks for one run of characters; whoever wants more compares by themselves."""
    with closing(EmbeddedDesk.open(":memory:")) as desk:
        titled(desk, "Élodie Ängström")
        assert found(desk, "Elodie") == found(desk, "Ängström Élodie") == []


TITLES = st.lists(st.text(alphabet='abAB "*%_-é\u0301ß猫', max_size=8), min_size=1, max_size=4)
TEXTS = st.text('abé\u0301ß" 猫', min_size=1, max_size=5)


@settings(max_examples=40, deadline=None)
@given(TITLES, TEXTS)
def test_the_index_finds_what_reading_every_title_would(titles: list[str], text: str) -> None:
    """*Ours*: also after each title has changed several times."""
    with closing(EmbeddedDesk.open(":memory:")) as desk:
        for title in titles:
            titled(desk, title)
        plain = normalize("NFC", titles[-1].casefold())
        assert ("CS000101" in found(desk, text, references=False)) == (normalize("NFC", text.casefold()) in plain)


def test_a_file_without_the_index_gets_it_when_it_is_opened(tmp_path: Path) -> None:
    """*Ours*: files of earlier versions, and of an SQLite that could not keep the index."""
    path = str(tmp_path / "desk.db")
    EmbeddedDesk.open(path).close()
    with closing(sqlite3.connect(path)) as db:
        for name in ("added", "removed", "changed"):
            db.execute(f"DROP TRIGGER words_{name}")
        db.execute("UPDATE record SET title_folded = 'stale' WHERE ref = 'CS000101'")
        db.execute("UPDATE document SET body = json_set(body, '$.title', 'Zeppelin') WHERE key = 30")
        db.execute("DROP TABLE words")
        db.commit()
    with closing(EmbeddedDesk.open(path)) as desk:
        assert found(desk, "broken lamp inside") == ["CS000101"]
        assert len(found(desk, "zeppelin")) == 1
        assert found(desk, "stale") == []


def test_a_case_that_is_deleted_or_renumbered_is_not_found_any_more(tmp_path: Path) -> None:
    """*Ours*: the index follows the table, whoever writes it."""
    path = str(tmp_path / "desk.db")
    with closing(EmbeddedDesk.open(path)) as desk:
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("DELETE FROM record WHERE ref = 'CS000101'")
            db.execute("UPDATE record SET ref = 'CS900102', ref_folded = 'cs900102' WHERE ref = 'CS000102'")
        assert found(desk, "CS000101") == found(desk, "CS000102") == []
        assert len(found(desk, "cs900102")) == 1
