"""A search that lags: for a while after a write it shows what was there before."""

from collections.abc import Callable
from dataclasses import dataclass, field

from case_tools.embedded.records import DeskRecord


@dataclass(slots=True)
class SearchLag:
    """The writes of this process that a search does not show yet.

    Args:
        seconds: for how long a write is not shown.
        monotonic: the clock that counts them.
    """

    seconds: float
    monotonic: Callable[[], float]
    _writes: list[tuple[float, DeskRecord | None, DeskRecord]] = field(default_factory=list)

    def note(self, before: DeskRecord | None, after: DeskRecord) -> None:
        """Remember a write, and what was there before it."""
        if self.seconds:
            self._writes.append((self.monotonic() + self.seconds, before, after))

    def unseen(self) -> list[tuple[DeskRecord | None, DeskRecord]]:
        """Return the writes that are not shown yet, the last one first."""
        now = self.monotonic()
        self._writes = [write for write in self._writes if write[0] > now]
        return [(before, after) for _, before, after in reversed(self._writes)]
