"""Names that the desk has shown, kept in memory at once and in the state when the response has gone out."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

import anyio

from case_tools.adapter.names import LearnedName, LearnedNames
from case_tools.state.sqlite.backend import Memory

_KEPT_SECONDS: Final = 30 * 24 * 3600.0


class Learner:
    """Learns names.

    Args:
        store: where names are kept for the next process.

    Attributes:
        names: the names of this process.
    """

    def __init__(self, store: Memory) -> None:
        self._store = store
        self._writes: set[asyncio.Task[None]] = set()
        self.names = LearnedNames()

    async def recall(self) -> None:
        """Learn what earlier processes have kept."""
        self.names.learn(await self._store.recall(forget_before=time.time() - _KEPT_SECONDS))

    def learn(self, names: Sequence[LearnedName]) -> None:
        """Keep names; writing them to the state goes on in the background."""
        self.names.learn(names)
        lasting = [each for each in names if each.lasts]
        if lasting:
            task = asyncio.create_task(self._store.learn(lasting, now=time.time()))
            self._writes.add(task)
            task.add_done_callback(self._written)

    async def close(self) -> None:
        """Wait for the writes in the background."""
        with anyio.CancelScope(shield=True):
            await asyncio.gather(*self._writes, return_exceptions=True)

    def _written(self, task: "asyncio.Task[None]") -> None:
        self._writes.discard(task)
        if not task.cancelled():
            task.exception()  # a name that could not be kept is searched for again
