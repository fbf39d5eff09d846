"""The ledger in SQLite: one connection that writes through to the disk, in one thread at a time."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, Final, TypeVar

import anyio
import anyio.to_thread

from case_tools.idempotency.rows import Ending, Intent, Outcome, Row, SearchFacts
from case_tools.state.sqlite.file import writing

SCHEMA: Final = """
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
_COLUMNS: Final = (
    "key, digest, desk, tool, named, owner, state, claimed_at, first_sent_at, last_sent_at, ended_at, sought, "
    "ref, id, case_ref, applied"
)
_GET: Final = f"SELECT {_COLUMNS} FROM ledger WHERE key = ?"  # noqa: S608 - our own columns
_CLAIM: Final = """
INSERT INTO ledger (key, digest, desk, tool, named, owner, state, claimed_at)
VALUES (?, ?, ?, ?, ?, ?, 'claimed', ?)
"""
_MARK: Final = """
UPDATE ledger SET state = 'sent', first_sent_at = coalesce(first_sent_at, :now), last_sent_at = :now,
    sought = :sought
WHERE key = :key AND owner = :owner AND state IN ('claimed', 'sent')
"""
_FINISH: Final = """
UPDATE ledger SET state = :state, ended_at = :now, ref = :ref, id = :id, case_ref = :case, applied = :applied,
    sought = CASE :state WHEN 'unknown' THEN sought END
WHERE key = :key AND (state IN ('sent', 'unknown') OR (state = 'found' AND :state = 'done'))
"""
_RELEASE: Final = "DELETE FROM ledger WHERE key = ? AND owner = ? AND state IN ('claimed', 'sent')"
_OPEN: Final = f"SELECT {_COLUMNS} FROM ledger WHERE desk = ? AND state IN ('sent', 'unknown')"  # noqa: S608
_FORGET: Final = """
DELETE FROM ledger WHERE (state IN ('found', 'done', 'abandoned') AND ended_at < :before)
    OR (state = 'claimed' AND claimed_at < :before)
"""
_TAKEN: Final = "SELECT id FROM ledger WHERE desk = ? AND id = ? AND key <> ?"
_LATER_EQUAL: Final = """
SELECT 1 FROM ledger AS own JOIN ledger AS later USING (desk, tool, sought)
WHERE own.key = ? AND later.key <> own.key AND later.state IN ('sent', 'unknown')
    AND later.first_sent_at > own.first_sent_at
"""

T = TypeVar("T")


class SqliteStore:
    """The ledger in one SQLite file, or in memory.

    Args:
        db: the connection; the file has the ledger's tables.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._one_thread = anyio.CapacityLimiter(1)

    async def claim(
        self, intent: Intent, *, owner: str, now: float, since: float, instead: Row | None = None
    ) -> Row:
        """Write the intent down and return its row, or the row of whoever came before."""
        return await self._do(partial(self._claim, intent, owner, now, since, instead))

    async def mark_sent(self, key: str, *, owner: str, sought: SearchFacts, now: float) -> bool:
        """Note that the first byte is about to leave."""
        values = {"key": key, "owner": owner, "now": now, "sought": json.dumps(asdict(sought))}
        return await self._do(lambda: self._execute(_MARK, values).rowcount == 1)

    async def finish(self, key: str, *, state: Ending, now: float, outcome: Outcome | None = None) -> None:
        """Note how a row that was sent ended."""
        facts = asdict(outcome) if outcome else {"ref": None, "id": None, "case": None, "applied": None}
        await self._do(lambda: self._execute(_FINISH, {"key": key, "state": state, "now": now, **facts}))

    async def release(self, key: str, *, owner: str) -> None:
        """Drop the owner's row."""
        await self._do(lambda: self._execute(_RELEASE, (key, owner)))

    async def get(self, key: str) -> Row | None:
        """Return the row as it is now."""
        return await self._do(partial(self._get, key))

    async def open_rows(self, desk: str, *, forget_before: float) -> Sequence[Row]:
        """Return the rows that were sent and have no end; drop what ended before."""
        return await self._do(partial(self._open_rows, desk, forget_before))

    async def take(
        self,
        key: str,
        *,
        desk: str,
        found: Sequence[Outcome],
        now: float,
        state: Ending = "done",
        yields: bool = False,
    ) -> set[str] | None:
        """End a row with the first of what was found that no other row has come to."""
        return await self._do(partial(self._take, key, desk, found, now, state, yields=yields))

    async def _do(self, work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, limiter=self._one_thread)

    def _execute(self, statement: str, values: Any) -> sqlite3.Cursor:  # noqa: ANN401 - what sqlite3 takes
        with writing(self._db):
            return self._db.execute(statement, values)

    def _get(self, key: str) -> Row | None:
        found = self._db.execute(_GET, (key,)).fetchone()
        return _row(found) if found else None

    def _claim(self, intent: Intent, owner: str, now: float, since: float, instead: Row | None) -> Row:
        with writing(self._db):
            held = self._get(intent.key)
            if held is not None and not (
                _makes_place(held, since) or (held == instead and held.state == "claimed")
            ):
                return held
            self._db.execute("DELETE FROM ledger WHERE key = ?", (intent.key,))
            values = (intent.key, intent.digest, intent.desk, intent.tool, intent.named, owner, now)
            self._db.execute(_CLAIM, values)
            return Row(intent=intent, owner=owner, state="claimed", claimed_at=now)

    def _take(
        self, key: str, desk: str, found: Sequence[Outcome], now: float, state: Ending, *, yields: bool
    ) -> set[str] | None:
        with writing(self._db):
            if yields and self._db.execute(_LATER_EQUAL, (key,)).fetchone():
                return None
            free = [each for each in found if not self._db.execute(_TAKEN, (desk, each.id, key)).fetchone()]
            if free:
                self._db.execute(_FINISH, {"key": key, "state": state, "now": now, **asdict(free[0])})
            return {each.id for each in free}

    def _open_rows(self, desk: str, forget_before: float) -> list[Row]:
        with writing(self._db):
            self._db.execute(_FORGET, {"before": forget_before})
            return [_row(each) for each in self._db.execute(_OPEN, (desk,)).fetchall()]


def _makes_place(held: Row, since: float) -> bool:
    expired = held.state == "done" and not held.intent.named and (held.ended_at or 0) < since
    return held.state == "abandoned" or expired


def _row(found: Sequence[Any]) -> Row:
    key, digest, desk, tool, named, owner, state, claimed, first, last, ended, sought, ref, own, case, applied = (
        found
    )
    return Row(
        intent=Intent(key=key, digest=digest, desk=desk, tool=tool, named=bool(named)),
        owner=owner,
        state=state,
        claimed_at=claimed,
        sent_at=None if first is None else (first, last),
        ended_at=ended,
        sought=None if sought is None else SearchFacts(**json.loads(sought)),
        outcome=None if ref is None else Outcome(ref=ref, id=own, case=case, applied=bool(applied)),
    )
