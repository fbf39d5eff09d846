"""What the processes on one file share beside ledger and names: the rate, confirmations, leases."""

import secrets
import sqlite3
from typing import Final

from case_tools.state.sqlite.clock import BootClock
from case_tools.state.sqlite.worker import SqliteWorker

_PERMIT: Final = "INSERT INTO spent (desk, at) VALUES (?, ?)"
_NTH_LAST: Final = "SELECT at FROM spent WHERE desk = ? AND at > ? ORDER BY at DESC LIMIT 1 OFFSET ?"
_KEPT_CONFIRMATIONS: Final = 24 * 3600.0
_HOLD: Final = """
INSERT INTO lease (name, owner, until) VALUES (:name, :owner, :until)
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
WHERE lease.owner = :owner OR lease.until <= :now
"""


class SqliteRate:
    """One window of requests for all processes of the account.

    Args:
        worker: a connection.
        clock: the file's time.
        desk: which desk of which account.
    """

    def __init__(self, worker: SqliteWorker, clock: BootClock, *, desk: str) -> None:
        self._worker = worker
        self._clock = clock
        self._desk = desk

    async def consume(self, rate: int, *, window: float, lane: str = "") -> float:
        """Consume one permit; return the seconds to wait, 0 if granted."""
        counted = f"{self._desk}/{lane}" if lane else self._desk

        def work(db: sqlite3.Connection) -> float:
            now = self._clock.now(db)
            db.execute("DELETE FROM spent WHERE desk = ? AND at <= ?", (counted, now - window))
            oldest = db.execute(_NTH_LAST, (counted, now - window, rate - 1)).fetchone()
            if oldest is None:
                db.execute(_PERMIT, (counted, now))
                return 0.0
            return float(max(oldest[0] + window - now, 0.001))

        return await self._worker.write(work, durability="NORMAL")


class SqliteConfirmations:
    """The confirmations that were spent, kept longer than any is good for.

    Args:
        worker: the ledger's connection, as a write may spend one.
        clock: the file's time.
    """

    def __init__(self, worker: SqliteWorker, clock: BootClock) -> None:
        self._worker = worker
        self._clock = clock
        self._secrets: dict[str, bytes] = {}

    async def secret(self, name: str) -> bytes:
        """Return the secret of this name; drawn where there is none."""

        def work(db: sqlite3.Connection) -> bytes:
            db.execute("INSERT OR IGNORE INTO secret VALUES (?, ?)", (name, secrets.token_bytes(32)))
            return bytes(db.execute("SELECT value FROM secret WHERE name = ?", (name,)).fetchone()[0])

        if name not in self._secrets:
            self._secrets[name] = await self._worker.write(work)
        return self._secrets[name]

    async def spend(self, confirmation: str) -> bool:
        """Spend a confirmation; False where it was spent before."""

        def work(db: sqlite3.Connection) -> bool:
            now = self._clock.now(db)
            db.execute("DELETE FROM used WHERE at < ?", (now - _KEPT_CONFIRMATIONS,))
            added = db.execute("INSERT OR IGNORE INTO used (confirmation, at) VALUES (?, ?)", (confirmation, now))
            return added.rowcount == 1

        return await self._worker.write(work)

    async def is_spent(self, confirmation: str) -> bool:
        """Tell whether a confirmation was spent."""

        def work(db: sqlite3.Connection) -> bool:
            return db.execute("SELECT 1 FROM used WHERE confirmation = ?", (confirmation,)).fetchone() is not None

        return await self._worker.read(work)


class SqliteLeases:
    """Work that one process on the file does for all.

    Args:
        worker: a connection.
        clock: the file's time.
        desk: which desk of which account.
    """

    def __init__(self, worker: SqliteWorker, clock: BootClock, *, desk: str) -> None:
        self._worker = worker
        self._clock = clock
        self._desk = desk

    async def hold(self, name: str, *, owner: str, seconds: float) -> bool:
        """Take or extend the lease for so long; False while another owner holds it."""

        def work(db: sqlite3.Connection) -> bool:
            now = self._clock.now(db)
            values = {"name": f"{self._desk}/{name}", "owner": owner, "now": now, "until": now + seconds}
            return db.execute(_HOLD, values).rowcount == 1

        return await self._worker.write(work, durability="NORMAL")
