"""The account's rate where the state does not answer: a window of this process alone, so that reads go on."""

import logging
from collections import deque
from collections.abc import Callable
from typing import Final

import anyio

from case_tools.errors import StateError
from case_tools.state.ports import RateStore

_PATIENCE: Final = 0.25
_TRIED_AGAIN_AFTER: Final = 2.0
_log = logging.getLogger(__name__)


class SteadyRate:
    """Permits from the state, or half of the rate from memory while the state is locked or away.

    Args:
        store: the window of all processes.
        window: its seconds.
        monotonic: the clock of the window in memory.
    """

    def __init__(self, store: RateStore, *, window: float, monotonic: Callable[[], float]) -> None:
        self._store = store
        self._window = window
        self._monotonic = monotonic
        self._own: deque[float] = deque()
        self._away_until = 0.0

    async def consume(self, rate: int) -> float:
        """Consume one permit; return the seconds to wait, 0 if granted."""
        if self._monotonic() < self._away_until:
            return self._consume_here(rate)
        try:
            with anyio.fail_after(_PATIENCE):
                seconds = await self._store.consume(rate, window=self._window)
        except (StateError, TimeoutError) as error:
            if not self._away_until:
                _log.warning("the account's rate is counted in memory for now: %s", type(error).__name__)
            self._away_until = self._monotonic() + _TRIED_AGAIN_AFTER
            return self._consume_here(rate)
        self._away_until = 0.0
        return seconds

    def _consume_here(self, rate: int) -> float:
        now = self._monotonic()
        while self._own and self._own[0] <= now - self._window:
            self._own.popleft()
        if len(self._own) < max(rate // 2, 1):
            self._own.append(now)
            return 0.0
        return self._own[0] + self._window - now
