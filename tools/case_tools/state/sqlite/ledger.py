"""The ledger's rows in SQLite."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from case_tools.state.ports import Marked
from case_tools.state.rows import Intent, LedgerRow, RowEnd, SearchFacts, WriteOutcome
from case_tools.state.sqlite.clock import BootClock
from case_tools.state.sqlite.worker import SqliteWorker

_COLUMNS: Final = (
    "key, digest, desk, issuer, subject, tool, named, on_purpose, owner, state, claimed_at, first_sent_at, "
    "last_sent_at, deadline, beat_at, ended_at, facts, ref, id, case_ref, applied"
)
_GET: Final = f"SELECT {_COLUMNS} FROM ledger WHERE key = ?"  # noqa: S608 - our own columns
_CLAIM: Final = """
INSERT OR REPLACE INTO ledger (
    key, digest, desk, issuer, subject, tool, named, on_purpose, owner, state, claimed_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'claimed', ?)
"""
_MARK: Final = """
UPDATE ledger SET state = 'sent', first_sent_at = coalesce(first_sent_at, :now), last_sent_at = :now,
    deadline = :now + :seconds, beat_at = :now, facts = :facts
WHERE key = :key AND owner = :owner AND state IN ('claimed', 'sent')
"""
_SPEND: Final = "INSERT OR IGNORE INTO used (confirmation, at, key) VALUES (?, ?, ?)"
_SPENT_BY: Final = "SELECT key FROM used WHERE confirmation = ?"
_BEAT: Final = "UPDATE ledger SET beat_at = ? WHERE key = ? AND owner = ? AND state = 'sent'"
_FINISH: Final = """
UPDATE ledger SET state = :state, ended_at = :now, ref = :ref, id = :id, case_ref = :case, applied = :applied,
    facts = CASE :state WHEN 'unknown' THEN facts END
WHERE key = :key AND (state IN ('sent', 'unknown') OR (state = 'found' AND :state = 'done'))
"""
_RELEASE: Final = "DELETE FROM ledger WHERE key = ? AND owner = ? AND state IN ('claimed', 'sent')"
_OPEN: Final = f"""
SELECT {_COLUMNS} FROM ledger WHERE desk = ? AND state IN ('sent', 'unknown') ORDER BY first_sent_at
"""  # noqa: S608 - our own columns
_MOST_AT_ONCE: Final = 1000
_FORGET_ENDED: Final = """
DELETE FROM ledger WHERE key IN (
    SELECT key FROM ledger WHERE ended_at < :before AND state NOT IN ('claimed', 'sent', 'unknown') LIMIT :most
)
"""
_FORGET_CLAIMED: Final = """
DELETE FROM ledger WHERE key IN (
    SELECT key FROM ledger WHERE state = 'claimed' AND claimed_at < :before LIMIT :most
)
"""
_RESOLVE: Final = """
UPDATE ledger SET state = 'unresolved', ended_at = :now, facts = NULL
WHERE state IN ('sent', 'unknown') AND last_sent_at < :sent_before
"""
_TAKEN: Final = "SELECT 1 FROM ledger WHERE desk = ? AND id = ? AND key <> ?"
_LATER_EQUAL: Final = """
SELECT 1 FROM ledger AS own JOIN ledger AS later USING (desk, tool, facts)
WHERE own.key = ? AND later.key <> own.key AND later.state IN ('sent', 'unknown')
    AND later.first_sent_at > own.first_sent_at
