"""The account's requests a minute, counted where all processes of the account see it."""

import math
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

import anyio

from case_tools.errors import RateLimited
from case_tools.transport.fair_places import FairPlaces

WINDOW_SECONDS: Final = 60.0
_MOST_WAITING: Final = 10_000

Take = Callable[[int], Awaitable[float]]
"""Consume one permit of so many a minute; return the seconds to wait, 0 if granted."""


class RateLimit:
    """A number of requests a minute, as a sliding window: a burst up to the whole number goes out at once.

    Callers that wait take turns.

    Args:
        rate: requests a minute; 0 for any number.
        take: takes one, where all processes of the account count.
        monotonic: the clock of the deadlines.
    """

    def __init__(self, rate: int, *, take: Take, monotonic: Callable[[], float]) -> None:
        self._rate = rate
        self._take = take
        self._granted: deque[float] = deque()
        self._monotonic = monotonic
        self._turns = FairPlaces(1, waiting=_MOST_WAITING)
        self._next_at = float("-inf")

    async def wait(self, deadline: float, *, caller: str = "") -> None:
        """Wait until one more request may go.

        Raises:
            RateLimited: that would be past the deadline; nothing was sent.
        """
        if not self._rate:
            return
        if self._next_at >= deadline:
            raise self._used_up(self._next_at - self._monotonic())
        with anyio.move_on_after(max(deadline - self._monotonic(), 0.0)) as patience:
            async with self._turns.held(caller):
                while (seconds := await self._take(self._rate)) > 0:
                    self._next_at = self._monotonic() + seconds
                    if self._next_at >= deadline:
                        raise self._used_up(seconds)
                    await anyio.sleep(seconds)
                self._granted.append(self._monotonic())
        if patience.cancelled_caught:
            raise self._used_up(WINDOW_SECONDS / self._rate)

    def _used_up(self, seconds: float) -> RateLimited:
        return RateLimited(
            f"The account's allowance of {self._rate} requests a minute (CASE_MCP_RATE) is used up.",
            retry_after=seconds,
            by_desk=True,
            next_step=f"Wait {math.ceil(seconds)} seconds, then repeat the call.",
        )

    def left(self) -> int | None:
        """Return how many requests may still go within the minute, by this process's count; None: any number."""
        if not self._rate:
            return None
        since = self._monotonic() - WINDOW_SECONDS
        while self._granted and self._granted[0] <= since:
            self._granted.popleft()
        return max(self._rate - len(self._granted), 0)
