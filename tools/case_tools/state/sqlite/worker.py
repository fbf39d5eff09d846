"""One connection to the state's file in one thread: whoever waits for it can stop waiting at any moment."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final, Literal, TypeVar

import anyio

from case_tools.errors import StateBusy, StateError, StateUnusable
from case_tools.state.sqlite.file import connect, use_wal

_BUSY_SECONDS: Final = 0.025
"""How long the thread itself waits for another writer; the rest is waited for outside it."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.005, 0.1
_PATIENCE: Final = 10.0
_CLOSING_SECONDS: Final = 5.0
_LOCKED: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_CHECK: Final = "The administrator checks the file that CASE_MCP_STATE names, and its disk."

T = TypeVar("T")
Durability = Literal["FULL", "NORMAL"]


class SqliteWorker:
    """Does the work on one connection, in order, in a thread of its own.

    Args:
        path: the file, or `:memory:`.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._db = connect(path, busy=_BUSY_SECONDS)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="case-mcp-state")
        self._durability: Durability | None = None
        self._files: dict[str, tuple[int, int]] = {}

    def prepare(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Do the work in the caller's thread, before anything else; then remember which files these are."""
        use_wal(self._db, synchronous="NORMAL")
        self._durability = "NORMAL"
        work(self._db)
        if self._path != ":memory:":
            self._files = {name: _identity(name) for name in (self._path, f"{self._path}-wal")}

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what the work returns.

        Raises:
            StateError: it cannot be done; a lock of the file is waited for.
        """
        return await self._do(work)

    async def write(self, work: Callable[[sqlite3.Connection], T], *, durability: Durability = "FULL") -> T:
        """Do the work in a transaction of its own, and return what it returns.

        Args:
            work: what to do.
            durability: FULL keeps it over a power cut; NORMAL may lose the last writes.

        Raises:
            StateError: nothing of it was kept; a lock of the file is waited for.
        """
        return await self._do(lambda db: self._written(db, work, durability))

    async def close(self) -> None:
        """Close the connection, unless the disk hangs."""
        closing = self._thread.submit(self._db.close)
        self._thread.shutdown(wait=False)
        with anyio.move_on_after(_CLOSING_SECONDS, shield=True):
            await asyncio.wrap_future(closing)

    def close_now(self) -> None:
        """Close a connection that nobody uses."""
        self._thread.shutdown()
        self._db.close()

    async def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        pause, patient_until = _FIRST_PAUSE, time.monotonic() + _PATIENCE
        while True:
            try:
                return await asyncio.wrap_future(self._submitted(work))
            except sqlite3.Error as error:
                if not _is_locked(error) or time.monotonic() > patient_until:
                    raise state_error(error) from None
            await anyio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _submitted(self, work: Callable[[sqlite3.Connection], T]) -> "Future[T]":
        try:
            return self._thread.submit(work, self._db)
        except RuntimeError:
            raise StateBusy(
                "The state is closed.", next_step="Repeat the call when the server runs again."
            ) from None

    def _written(
        self, db: sqlite3.Connection, work: Callable[[sqlite3.Connection], T], durability: Durability
    ) -> T:
        self._check_files()
        if durability != self._durability:
            db.execute(f"PRAGMA synchronous = {durability}")
            self._durability = durability
        db.execute("BEGIN IMMEDIATE")
        try:
            result = work(db)
            db.commit()
        except BaseException:
            db.rollback()
            raise
        return result

    def _check_files(self) -> None:
        """Refuse to write into a file that was removed or replaced: nobody would find it again."""
        for name, identity in self._files.items():
            try:
                same = _identity(name) == identity
            except OSError:
                same = False
            if not same:
                raise StateUnusable(
                    "The state's file was removed or replaced while the server ran.",
                    next_step="The administrator puts the file that CASE_MCP_STATE names back, and starts again.",
                )


def state_error(error: sqlite3.Error | OSError) -> StateError:
    """Return what an error of the file means to a caller whose call it stopped."""
    if isinstance(error, sqlite3.Error) and _is_locked(error):
        return StateBusy(
            "The state is locked by another program.",
            retry_after=5.0,
            next_step="Wait 5 seconds, then repeat the call.",
        )
    kind = getattr(error, "sqlite_errorname", type(error).__name__)
    return StateUnusable(f"The state cannot be read or written ({kind}).", next_step=_CHECK)


def _is_locked(error: sqlite3.Error) -> bool:
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _LOCKED


def _identity(name: str) -> tuple[int, int]:
    found = Path(name).stat()
    return found.st_dev, found.st_ino