"""

_FORMER: Final = "SELECT 1 FROM ledger WHERE key = ? AND digest = ?"
_ADOPT: Final = "UPDATE OR IGNORE ledger SET key = ?, digest = ? WHERE key = ? AND digest = ?"


class SqliteLedger:
    """The ledger in one SQLite file, or in memory.

    Args:
        worker: the connection; the file has the ledger's tables.
        clock: the file's time.
    """

    def __init__(self, worker: SqliteWorker, clock: BootClock) -> None:
        self._worker = worker
        self._clock = clock

    async def claim(
        self, intent: Intent, *, owner: str, window: float, instead: LedgerRow | None = None
    ) -> LedgerRow:
        """Write the intent down and return its row, or the row that stands in its place."""

        def work(db: sqlite3.Connection) -> LedgerRow:
            now = self._clock.now(db)
            held = _row_of(db, intent.key, now)
            if held is not None and not (
                held.makes_place(window) or (held == instead and held.state == "claimed")
            ):
                return held
            own = (intent.key, intent.digest, intent.desk, intent.issuer, intent.subject, intent.tool)
            db.execute(_CLAIM, (*own, intent.named, intent.on_purpose, owner, now))
            return LedgerRow(intent=intent, owner=owner, state="claimed", claimed_at=now, read_at=now)

        # What is lost with the power here was never sent.
        return await self._worker.write(work, durability="NORMAL")

    async def adopt(self, intent: Intent) -> LedgerRow | None:
        """Rename an earlier release's row of this write; return it."""
        if intent.formerly is None:
            return None
        own, former = (intent.key, intent.digest), intent.formerly
        if not await self._worker.read(lambda db: db.execute(_FORMER, former).fetchone()):
            return None

        def work(db: sqlite3.Connection) -> LedgerRow | None:
            db.execute(_ADOPT, (*own, *former))
            return _row_of(db, intent.key, self._clock.now(db))

        return await self._worker.write(work)

    async def mark_sent(
        self, key: str, *, owner: str, facts: SearchFacts, seconds: float, spends: str | None = None
    ) -> Marked:
        """Note, durably, that the first byte is about to leave."""

        def work(db: sqlite3.Connection) -> Marked:
            now = self._clock.now(db)
            if spends is not None and db.execute(_SPENT_BY, (spends,)).fetchone() not in (None, (key,)):
                return "spent"
            values = {
                "key": key,
                "owner": owner,
                "now": now,
                "seconds": seconds,
                "facts": json.dumps(asdict(facts)),
            }
            if db.execute(_MARK, values).rowcount != 1:
                return "lost"
            if spends is not None:
                db.execute(_SPEND, (spends, now, key))
            return "sent"

        return await self._worker.write(work)

    async def beat(self, keys: Sequence[str], *, owner: str) -> None:
        """Note that the sender of these rows is alive."""

        def work(db: sqlite3.Connection) -> None:
            now = self._clock.now(db)
            db.executemany(_BEAT, [(now, key, owner) for key in keys])

        await self._worker.write(work, durability="NORMAL")

    async def finish(self, key: str, *, state: RowEnd, outcome: WriteOutcome | None = None) -> None:
        """Note how a row that was sent ended."""
        await self._worker.write(lambda db: _finish(db, key, state, outcome, self._clock.now(db)))

    async def release(self, key: str, *, owner: str) -> None:
        """Drop the owner's row."""
        await self._worker.write(lambda db: db.execute(_RELEASE, (key, owner)) and None)

    async def get(self, key: str) -> LedgerRow | None:
        """Return the row as it is now."""
        return await self._worker.read(lambda db: _row_of(db, key, self._clock.now(db)))

    async def open_rows(self, desk: str) -> Sequence[LedgerRow]:
        """Return the rows that were sent and have no end."""

        def work(db: sqlite3.Connection) -> list[LedgerRow]:
            now = self._clock.now(db)
            return [row_from(each, now) for each in db.execute(_OPEN, (desk,)).fetchall()]

        return await self._worker.read(work)

    async def take(
        self,
        key: str,
        *,
        desk: str,
        found: Sequence[WriteOutcome],
        state: RowEnd = "done",
        yields: bool = False,
    ) -> set[str] | None:
        """End a row with the first of what was found that no other row has."""

        def work(db: sqlite3.Connection) -> set[str] | None:
            if yields and db.execute(_LATER_EQUAL, (key,)).fetchone():
                return None
            free = [each for each in found if not db.execute(_TAKEN, (desk, each.id, key)).fetchone()]
            if free:
                _finish(db, key, state, free[0], self._clock.now(db))
            return {each.id for each in free}

        return await self._worker.write(work)

    async def prune(self, *, keep: float, resolve: float) -> int:
        """Forget what ended long ago; end what nobody can resolve."""

        def work(db: sqlite3.Connection) -> int:
            now = self._clock.now(db)
            values = {"now": now, "before": now - keep, "sent_before": now - resolve, "most": _MOST_AT_ONCE}
            return sum(db.execute(each, values).rowcount for each in (_FORGET_ENDED, _FORGET_CLAIMED, _RESOLVE))

        return await self._worker.write(work, durability="NORMAL")


def _finish(db: sqlite3.Connection, key: str, state: RowEnd, outcome: WriteOutcome | None, now: float) -> None:
    kept = asdict(outcome) if outcome else dict.fromkeys(("ref", "id", "case", "applied"))
    db.execute(_FINISH, {"key": key, "state": state, "now": now, **kept})


def _row_of(db: sqlite3.Connection, key: str, now: float) -> LedgerRow | None:
    found = db.execute(_GET, (key,)).fetchone()
    return row_from(found, now) if found else None


def row_from(columns: Sequence[Any], now: float) -> LedgerRow:
    """Return the row of one line of the table."""
    key, digest, desk, issuer, subject, tool, named, on_purpose, owner, state, claimed, *rest = columns
    first, last, deadline, beat, ended, facts, ref, own, case, applied = rest
    return LedgerRow(
        intent=Intent(
            key=key,
            digest=digest,
            desk=desk,
            issuer=issuer,
            subject=subject,
            tool=tool,
            named=bool(named),
            on_purpose=bool(on_purpose),
        ),
        owner=owner,
        state=state,
        claimed_at=claimed,
        sent_at=None if first is None else (first, last),
        deadline=deadline,
        beat_at=beat,
        ended_at=ended,
        facts=None if facts is None else SearchFacts(**json.loads(facts)),
        outcome=None if ref is None else WriteOutcome(ref=ref, id=own, case=case, applied=bool(applied)),
        read_at=now,
    )
