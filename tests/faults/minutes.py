"""The minute after which a search that does not show a write is believed: passed on the clock of the states.

Callers who were told `unknown` wait for it. Once nobody has a call in the air, the time of each state and of the
desk moves on; what a desk does late has been done by then.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import anyio
from anyio.abc import TaskGroup

from faults.desk import Desk

_A_MINUTE: Final = 61.0


class Minutes:
    """Lets minutes pass for all callers at once.

    Attributes:
        passed: how many have passed.
        states: let time pass in each state.
    """

    def __init__(self, tasks: TaskGroup, desk: Desk, *, late: float) -> None:
        self.passed = 0
        self._desk = desk
        self.states: Sequence[Callable[[float], Awaitable[None]]] = ()
        self._tasks = tasks
        self._late = late
        self._active = 0
        self._waiting = 0
        self._passes = anyio.Event()
        self._quiet: anyio.Event | None = None

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[None]:
        """Be a caller; nobody begins while a minute passes."""
        while self._quiet is not None:
            await self._quiet.wait()
        self._active += 1
        try:
            yield
        finally:
            self._active -= 1
            self._pass_if_all_wait()

    async def wait(self) -> None:
        """Wait until a minute has passed."""
        passes = self._passes
        self._waiting += 1
        self._pass_if_all_wait()
        try:
            await passes.wait()
        except anyio.get_cancelled_exc_class():
            if passes is self._passes:
                self._waiting -= 1
            raise

    def _pass_if_all_wait(self) -> None:
        if self._waiting and self._waiting == self._active and self._quiet is None:
            self._quiet = anyio.Event()
            self._tasks.start_soon(self._pass)

    async def _pass(self) -> None:
        await anyio.sleep(self._late)
        for pass_time in self.states:
            await pass_time(_A_MINUTE)
        self._desk.ahead += timedelta(seconds=_A_MINUTE)
        self.passed += 1
        passes, self._passes, self._waiting = self._passes, anyio.Event(), 0
        quiet, self._quiet = self._quiet, None
        passes.set()
        if quiet is not None:
            quiet.set()
