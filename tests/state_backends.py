"""The backends of the state, each as several processes would open it, with a clock that tests move."""

import sqlite3
from pathlib import Path
from typing import Final, Protocol

import asyncpg

from case_tools.state import StateBackend
from case_tools.state.postgres.backend import PostgresState, open_postgres
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


class PostgresBackend:
    """A database, emptied; its clock is a table that tests move."""

    def __init__(self, address: str, seal_key_file: Path) -> None:
        self._address = address
        self._seal_key_file = str(seal_key_file)
        self._opened: list[PostgresState] = []

    async def empty(self) -> None:
        """Leave nothing of the test before."""
        await self._do("DROP SCHEMA public CASCADE")
        await self._do("CREATE SCHEMA public")
        await self._do("CREATE TABLE clock (at float8 NOT NULL)")
        await self._do("INSERT INTO clock VALUES ($1)", BEGIN)

    async def open(self, desk: str = DESK) -> StateBackend:
        """Open it once more, with connections of its own."""
        state = await open_postgres(
            self._address, desk=desk, seal_key_file=self._seal_key_file, clock="(SELECT at FROM clock)"
        )
        self._opened.append(state)
        return state

    async def pass_time(self, seconds: float) -> None:
        """Move the database's clock."""
        await self._do("UPDATE clock SET at = at + $1", float(seconds))

    async def close(self) -> None:
        """Close all that was opened."""
        for each in self._opened:
            await each.close()

    async def _do(self, statement: str, *values: float) -> None:
        connection = await asyncpg.connect(self._address)
        await connection.execute(statement, *values)
        await connection.close()


def pass_time(file: Path, seconds: float) -> None:
    """Let time pass in a state's file, for all processes that have it open."""
    with sqlite3.connect(file) as db:
        db.execute("UPDATE clock SET ahead = ahead + ?", (seconds,))
    db.close()
