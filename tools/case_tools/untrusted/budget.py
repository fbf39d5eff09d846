"""What the reading of one result may cost: counted, never timed, so that the same texts always read the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Literal

Links = Literal["plain", "inert"]

MOST_ELEMENTS: Final = 1_500
"""Elements of one text; longer mails are cut there."""


@dataclass(slots=True)
class Budget:
    """What is left for one result."""

    elements: int = 20_000
    comparisons: int = 250_000
    exceeded: bool = False

    def spend(self, *, elements: int = 0, comparisons: int = 0) -> bool:
        """Take the cost away; False, and nothing more is read as HTML, where it is not covered."""
        self.elements -= elements
        self.comparisons -= comparisons
        self.exceeded = self.exceeded or self.elements < 0 or self.comparisons < 0
        return not self.exceeded


@dataclass(frozen=True, slots=True)
class Reading:
    """How the texts of one result are read."""

    links: Links
    budget: Budget


_READING: Final[ContextVar[Reading | None]] = ContextVar("reading", default=None)


@contextmanager
def reading(links: Links = "plain") -> Iterator[Budget]:
    """Read the texts of one result under one budget, which says afterwards whether it was exceeded."""
    budget = Budget()
    token = _READING.set(Reading(links, budget))
    try:
        yield budget
    finally:
        _READING.reset(token)


def current() -> Reading:
    """Return how to read: plain links and a budget for this text alone outside of `reading`."""
    return _READING.get() or Reading("plain", Budget())
