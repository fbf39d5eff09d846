"""A number of places that callers share: taken round-robin by caller, and held fairly while others wait."""

import contextlib
import itertools
from collections import Counter, deque
from collections.abc import AsyncIterator
from typing import Literal

import anyio

Turn = Literal["waiting", "granted", "refused"]


class NoPlace(Exception):
    """Too many wait already.

    Attributes:
        others: whether other callers are active, so that this one takes more than its share.
    """

    def __init__(self, *, others: bool) -> None:
        super().__init__("no place")
        self.others = others


class _Waiter:
    """One caller that waits for a place."""

    def __init__(self) -> None:
        self.turn: Turn = "waiting"
        self.decided = anyio.Event()

    def decide(self, turn: Turn) -> None:
        self.turn = turn
        self.decided.set()


class FairPlaces:
    """Places shared by callers.

    While others wait, no caller takes more than max(1, places / active callers).

    Args:
        places: how many there are.
        waiting: how many may wait; the caller with the most waiting gives way to others.
        spare: how many a caller leaves free that takes more than its share, so that the next one need not wait.
    """

    def __init__(self, places: int, *, waiting: int, spare: int = 0) -> None:
        self._places = places
        self._spare = spare
        self._most_waiting = waiting
        self._held: Counter[str] = Counter()
        self._waiting: dict[str, deque[_Waiter]] = {}
        self._served: dict[str, int] = {}
        self._turns = itertools.count()

    @property
    def are_free(self) -> bool:
        """Whether nobody holds a place or waits for one."""
        return not self._held and not self._waiting

    @contextlib.asynccontextmanager
    async def held(self, caller: str) -> AsyncIterator[None]:
        """Hold a place, after waiting for it where none may be taken.

        Raises:
            NoPlace: too many wait already.
        """
        await self._take(caller)
        try:
            yield
        finally:
            self._give_back(caller)

    async def _take(self, caller: str) -> None:
        if caller not in self._waiting and self._may_take(caller):
            self._serve(caller)
            return
        self._make_room(caller)
        waiter = _Waiter()
        self._waiting.setdefault(caller, deque()).append(waiter)
        try:
            await waiter.decided.wait()
        except BaseException:
            if waiter.turn == "granted":
                self._give_back(caller)
            elif waiter.turn == "waiting":
                self._remove(caller, waiter)
                self._grant()
                self._forget(caller)
            raise
        if waiter.turn == "refused":
            raise NoPlace(others=True)

    def _give_back(self, caller: str) -> None:
        self._held[caller] -= 1
        if not self._held[caller]:
            del self._held[caller]
        self._grant()
        self._forget(caller)

    def _serve(self, caller: str) -> None:
        self._held[caller] += 1
        self._served[caller] = next(self._turns)

    def _may_take(self, caller: str) -> bool:
        free, held = self._places - self._held.total(), self._held[caller]
        active = len({*self._held, *self._waiting, caller})
        if free <= 0:
            return False
        if any(each != caller for each in self._waiting):
            return held < max(1, self._places // active)
        return free > self._spare or held < max(1, self._places // (active + 1))

    def _grant(self) -> None:
        """Give free places to those whose turn it is: who was served longest ago comes first."""
        while ready := [each for each in self._waiting if self._may_take(each)]:
            caller = min(ready, key=lambda each: self._served.get(each, -1))
            waiter = self._waiting[caller][0]
            self._remove(caller, waiter)
            self._serve(caller)
            waiter.decide("granted")

    def _make_room(self, caller: str) -> None:
        if sum(map(len, self._waiting.values())) < self._most_waiting:
            return
        own = len(self._waiting.get(caller, ()))
        busiest = max(self._waiting, key=lambda each: len(self._waiting[each]), default=caller)
        if len(self._waiting.get(busiest, ())) <= own + 1:
            raise NoPlace(others=bool({*self._held, *self._waiting} - {caller}))
        newest = self._waiting[busiest][-1]
        self._remove(busiest, newest)
        newest.decide("refused")

    def _remove(self, caller: str, waiter: _Waiter) -> None:
        self._waiting[caller].remove(waiter)
        if not self._waiting[caller]:
            del self._waiting[caller]

    def _forget(self, caller: str) -> None:
        if caller not in self._held and caller not in self._waiting:
            self._served.pop(caller, None)
