"""Learned names in SQLite."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any, Final

from case_tools.adapter.names import LearnedName, fold
from case_tools.state.sqlite.clock import BootClock
from case_tools.state.sqlite.worker import SqliteWorker

_MOST: Final = 20_000
_LEARN: Final = """
INSERT INTO learned (desk, kind, id, name, folded, value, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (desk, kind, id) DO UPDATE SET
    name = excluded.name, folded = excluded.folded, value = excluded.value, seen_at = excluded.seen_at
"""
_RECALL: Final = """
SELECT kind, id, name, value FROM (
    SELECT kind, id, name, value, seen_at FROM learned WHERE desk = ? ORDER BY seen_at DESC LIMIT ?
) ORDER BY seen_at
"""
_TRIMMED_EVERY: Final = 2_000
_TRIM: Final = """
DELETE FROM learned WHERE desk = :desk AND seen_at < (
    SELECT seen_at FROM learned WHERE desk = :desk ORDER BY seen_at DESC LIMIT 1 OFFSET :most
)
"""
_BY_ID: Final = "SELECT kind, id, name, value FROM learned WHERE desk = ? AND kind = ? AND id = ?"
_BY_NAME: Final = "SELECT kind, id, name, value FROM learned WHERE desk = ? AND kind = ? AND folded = ? LIMIT 20"


class SqliteNames:
    """What a desk has shown, off the ledger's path; lost with the power at worst.

    Args:
        worker: a connection.
        clock: the file's time.
        desk: which desk of which account.
    """

    def __init__(self, worker: SqliteWorker, clock: BootClock, *, desk: str) -> None:
        self._worker = worker
        self._clock = clock
        self._desk = desk
        self._learned = 0

    async def learn(self, names: Sequence[LearnedName]) -> None:
        """Keep these, in one write; of all, the 20,000 newest."""
        self._learned += len(names)
        trims = self._learned > _TRIMMED_EVERY
        if trims:
            self._learned = 0

        def work(db: sqlite3.Connection) -> None:
            now = self._clock.now(db)
            if trims:
                db.execute(_TRIM, {"desk": self._desk, "most": _MOST})
            db.executemany(
                _LEARN,
                [
                    (self._desk, each.kind, each.id, each.name, fold(each.name), json.dumps({**each.value}), now)
                    for each in names
                ],
            )

        await self._worker.write(work, durability="NORMAL")

    async def recall(self, *, keep: float) -> list[LearnedName]:
        """Return what was learned in the last seconds, the newest last; drop the rest."""

        def old(db: sqlite3.Connection) -> bool:
            before = self._clock.now(db) - keep
            return (
                db.execute(
                    "SELECT 1 FROM learned WHERE desk = ? AND seen_at < ? LIMIT 1", (self._desk, before)
                ).fetchone()
                is not None
            )

        def forget(db: sqlite3.Connection) -> None:
            before = self._clock.now(db) - keep
            db.execute("DELETE FROM learned WHERE desk = ? AND seen_at < ?", (self._desk, before))

        if await self._worker.read(old):
            await self._worker.write(forget, durability="NORMAL")
        return await self._worker.read(
            lambda db: [_name(*each) for each in db.execute(_RECALL, (self._desk, _MOST))]
        )

    async def find(self, kind: str, name_or_id: str) -> list[LearnedName]:
        """Return what a name or an id stands for."""

        def work(db: sqlite3.Connection) -> list[LearnedName]:
            own = db.execute(_BY_ID, (self._desk, kind, name_or_id)).fetchall()
            return [_name(*each) for each in own or db.execute(_BY_NAME, (self._desk, kind, fold(name_or_id)))]

        return await self._worker.read(work)


def _name(kind: str, own: str, name: str, value: Any) -> LearnedName:  # noqa: ANN401 - what sqlite3 gives
    return LearnedName(kind=kind, id=own, name=name, value=json.loads(value))
