"""The number of requests a minute that the desk takes, counted over a sliding window."""

import math
from collections import deque
from collections.abc import Callable

from case_tools.embedded.refusals import RefusedError

_WINDOW = 60.0


class RequestQuota:
    """How many requests a minute are admitted; without a rate, all are."""

    def __init__(self, rate: int | None, monotonic: Callable[[], float]) -> None:
        """Start with nothing used."""
        self._rate = rate
        self._monotonic = monotonic
        self._admitted: deque[float] = deque()

    def admit(self, refusal: str) -> None:
        """Count a request.

        Raises:
            RefusedError: the last minute's allowance is used up; ``refusal`` is its message.

        """
        if not self._rate:
            return
        now = self._monotonic()
        while self._admitted and self._admitted[0] <= now - _WINDOW:
            self._admitted.popleft()
        if len(self._admitted) >= self._rate:
            seconds = max(1, math.ceil(self._admitted[0] + _WINDOW - now))
            raise RefusedError(429, refusal, headers={"retry-after": str(seconds)})
        self._admitted.append(now)
