"""The index of runs of characters in titles and references: FTS5 with trigrams, where SQLite has it.

Triggers keep it in step with the table ``record``, whoever writes. An SQLite without FTS5 takes the triggers
away and reads all titles instead; the next one that has it makes the index anew.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from functools import cache
from typing import Final, Literal
from unicodedata import normalize

SHORTEST: Final = 3
_LAYOUT: Final = (
    """CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(
        title_folded, ref_folded, content='record', content_rowid='key', tokenize='trigram case_sensitive 1'
    )""",
    """CREATE TRIGGER IF NOT EXISTS words_added AFTER INSERT ON record BEGIN
        INSERT INTO words (rowid, title_folded, ref_folded) VALUES (new.key, new.title_folded, new.ref_folded);
    END""",
    """CREATE TRIGGER IF NOT EXISTS words_removed AFTER DELETE ON record BEGIN
        INSERT INTO words (words, rowid, title_folded, ref_folded)
        VALUES ('delete', old.key, old.title_folded, old.ref_folded);
    END""",
    """CREATE TRIGGER IF NOT EXISTS words_changed AFTER UPDATE OF title_folded, ref_folded ON record
    WHEN old.title_folded <> new.title_folded OR old.ref_folded <> new.ref_folded BEGIN
        INSERT INTO words (words, rowid, title_folded, ref_folded)
        VALUES ('delete', old.key, old.title_folded, old.ref_folded);
        INSERT INTO words (rowid, title_folded, ref_folded) VALUES (new.key, new.title_folded, new.ref_folded);
    END""",
    "INSERT INTO words (words) VALUES ('rebuild')",
)
_TRIGGERS: Final = ("words_added", "words_removed", "words_changed")


def folded_text(text: str) -> str:
    """Bring a text to the form in which it is searched: without case, and composed.

    That a text is found however its letters are composed (NFC or NFD) is our guess; no page says.
    """
    return normalize("NFC", text.casefold())


@cache
def has_trigrams() -> bool:
    """Say whether this SQLite has FTS5 with its tokenizer for trigrams."""
    with closing(sqlite3.connect(":memory:")) as db:
        try:
            db.execute(
                "CREATE VIRTUAL TABLE IF NOT EXISTS probe USING fts5(text, tokenize='trigram case_sensitive 1')"
            )
        except sqlite3.OperationalError:
            return False
        return True


def is_indexed(db: sqlite3.Connection) -> bool:
    """Say whether the file's index is as this SQLite needs it."""
    (found,) = db.execute(
        "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'words_%'"
    ).fetchone()
    return bool(found) == has_trigrams()


def index(db: sqlite3.Connection) -> None:
    """Make the index, or take its triggers away where SQLite cannot keep it; call it inside a transaction."""
    if not has_trigrams():
        for trigger in _TRIGGERS:
            db.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        return
    db.create_function("folded_text", 1, folded_text, deterministic=True)
    # Files of earlier versions have titles that were folded in another way.
    db.execute(
        """UPDATE record SET title_folded = (
            SELECT folded_text(json_extract(body, '$.title')) FROM document WHERE document.key = record.key
        ) WHERE key IN (SELECT key FROM document)"""
    )
    for statement in _LAYOUT:
        db.execute(statement)


def phrase(text: str, columns: Sequence[Literal["title_folded", "ref_folded"]]) -> str:
    """Write the FTS5 query for a folded text as one run of characters in these columns."""
    quoted = text.replace('"', '""')
    return f'{{{" ".join(columns)}}} : "{quoted}"'
