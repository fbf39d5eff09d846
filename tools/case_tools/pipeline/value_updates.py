"""Updates that only set values: sent whenever they are called, but shared while an equal one is under way."""

import time
from collections.abc import Awaitable, Callable

from case_tools.idempotency.single_flight import SingleFlight
from case_tools.pipeline.invocation import Built
from case_tools.results import Written
from case_tools.state import digest_of


class ValueUpdates:
    """The updates under way.

    An equal call joins one only while nothing else was sent to the same case since: High, Low, High must end High.
    """

    def __init__(self) -> None:
        self._under_way: SingleFlight[Written] = SingleFlight()
        self._latest: dict[str, str] = {}

    async def share(self, built: Built, send: Callable[[], Awaitable[Written]]) -> Written:
        """Send an update, or join the equal one that is under way."""
        place = digest_of([built.request.template, {**built.request.path}])
        update = digest_of([built.invocation.caller, built.request.body])
        key = self._latest.get(place, "")
        if not (key.startswith(update) and key in self._under_way):
            key = f"{update} {time.monotonic_ns()}"
            self._latest[place] = key

        async def work() -> Written:
            return await send()

        try:
            return (await self._under_way.share(key, work, on_end=built.invocation.call.effort.on_end))[0]
        finally:
            if key not in self._under_way and self._latest.get(place) == key:
                del self._latest[place]

    async def close(self, seconds: float) -> None:
        """Wait for what is under way, at most so long."""
        await self._under_way.land(seconds)
