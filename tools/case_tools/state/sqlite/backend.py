"""The state in one SQLite file: the ledger on a connection of its own, the rest beside it."""

import sqlite3
from functools import partial
from typing import Self

import anyio.to_thread

from case_tools.adapter.names import fold
from case_tools.errors import StateUnusable
from case_tools.state.sqlite.clock import BootClock, machine_clock
from case_tools.state.sqlite.file import writing
from case_tools.state.sqlite.ledger import SqliteLedger
from case_tools.state.sqlite.names import SqliteNames
from case_tools.state.sqlite.schema import is_current, migrate
from case_tools.state.sqlite.shared import SqliteConfirmations, SqliteLeases, SqliteRate
from case_tools.state.sqlite.worker import SqliteWorker

_MEMORY = ":memory:"


class SqliteState:
    """One state file, opened for one desk."""

    def __init__(self, ledger: SqliteWorker, beside: SqliteWorker, clock: BootClock, *, desk: str) -> None:
        self._workers = (ledger, beside)
        self.ledger = SqliteLedger(ledger, clock)
        self.confirmations = SqliteConfirmations(ledger, clock)
        self.names = SqliteNames(beside, clock, desk=desk)
        self.rate = SqliteRate(beside, clock, desk=desk)
        self.leases = SqliteLeases(beside, clock, desk=desk)

    @classmethod
    def open(cls, path: str, *, desk: str, clock: BootClock) -> Self:
        """Open the file; see `open_sqlite`."""
        try:
            ledger = _opened(path, clock)
            try:
                return cls(ledger, ledger if path == _MEMORY else _opened(path, clock), clock, desk=desk)
            except BaseException:
                ledger.close_now()
                raise
        except (OSError, sqlite3.Error) as error:
            raise StateUnusable(
                f"The state in {path} cannot be used ({type(error).__name__}: {error}).",
                next_step="Move the file away and start again, or set CASE_MCP_STATE to another; with it goes the "
                "memory of what was sent, so look with a search before a write of the last hour is repeated.",
            ) from None

    async def check(self) -> None:
        """Tell whether writes can be noted."""
        await self._workers[0].write(_write_something, durability="NORMAL")

    async def close(self) -> None:
        """Close the file."""
        for each in {*self._workers}:
            await each.close()


def _write_something(db: sqlite3.Connection) -> None:
    db.execute("INSERT OR REPLACE INTO lease (name, owner, until) VALUES ('', hex(randomblob(8)), 0)")


async def open_sqlite(path: str, *, desk: str, clock: BootClock | None = None) -> SqliteState:
    """Open the file, make it where there is none, and bring an older one up to date.

    Args:
        path: the file, or `:memory:`.
        desk: which desk of which account.
        clock: the time, this machine's by default.

    Raises:
        StateUnusable: it is damaged, another program's, of a newer version, or cannot be written.
    """
    opening = partial(SqliteState.open, path, desk=desk, clock=clock or machine_clock())
    return await anyio.to_thread.run_sync(opening)


def _opened(path: str, clock: BootClock) -> SqliteWorker:
    worker = SqliteWorker(path)

    def up_to_date(db: sqlite3.Connection) -> None:
        db.create_function("folded", 1, fold, deterministic=True)
        if not is_current(db, clock):
            db.execute("PRAGMA busy_timeout = 10000")
            with writing(db):
                migrate(db, path, clock)
            db.execute("PRAGMA busy_timeout = 25")

    try:
        worker.prepare(up_to_date)
    except BaseException:
        worker.close_now()
        raise
    return worker
