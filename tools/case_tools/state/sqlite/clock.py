"""The clock of a state in a file: it cannot jump while the machine runs, and is one for all processes.

It is the machine's time since its boot, plus what the wall clock was ahead of that when the file was first opened
in this boot, which is kept in the file.
"""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_AHEAD: Final = "SELECT ahead FROM clock WHERE boot = ?"
_LATEST: Final = (
    "SELECT max(max(claimed_at), max(coalesce(last_sent_at, 0)), max(coalesce(ended_at, 0))) FROM ledger"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BootClock:
    """What the clock is made of.

    Attributes:
        boot: identifies this boot of the machine.
        elapsed: the seconds since the boot, those of a suspended machine included.
        wall: seconds since 1970, asked at the first opening in a boot.
    """

    boot: str
    elapsed: Callable[[], float]
    wall: Callable[[], float] = time.time

    def start(self, db: sqlite3.Connection) -> None:
        """Note how far the wall clock is ahead, unless this boot is known; call it inside a transaction.

        No time before the latest in the file is given out, even where the wall clock is wrong at the boot.
        """
        if db.execute(_AHEAD, (self.boot,)).fetchone() is None:
            (latest,) = db.execute(_LATEST).fetchone()
            ahead = max(self.wall(), latest or 0.0) - self.elapsed()
            db.execute("DELETE FROM clock")
            db.execute("INSERT INTO clock (boot, ahead) VALUES (?, ?)", (self.boot, ahead))

    def started(self, db: sqlite3.Connection) -> bool:
        """Tell whether this boot is known to the file."""
        return db.execute(_AHEAD, (self.boot,)).fetchone() is not None

    def now(self, db: sqlite3.Connection) -> float:
        """Return the time by this file."""
        (ahead,) = db.execute(_AHEAD, (self.boot,)).fetchone()
        return float(self.elapsed() + ahead)


def machine_clock() -> BootClock:
    """Return this machine's; where it does not tell one boot from another, its wall clock has to do."""
    try:
        boot = _BOOT_ID.read_text(encoding="ascii").strip()
        clock = time.CLOCK_BOOTTIME
    except (OSError, AttributeError):
        return BootClock(boot="no boot id", elapsed=time.time)
    return BootClock(boot=boot, elapsed=lambda: time.clock_gettime(clock))
