"""The backends of the state, each as several processes would open it, with a clock that tests move."""

import sqlite3
from pathlib import Path
from typing import Final, Protocol

from case_tools.state import StateBackend
from case_tools.state.sqlite.backend import SqliteState, open_sqlite
from case_tools.state.sqlite.clock import BootClock

DESK: Final = "a desk"
BEGIN: Final = 1_000_000.0


class Backend(Protocol):
    """One state that several processes share."""

    async def open(self, desk: str = DESK) -> StateBackend:
        """Open it once more, as another process would."""

    async def pass_time(self, seconds: float) -> None:
        """Let time pass by the clock that all processes share."""

    async def close(self) -> None:
        """Close all that was opened."""


class SqliteBackend:
    """SQLite, in a file or in memory."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._elapsed = 50.0
        self._clock = BootClock(boot="a boot", elapsed=lambda: self._elapsed, wall=lambda: BEGIN)
        self._opened: list[SqliteState] = []

    async def open(self, desk: str = DESK) -> StateBackend:
        """Open it once more; what is in memory is shared by its connection."""
        if self._path == ":memory:" and self._opened:
            return SqliteState(*self._opened[0]._workers, self._clock, desk=desk)
        self._opened.append(await open_sqlite(self._path, desk=desk, clock=self._clock))
        return self._opened[-1]

    async def pass_time(self, seconds: float) -> None:
        """Move the time since the boot."""
        self._elapsed += seconds

    async def close(self) -> None:
        """Close all that was opened."""
        for each in self._opened:
            await each.close()


def pass_time(file: Path, seconds: float) -> None:
    """Let time pass in a state's file, for all processes that have it open."""
    with sqlite3.connect(file) as db:
        db.execute("UPDATE clock SET ahead = ahead + ?", (seconds,))
    db.close()
