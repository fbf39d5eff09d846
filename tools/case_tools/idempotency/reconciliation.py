"""Finding at the desk what was sent without an answer, and ending its row in the ledger."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import anyio

from case_tools.idempotency import messages
from case_tools.results import ParsedRecord, Written
from case_tools.state import LedgerRow, LedgerStore, RowEnd, WriteOutcome

SETTLED_SECONDS: Final = 60.0
"""How long after its sender gave up on a write a search that does not show it may still be wrong."""

_DEAD_AFTER: Final = 10.0
_LAGGING_PAUSE: Final = 5.0
_MOST_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search for something sent has shown.

    Attributes:
        records: the cases or tasks that it may be, the likeliest first.
        conclusive: whether the search saw everything that it could be, so that no record means none there.
        exclusive: whether a record can be what one row alone has made.
    """

    records: Sequence[ParsedRecord]
    conclusive: bool
    exclusive: bool = False


class Find(Protocol):
    """Searches the desk for what rows sent."""

    async def __call__(
        self, rows: Sequence[LedgerRow], deadline: float, *, background: bool
    ) -> Mapping[str, Found]:
        """Return by key what was found, until a deadline; without what could not be searched for.

        In the background it has a tenth of the account's rate, and waits for callers.
        """


class Reconciliation:
    """Searches for rows of one desk; rows that are asked for at the same time share their searches.

    Args:
        store: the ledger.
        desk: the desk's name in the rows.
        find: searches for what rows sent.
    """

    def __init__(self, store: LedgerStore, *, desk: str, find: Find) -> None:
        self._store = store
        self._desk = desk
        self._find = find
        self._waiting: dict[str, tuple[LedgerRow, float, asyncio.Future[Found | None]]] = {}
        self._searching: asyncio.Task[None] | None = None
        self._searched: dict[str, float] = {}
        self._lags = False

    def in_the_air(self, row: LedgerRow) -> bool:
        """Tell whether a living sender still waits for the row's answer."""
        alive = row.beat_at is not None and row.read_at - row.beat_at < _DEAD_AFTER
        return row.state == "sent" and row.overdue < 0 and alive

    def is_settled(self, row: LedgerRow) -> bool:
        """Tell whether a search that does not show the row is to be believed."""
        return row.overdue > SETTLED_SECONDS

    def is_due(self, row: LedgerRow) -> bool:
        """Tell whether another search may say more than the last one did."""
        searched_at = self._searched.get(row.intent.key)
        if searched_at is None or self.is_settled(row):
            return True
        return self._lags and row.read_at - searched_at > _LAGGING_PAUSE

    async def search(self, row: LedgerRow, deadline: float) -> Found | None:
        """Search for one row together with all that wait; None where it could not be searched for in time."""
        key = row.intent.key
        if key in self._waiting:
            future = self._waiting[key][2]
        else:
            future = asyncio.get_running_loop().create_future()
            self._waiting[key] = (row, deadline, future)
        if self._searching is None:
            self._searching = asyncio.create_task(self._search_all())
        with anyio.move_on_after(max(deadline - time.monotonic(), 0.0)):
            return await asyncio.shield(future)
        return None

    async def search_in_background(self, rows: Sequence[LedgerRow], deadline: float) -> Mapping[str, Found]:
        """Search for rows that no caller asks for."""
        return await self._find(rows, deadline, background=True)

    async def settle(
        self, row: LedgerRow, found: Found | None, *, state: RowEnd = "done"
    ) -> Written | Found | None:
        """End the row with what was found; return the result, or what is left of what was found.

        Raises:
            StateError: the ledger cannot be read or written.
        """
        if found is None:
            return None
        if not found.records:
            return await self._not_shown(row, found)
        outcomes = [WriteOutcome(ref=each.ref or each.id, id=each.id, case=each.case) for each in found.records]
        records = [*found.records]
        if found.exclusive:
            # A caller to whom it was not there may have done it again on purpose: that is the later row's.
            free = await self._store.take(
                row.intent.key, desk=self._desk, found=outcomes, state=state, yields=self.is_settled(row)
            )
            if free is None:
                return replace(found, records=(), conclusive=False)
            records = [each for each in records if each.id in free]
            if not records:
                return await self._not_shown(row, replace(found, records=()))
        else:
            await self._store.finish(row.intent.key, state=state, outcome=outcomes[0])
        self._lags = self._lags or row.intent.key in self._searched
        self._searched.pop(row.intent.key, None)
        return messages.reconciled(records)

    async def _not_shown(self, row: LedgerRow, found: Found) -> Found:
        """End the row where the search is to be believed."""
        if not found.conclusive:
            return found
        if self.is_settled(row):
            self._searched.pop(row.intent.key, None)
            await self._store.finish(row.intent.key, state="not_there")
        else:
            if len(self._searched) >= _MOST_REMEMBERED:
                self._searched.pop(next(iter(self._searched)))
            self._searched[row.intent.key] = row.read_at
        return found

    async def close(self) -> None:
        """End the searches."""
        if self._searching is not None:
            self._searching.cancel()
            await asyncio.gather(self._searching, return_exceptions=True)

    async def _search_all(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = [*self._waiting.values()], {}
                try:
                    until = max(until for _, until, _ in batch)
                    found = await self._find([row for row, _, _ in batch], until, background=False)
                except BaseException:
                    _answer_nothing(batch)
                    raise
                for row, _, future in batch:
                    if not future.done():
                        future.set_result(found.get(row.intent.key))
        finally:
            self._searching = None
            _answer_nothing([*self._waiting.values()])
            self._waiting = {}


def _answer_nothing(batch: Sequence[tuple[LedgerRow, float, asyncio.Future[Found | None]]]) -> None:
    for _, _, future in batch:
        if not future.done():
            future.set_result(None)
