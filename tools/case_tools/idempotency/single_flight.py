"""Writes under way: each in a task of its own that outlives its caller, one for all who want the same."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, TypeVar

import anyio

T = TypeVar("T")


def _ignore(_: object) -> None:
    """Take no notice."""


class SingleFlight(Generic[T]):
    """Tasks by key. A caller that goes away leaves its task to finish: what has left cannot be called back."""

    def __init__(self) -> None:
        self._under_way: dict[str, asyncio.Task[T]] = {}

    async def share(
        self, key: str, work: Callable[[], Coroutine[Any, Any, T]], *, on_end: Callable[[object], None] = _ignore
    ) -> tuple[T, bool]:
        """Return what the work under this key comes to, and whether it was another caller's.

        Args:
            key: what makes two callers want the same.
            work: does it; begun only where nothing is under way under this key.
            on_end: called with the result or the error of the work, if it was begun for this caller.
        """
        task = self._under_way.get(key)
        joined = task is not None
        if task is None:
            task = asyncio.create_task(work())
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._landed(key, done, on_end))
        return await asyncio.shield(task), joined

    def __contains__(self, key: str) -> bool:
        return key in self._under_way

    async def land(self, seconds: float) -> None:
        """Wait until everything under way has ended, at most so long; then cancel what is left."""
        with anyio.move_on_after(seconds, shield=True):
            while self._under_way:
                await asyncio.wait([*self._under_way.values()])
        left = [*self._under_way.values()]
        for task in left:
            task.cancel()
        with anyio.CancelScope(shield=True):
            await _all_ended(left)

    def _landed(self, key: str, done: asyncio.Task[T], on_end: Callable[[object], None]) -> None:
        del self._under_way[key]
        if not done.cancelled():
            on_end(done.exception() or done.result())  # nobody else may be left to ask for it


async def _all_ended(tasks: list[asyncio.Task[Any]]) -> None:
    ended: Awaitable[Any] = asyncio.gather(*tasks, return_exceptions=True)
    await ended
