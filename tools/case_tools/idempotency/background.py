"""Rows that nobody asks for: searched for in the background, ended, and forgotten in time."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import anyio

from case_tools.errors import CaseError
from case_tools.idempotency.reconciliation import SETTLED_SECONDS, Reconciliation
from case_tools.results import Written
from case_tools.state import Intent, LeaseStore, LedgerRow, LedgerStore

_KEPT_SECONDS: Final = 30 * 24 * 3600.0
_RESOLVED_SECONDS: Final = 24 * 3600.0
_PRUNED_EVERY: Final = 3600.0
_LEASE: Final = "reconciliation"
_LEASE_SECONDS: Final = 30.0
_CLOSING_SECONDS: Final = 2.0
_SEARCH_SECONDS: Final = 600.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 5.0, 60.0
_FIRST_DELAY, _LONGEST_DELAY = 60.0, 3600.0
_log = logging.getLogger(__name__)


Report = Callable[[Intent, str, str], None]
"""Takes a write whose row ended in the background: what it came to, and the reference of what was found."""


def no_report(_intent: Intent, _outcome: str, _ref: str) -> None:
    """Take no notice."""


class BackgroundReconciliation:
    """Ends the rows of one desk; one process on the state does it for all.

    Args:
        store: the ledger.
        leases: decides which process.
        desk: the desk's name in the rows.
        reconciliation: searches and settles.
        report: called with each row that ends here.
    """

    def __init__(
        self,
        store: LedgerStore,
        leases: LeaseStore,
        *,
        desk: str,
        reconciliation: Reconciliation,
        report: Report = no_report,
    ) -> None:
        self._store = store
        self._leases = leases
        self._desk = desk
        self._reconciliation = reconciliation
        self._report = report
        self._owner = secrets.token_hex(8)
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._delays: dict[str, tuple[float, float]] = {}
        self._pruned_at = float("-inf")

    def start(self) -> None:
        """Begin, with the rows of any process that have no end."""
        self._task = asyncio.create_task(self._run())

    def wake(self) -> None:
        """Look again soon: a row stayed without an end."""
        self._wake.set()

    async def close(self) -> None:
        """Stop; what is not ended is ended by the next process."""
        if self._task is not None:
            self._task.cancel()
            with anyio.CancelScope(shield=True), anyio.move_on_after(_CLOSING_SECONDS), suppress(CaseError):
                await asyncio.gather(self._task, return_exceptions=True)
                await self._hold(0)

    async def round(self) -> float:
        """Do what is due; return the seconds until there may be more to do."""
        if not await self._hold(_LEASE_SECONDS):
            return _LEASE_SECONDS / 2
        if time.monotonic() - self._pruned_at > _PRUNED_EVERY:
            await self._store.prune(keep=_KEPT_SECONDS, resolve=_RESOLVED_SECONDS)
            self._pruned_at = time.monotonic()
        rows = await self._store.open_rows(self._desk)
        self._delays = {row.intent.key: each for row in rows if (each := self._delays.get(row.intent.key))}
        if due := [row for row in rows if self._is_due(row)]:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._keep_holding)
                await self._settle(due)
                tasks.cancel_scope.cancel()
            rows = await self._store.open_rows(self._desk)
        return min([_LONGEST_PAUSE, *(self._due_in(row) for row in rows)])

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                pause = await self.round()
            except CaseError as error:
                _log.warning("unfinished writes could not be looked up: %s", type(error).__name__)
                pause = _LONGEST_PAUSE
            with anyio.move_on_after(max(pause, _SHORTEST_PAUSE)):
                await self._wake.wait()
                await anyio.sleep(_SHORTEST_PAUSE)

    async def _settle(self, due: Sequence[LedgerRow]) -> None:
        found = await self._reconciliation.search_in_background(due, time.monotonic() + _SEARCH_SECONDS)
        for row in due:
            shown = found.get(row.intent.key)
            ended = await self._reconciliation.settle(row, shown, state="found")
            if isinstance(ended, Written):
                self._report(row.intent, "reconciled", ended.ref or "")
            elif ended is not None and ended.conclusive and self._reconciliation.is_settled(row):
                self._report(row.intent, "not_there", "")
            if shown is None or not (shown.conclusive or shown.records):
                delay = min(self._delays.get(row.intent.key, (0.0, _FIRST_DELAY / 2))[1] * 2, _LONGEST_DELAY)
                self._delays[row.intent.key] = (row.read_at + delay, delay)

    def _is_due(self, row: LedgerRow) -> bool:
        waits = row.read_at < self._delays.get(row.intent.key, (0.0, 0.0))[0]
        return not (waits or self._reconciliation.in_the_air(row)) and self._reconciliation.is_due(row)

    def _due_in(self, row: LedgerRow) -> float:
        """Return in how many seconds a search may say more of the row than the last one."""
        settled_in = SETTLED_SECONDS - row.overdue if row.overdue < SETTLED_SECONDS else 0.0
        return max(settled_in, self._delays.get(row.intent.key, (0.0, 0.0))[0] - row.read_at, _SHORTEST_PAUSE)

    async def _keep_holding(self) -> None:
        while True:
            await anyio.sleep(_LEASE_SECONDS / 3)
            with suppress(CaseError):
                await self._hold(_LEASE_SECONDS)

    async def _hold(self, seconds: float) -> bool:
        return await self._leases.hold(_LEASE, owner=self._owner, seconds=seconds)
