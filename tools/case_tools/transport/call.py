"""What a call carries to the HTTP client: its deadline, its attempts, and the desk's clock."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from case_tools.adapter.messages import Response

_SKEW_SECONDS: Final = 5.0


def _ignore(_: object) -> None:
    """Take no notice."""


@dataclass(slots=True)
class Effort:
    """What one call took so far; counted while the call runs, however it ends.

    Attributes:
        attempts: requests sent, those of a lookup or for a token among them.
        on_end: called with the result or the error of a write, also where its caller is gone by then.
    """

    attempts: int = 0
    on_end: Callable[[object], None] = _ignore


async def nothing() -> None:
    """Do nothing before the first byte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a tool.

    Attributes:
        tool: the tool's name, for messages.
        deadline: when it must end, by the monotonic clock.
        effort: what it took so far.
        before: awaited before the first byte of each attempt at the write itself.
        caller: for whom; callers that wait take turns.
    """

    tool: str
    deadline: float
    effort: Effort = field(default_factory=Effort)
    before: Callable[[], Awaitable[None]] = nothing
    caller: str = ""


class DeskClock:
    """The time, and its difference to the desk's as responses show it.

    Attributes:
        own: this machine's time.
        offset: how far the desk's time is ahead of it.
    """

    def __init__(self, own: Callable[[], datetime]) -> None:
        self.own = own
        self.offset = timedelta()
        self._skew = timedelta()

    def __call__(self) -> datetime:
        """Return the time that signs a token: our own, until the desk has refused one for it."""
        return self.own() + self._skew

    def see(self, response: Response) -> None:
        """Note the desk's time from a response; a few seconds, which headers round, count as none."""
        with suppress(ValueError, TypeError):
            shown = parsedate_to_datetime(response.headers.get("date", ""))
            offset = (shown if shown.tzinfo else shown.replace(tzinfo=UTC)) - self.own()
            self.offset = offset if abs(offset.total_seconds()) > _SKEW_SECONDS else timedelta()

    def sign_by_the_desk(self) -> None:
        """Sign by the desk's time from now on: it has refused a token."""
        self._skew = self.offset
