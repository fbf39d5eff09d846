"""The state's file: the ledger, and beside it what may be lost: learned names and the allowance's count."""

import json
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final, TypeVar

import anyio
import anyio.to_thread

from case_tools.adapter.names import LearnedName
from case_tools.errors import ConfigurationError
from case_tools.state.sqlite.file import connect, use_wal, writing
from case_tools.state.sqlite.ledger_rows import SCHEMA as LEDGER
from case_tools.state.sqlite.ledger_rows import SqliteStore

_APPLICATION: Final = 0x636D6370  # "cmcp"
_MEMORY: Final = """
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
_MIGRATIONS: Final = (LEDGER, _MEMORY, _CONFIRMATIONS)
"""What makes each version out of the one before; a file's version is the number of those done to it."""

_STAMPS: Final = ("user_version", "application_id")
_MOST_NAMES: Final = 20_000
_LEARN: Final = """
INSERT INTO learned (desk, kind, id, name, value, seen_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (desk, kind, id) DO UPDATE SET name = excluded.name, value = excluded.value, seen_at = excluded.seen_at
"""
_RECALL: Final = """
SELECT kind, id, name, value FROM (
    SELECT kind, id, name, value, seen_at FROM learned WHERE desk = ? ORDER BY seen_at DESC LIMIT ?
) ORDER BY seen_at
"""
_SPEND: Final = "INSERT INTO spent (desk, at) VALUES (?, ?)"
_NTH_LAST: Final = "SELECT at FROM spent WHERE desk = ? AND at > ? ORDER BY at DESC LIMIT 1 OFFSET ?"

T = TypeVar("T")


class Memory:
    """What is learned and counted: shared by all processes, off the ledger's path, lost with the power at worst.

    Args:
        db: a connection of its own.
        desk: which desk of which account.
    """

    def __init__(self, db: sqlite3.Connection, *, desk: str) -> None:
        self._db = db
        self._desk = desk
        self._one_thread = anyio.CapacityLimiter(1)

    async def learn(self, seen: Sequence[LearnedName], *, now: float) -> None:
        """Keep what the desk has shown, in one write."""
        await self._do(partial(self._learn, seen, now))

    async def recall(self, *, forget_before: float) -> list[LearnedName]:
        """Return what was learned since, the newest last; drop the rest."""
        return await self._do(partial(self._recall, forget_before))

    async def spend(self, rate: int, *, now: float, window: float) -> float:
        """Count one request if `rate` in the last `window` seconds leave room; else return the seconds to wait."""
        return await self._do(partial(self._spend, rate, now, window))

    async def secret(self, name: str) -> bytes:
        """Return the secret of this name, the same for all processes on the file; drawn where there is none."""
        return await self._do(partial(self._secret, name))

    async def use(self, confirmation: str, *, now: float, forget_before: float) -> bool:
        """Note that a confirmation is used; False where it was used before."""
        return await self._do(partial(self._use, confirmation, now, forget_before))

    async def _do(self, work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, limiter=self._one_thread)

    def _secret(self, name: str) -> bytes:
        with writing(self._db):
            self._db.execute("INSERT OR IGNORE INTO secret VALUES (?, ?)", (name, secrets.token_bytes(32)))
            return bytes(self._db.execute("SELECT value FROM secret WHERE name = ?", (name,)).fetchone()[0])

    def _use(self, confirmation: str, now: float, forget_before: float) -> bool:
        with writing(self._db):
            self._db.execute("DELETE FROM used WHERE at < ?", (forget_before,))
            added = self._db.execute("INSERT OR IGNORE INTO used VALUES (?, ?)", (confirmation, now))
            return added.rowcount == 1

    def _learn(self, seen: Iterable[LearnedName], now: float) -> None:
        rows = [(self._desk, each.kind, each.id, each.name, json.dumps({**each.value}), now) for each in seen]
        with writing(self._db):
            self._db.executemany(_LEARN, rows)

    def _recall(self, forget_before: float) -> list[LearnedName]:
        with writing(self._db):
            self._db.execute("DELETE FROM learned WHERE seen_at < ?", (forget_before,))
        found = self._db.execute(_RECALL, (self._desk, _MOST_NAMES)).fetchall()
        return [
            LearnedName(kind=kind, id=own, name=name, value=json.loads(value)) for kind, own, name, value in found
        ]

    def _spend(self, rate: int, now: float, window: float) -> float:
        with writing(self._db):
            self._db.execute("DELETE FROM spent WHERE desk = ? AND at <= ?", (self._desk, now - window))
            oldest = self._db.execute(_NTH_LAST, (self._desk, now - window, rate - 1)).fetchone()
            if oldest is None:
                self._db.execute(_SPEND, (self._desk, now))
                return 0.0
            return float(max(oldest[0] + window - now, 0.001))


class State:
    """One state file, opened: the ledger, and the memory beside it."""

    def __init__(self, ledger: sqlite3.Connection, memory: sqlite3.Connection, *, desk: str) -> None:
        self._connections = (ledger, memory)
        self.ledger = SqliteStore(ledger)
        self.memory = Memory(memory, desk=desk)

    @classmethod
    def open(cls, path: str, *, desk: str) -> "State":
        """Open the file, make it where there is none, and bring an older one up to date.

        Args:
            path: the file, or `:memory:`.
            desk: which desk of which account.

        Raises:
            ConfigurationError: it is damaged, another program's, of a newer version, or cannot be written.
        """
        try:
            return cls(_opened(path, durable=True), _opened(path, durable=False), desk=desk)
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(
                f"The state in {path} cannot be used ({type(error).__name__}: {error}).",
                next_step="Move the file away and start again, or set CASE_MCP_STATE to another; with it goes the "
                "memory of what was sent, so look with a search before a write of the last hour is repeated.",
            ) from None

    def close(self) -> None:
        """Close the file."""
        for each in self._connections:
            each.close()


def _opened(path: str, *, durable: bool) -> sqlite3.Connection:
    db = connect(path)
    try:
        use_wal(db, synchronous="FULL" if durable else "NORMAL")
        _migrate(db, path)
    except BaseException:
        db.close()
        raise
    return db


def _migrate(db: sqlite3.Connection, path: str) -> None:
    with writing(db):
        (version,), (application,) = (db.execute(f"PRAGMA {name}").fetchone() for name in _STAMPS)
        (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application != _APPLICATION and (tables or version):
            raise ConfigurationError(
                f"{path} is another program's file.", next_step="Set CASE_MCP_STATE to a file of its own."
            )
        if version > len(_MIGRATIONS):
            raise ConfigurationError(
                f"The state in {path} has version {version}, and this program knows up to {len(_MIGRATIONS)}.",
                next_step="Start the newer program, or set CASE_MCP_STATE to another file.",
            )
        for step in _MIGRATIONS[version:]:
            for statement in step.split(";"):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")
        db.execute(f"PRAGMA application_id = {_APPLICATION}")
