"""The layout of the state's file, and how an older one is brought up to date."""

import sqlite3
from typing import Final

from case_tools.errors import StateUnusable
from case_tools.state.sqlite.clock import BootClock

_APPLICATION: Final = 0x636D6370  # "cmcp"
_FIRST: Final = """
CREATE TABLE ledger (
    key TEXT PRIMARY KEY, digest TEXT NOT NULL, desk TEXT NOT NULL, tool TEXT NOT NULL, named INTEGER NOT NULL,
    owner TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('claimed', 'sent', 'unknown', 'found', 'done', 'abandoned')),
    claimed_at REAL NOT NULL, first_sent_at REAL, last_sent_at REAL, ended_at REAL,
    sought TEXT, ref TEXT, id TEXT, case_ref TEXT, applied INTEGER
) WITHOUT ROWID;
CREATE INDEX ledger_open ON ledger (desk, state);
CREATE INDEX ledger_id ON ledger (desk, id)
"""
_NAMES_AND_RATE: Final = """
CREATE TABLE learned (
    desk TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
    seen_at REAL NOT NULL, PRIMARY KEY (desk, kind, id)
) WITHOUT ROWID;
CREATE TABLE spent (desk TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX spent_at ON spent (desk, at)
"""
_CONFIRMATIONS: Final = """
CREATE TABLE secret (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE used (confirmation TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID
"""
# The sender's own deadline was not kept before; half an hour is past any that the settings allow.
_ONE_CLOCK: Final = """
CREATE TABLE ledger_now (
    key TEXT PRIMARY KEY, digest TEXT NOT NULL, desk TEXT NOT NULL, issuer TEXT NOT NULL, subject TEXT NOT NULL,
    tool TEXT NOT NULL, named INTEGER NOT NULL, on_purpose INTEGER NOT NULL, owner TEXT NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('claimed', 'sent', 'unknown', 'found', 'done', 'not_there', 'unresolved')),
    claimed_at REAL NOT NULL, first_sent_at REAL, last_sent_at REAL, deadline REAL, beat_at REAL, ended_at REAL,
    facts TEXT, ref TEXT, id TEXT, case_ref TEXT, applied INTEGER
) WITHOUT ROWID;
INSERT INTO ledger_now
    SELECT key, digest, desk, '', '', tool, named, 0, owner, replace(state, 'abandoned', 'not_there'),
        claimed_at, first_sent_at, last_sent_at, last_sent_at + 1800, last_sent_at, ended_at, sought,
        ref, id, case_ref, applied
    FROM ledger;
DROP TABLE ledger;
ALTER TABLE ledger_now RENAME TO ledger;
CREATE INDEX ledger_open ON ledger (desk, first_sent_at) WHERE state IN ('sent', 'unknown');
CREATE INDEX ledger_claimed ON ledger (claimed_at) WHERE state = 'claimed';
CREATE INDEX ledger_ended ON ledger (ended_at);
CREATE INDEX ledger_id ON ledger (desk, id);
CREATE TABLE clock (boot TEXT PRIMARY KEY, ahead REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE lease (name TEXT PRIMARY KEY, owner TEXT NOT NULL, until REAL NOT NULL) WITHOUT ROWID;
ALTER TABLE learned ADD COLUMN folded TEXT NOT NULL DEFAULT '';
UPDATE learned SET folded = folded(name);
CREATE INDEX learned_name ON learned (desk, kind, folded);
CREATE INDEX learned_seen ON learned (desk, seen_at);
ALTER TABLE used ADD COLUMN key TEXT NOT NULL DEFAULT '';
CREATE INDEX used_at ON used (at)
"""
MIGRATIONS: Final = (_FIRST, _NAMES_AND_RATE, _CONFIRMATIONS, _ONE_CLOCK)
"""What makes each version out of the one before; a file's version is the number of those done to it."""


def is_current(db: sqlite3.Connection, clock: BootClock) -> bool:
    """Tell whether nothing has to be written before the file can be used."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (application,) = db.execute("PRAGMA application_id").fetchone()
    return version == len(MIGRATIONS) and application == _APPLICATION and clock.started(db)


def migrate(db: sqlite3.Connection, path: str, clock: BootClock) -> None:
    """Bring the file up to date; call it inside a transaction.

    Raises:
        StateUnusable: it is another program's, or of a newer version.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != _APPLICATION and (tables or version):
        raise StateUnusable(
            f"{path} is another program's file.", next_step="Set CASE_MCP_STATE to a file of its own."
        )
    if version > len(MIGRATIONS):
        raise StateUnusable(
            f"The state in {path} has version {version}, and this program knows up to {len(MIGRATIONS)}.",
            next_step="Start the newer program, or set CASE_MCP_STATE to another file.",
        )
    for step in MIGRATIONS[version:]:
        for statement in step.split(";"):
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    db.execute(f"PRAGMA application_id = {_APPLICATION}")
    clock.start(db)
