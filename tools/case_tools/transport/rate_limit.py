"""The account's requests a minute, counted where all processes of the account see it."""

import math
from collections.abc import Awaitable, Callable
from typing import Final

import anyio

from case_tools.errors import RateLimited

WINDOW_SECONDS: Final = 60.0

Take = Callable[[int], Awaitable[float]]
"""Consume one permit of so many a minute; return the seconds to wait, 0 if granted."""


class RateLimit:
    """A number of requests a minute, as a sliding window: a burst up to the whole number goes out at once.

    Args:
        rate: requests a minute; 0 for any number.
        take: takes one, where all processes of the account count.
        monotonic: the clock of the deadlines.
    """

    def __init__(self, rate: int, *, take: Take, monotonic: Callable[[], float]) -> None:
        self._rate = rate
        self._take = take
        self._monotonic = monotonic

    async def wait(self, deadline: float) -> None:
        """Wait until one more request may go.

        Raises:
            RateLimited: that would be past the deadline; nothing was sent.
        """
        while self._rate and (seconds := await self._take(self._rate)) > 0:
            if self._monotonic() + seconds >= deadline:
                raise RateLimited(
                    f"The account's allowance of {self._rate} requests a minute (CASE_MCP_RATE) is used up.",
                    retry_after=seconds,
                    by_desk=True,
                    next_step=f"Wait {math.ceil(seconds)} seconds, then repeat the call.",
                )
            await anyio.sleep(seconds)
