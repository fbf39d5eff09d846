"""A SQLite file that several processes share: made for its owner alone, one writer at a time."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Literal

from case_tools.errors import StateUnusable
from case_tools.state.private_file import exposed_because

_BUSY_SECONDS: Final = 10.0


def connect(path: str, *, busy: float = _BUSY_SECONDS) -> sqlite3.Connection:
    """Connect to the file; a missing one is made for its owner alone, as are missing folders.

    Args:
        path: the file, or `:memory:`.
        busy: for how many seconds a statement waits for another writer.

    Raises:
        StateUnusable: others may read it, or decide which file it is.
        OSError: it cannot be made.
        sqlite3.Error: it cannot be opened.
    """
    if path != ":memory:":
        if exposed := exposed_because(Path(path)):
            raise StateUnusable(f"The file {path} {exposed[0]}.", next_step=exposed[1])
        _make_file(path)
    return sqlite3.connect(path, timeout=busy, isolation_level=None, check_same_thread=False)


@contextmanager
def writing(db: sqlite3.Connection) -> Iterator[None]:
    """Hold the write lock for what is inside; all of it is kept, or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.commit()
    except BaseException:
        db.rollback()
        raise


def use_wal(db: sqlite3.Connection, *, synchronous: Literal["FULL", "NORMAL"]) -> None:
    """Let readers work beside a writer; costs nothing where the file already does.

    Args:
        db: the connection.
        synchronous: FULL keeps every write over a power cut, NORMAL may lose the last ones.
    """
    # SQLite itself does not wait here for processes that open the new file at the same moment.
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            break
    db.execute(f"PRAGMA synchronous = {synchronous}")


def _make_file(path: str) -> None:
    folder = Path(path).absolute().parent
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
