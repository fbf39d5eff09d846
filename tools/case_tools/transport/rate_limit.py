"""How fast and how often the desk is asked: the account's allowance, and a stop after repeated failure.

Both are ours rather than a library's: the allowance must be shared by processes through the state's file, and
the stop is twenty lines; what the registries have for it is not kept up.
"""

import math
import random
from collections.abc import Awaitable, Callable
from typing import Final

import anyio

from case_tools.errors import RateLimited, TransientError, Unavailable

WINDOW_SECONDS: Final = 60.0
REPEATS: Final = 2
"""How often one request may be sent again."""

_FAILURES: Final = 5
_PROBE_SECONDS: Final = 10.0
_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 4.0

Take = Callable[[int], Awaitable[float]]
"""Take one request of an allowance of so many a minute: 0 if it may go, else the seconds until one may."""


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


class CircuitBreaker:
    """Answers at once for a desk that failed five times in a row, and tries it again every ten seconds.

    Args:
        monotonic: the clock.
    """

    def __init__(self, *, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._failures = 0
        self._probe_at = 0.0

    def check(self, tool: str) -> None:
        """Let a request pass, every ten seconds one as a probe where the desk has failed.

        Raises:
            Unavailable: the desk has failed too often; nothing was sent.
        """
        if self._failures < _FAILURES:
            return
        wait = self._probe_at - self._monotonic()
        if wait > 0:
            raise Unavailable(
                f"The desk does not answer: {tool} was not sent, as {self._failures} requests in a row failed.",
                retry_after=wait,
                next_step=f"Try again in {math.ceil(wait)} seconds; it is tried anew then.",
            )
        self._probe_at = self._monotonic() + _PROBE_SECONDS

    def record(self, *, failed: bool) -> None:
        """Count what a request came to; the first success closes the matter."""
        self._failures = self._failures + 1 if failed else 0
        if self._failures >= _FAILURES:
            self._probe_at = self._monotonic() + _PROBE_SECONDS


def pause(error: TransientError, repeats: int) -> float:
    """Return the seconds to wait before a request is sent again: what the desk asks, else more each time."""
    if error.by_desk and error.retry_after is not None:
        return error.retry_after
    ceiling = min(_FIRST_PAUSE * 2.0**repeats, _LONGEST_PAUSE)
    return random.uniform(ceiling / 2, ceiling)  # noqa: S311 - spreads callers, guards nothing
