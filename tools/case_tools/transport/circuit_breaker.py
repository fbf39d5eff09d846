"""A circuit breaker: after repeated failure calls are answered at once, without a request.

Ours rather than a library's: it is twenty lines, and those in the registry are not kept up.
"""

import math
from collections.abc import Callable
from typing import Final

from case_tools.errors import Unavailable

_FAILURES: Final = 5
_PROBE_SECONDS: Final = 10.0


class CircuitBreaker:
    """Opens after five failures in a row, and lets one request through as a probe every ten seconds.

    Args:
        monotonic: the clock.
    """

    def __init__(self, *, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._failures = 0
        self._probe_at = 0.0

    def check(self, tool: str) -> None:
        """Let a request pass; where the circuit is open, one every ten seconds.

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
        """Count a request; the first success closes the circuit."""
        self._failures = self._failures + 1 if failed else 0
        if self._failures >= _FAILURES:
            self._probe_at = self._monotonic() + _PROBE_SECONDS
