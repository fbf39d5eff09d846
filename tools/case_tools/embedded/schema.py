"""The layout of the desk's file, the opening of it, and transactions."""

import sqlite3

from case_tools.state.sqlite import file as sqlite_file

VERSION = 1

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE app (
    client_id TEXT PRIMARY KEY, algorithm TEXT NOT NULL, secret TEXT NOT NULL, scopes TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE token (app TEXT, jti TEXT, expires INTEGER NOT NULL, PRIMARY KEY (app, jti)) WITHOUT ROWID;
CREATE INDEX token_expires ON token (expires);
CREATE TABLE person (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, email TEXT NOT NULL,
    phone TEXT NOT NULL, email_folded TEXT NOT NULL
);
CREATE INDEX person_email ON person (email_folded);
CREATE INDEX person_phone ON person (phone);
CREATE TABLE record (
    key INTEGER PRIMARY KEY, kind TEXT NOT NULL, number INTEGER NOT NULL, id TEXT NOT NULL UNIQUE,
    ref TEXT NOT NULL, ref_folded TEXT NOT NULL, title_folded TEXT NOT NULL, status TEXT NOT NULL,
    priority TEXT NOT NULL, score INTEGER NOT NULL, assignment TEXT NOT NULL, agent TEXT NOT NULL,
    seat TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL, due INTEGER,
    UNIQUE (kind, number)
);
CREATE INDEX record_created ON record (kind, created DESC, ref, number);
CREATE INDEX record_updated ON record (kind, updated DESC, ref, number);
CREATE INDEX record_due ON record (kind, due, ref, number);
CREATE INDEX record_score ON record (kind, score, ref, number);
CREATE INDEX record_ref ON record (kind, ref, number);
CREATE INDEX record_text ON record (kind, title_folded, ref_folded, ref, number);
CREATE INDEX record_status ON record (kind, status);
CREATE INDEX record_priority ON record (kind, priority);
CREATE INDEX record_assignment ON record (kind, assignment);
CREATE INDEX record_agent ON record (agent);
CREATE INDEX record_seat ON record (seat);
CREATE TABLE document (key INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE label (
    sort TEXT, value TEXT, key INTEGER, PRIMARY KEY (sort, value, key)
) WITHOUT ROWID;
CREATE INDEX label_key ON label (key)
"""
# Talkdesk's dialect came later; these only add to version 1.
_LATER = """
CREATE TABLE IF NOT EXISTS client (
    client_id TEXT PRIMARY KEY, secret TEXT NOT NULL, public_key TEXT NOT NULL, key_id TEXT NOT NULL,
    scopes TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS access (
    digest TEXT PRIMARY KEY, scopes TEXT NOT NULL, expires REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS access_expires ON access (expires)
"""


class DeskFileError(Exception):
    """The desk's file cannot be used: another program's, damaged, or written by a newer version."""


def connect(path: str) -> sqlite3.Connection:
    """Connect to the file; a missing one is made.

    Raises:
        DeskFileError: the file cannot be made or opened.

    """
    try:
        return sqlite_file.connect(path)
    except (OSError, sqlite3.Error) as error:
        raise DeskFileError(f"it cannot be made or opened: {error}") from error


def is_complete(db: sqlite3.Connection) -> bool:
    """Say whether the file is one of ours with everything in it.

    Raises:
        DeskFileError: the file is of a newer version.

    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        message = (
            f"the file has version {version} of the embedded desk, this program knows versions up to "
            f"{VERSION}: use a newer program or another file"
        )
        raise DeskFileError(message)
    return bool(version == VERSION)


def lay_out(db: sqlite3.Connection) -> None:
    """Make the tables; call it inside a transaction.

    Raises:
        DeskFileError: the file is another program's.

    """
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables:
        raise DeskFileError("the file belongs to another program, not to the embedded desk: use another file")
    for statement in _SCHEMA.split(";"):
        db.execute(statement)
    add_later(db)
    db.execute(f"PRAGMA user_version = {VERSION}")


def has_later(db: sqlite3.Connection) -> bool:
    """Say whether the file has the tables that came later."""
    return db.execute("SELECT 1 FROM sqlite_master WHERE name = 'access'").fetchone() is not None


def add_later(db: sqlite3.Connection) -> None:
    """Add the tables that came later; call it inside a transaction."""
    for statement in _LATER.split(";"):
        db.execute(statement)
