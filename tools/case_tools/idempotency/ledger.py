"""Creates and appends, each done at most once whatever breaks, and found again where its answer was lost."""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import anyio

from case_tools.errors import CaseError, NotApplied, StateBusy, StateError
from case_tools.idempotency import messages
from case_tools.idempotency.background import BackgroundReconciliation, Report, no_report
from case_tools.idempotency.reconciliation import Find, Found, Reconciliation
from case_tools.idempotency.single_flight import SingleFlight
from case_tools.results import Written
from case_tools.state import Intent, LedgerRow, LedgerStore, SearchFacts, StateBackend, WriteOutcome

_TAKEN_OVER_AFTER: Final = 2.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 4.0
_FIRST_SEARCH_AFTER: Final = 2.0
_BEAT_SECONDS: Final = 3.0
_NOTED_SECONDS: Final = 0.2
"""How long a call waits at least for its own end to be noted, beyond its deadline if it must."""

_READ_SECONDS: Final = 2.0

_log = logging.getLogger(__name__)

T = TypeVar("T")
Before = Callable[[SearchFacts], Awaitable[None]]
"""Awaited before the first byte of each attempt, with what a search will need to find it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """How one call's write is done.

    Attributes:
        send: does it.
        deadline: when the caller must have an answer, by the monotonic clock.
        again: how it is done a second time on purpose.
        window: for how many seconds an equal write that is done counts as this one, where longer than usual.
        spends: the confirmation that lets it through.
        on_end: called with its result or error, also where its caller is gone by then.
    """

    send: Callable[[Before], Awaitable[Written]]
    deadline: float
    again: str
    window: float = 0.0
    spends: str | None = None
    on_end: Callable[[object], None] = lambda _: None


class _RowLost(Exception):
    """Another process took the row over before its first byte left."""


class IdempotencyLedger:
    """The writes of one desk that must not be done twice.

    Args:
        state: where the rows are kept.
        desk: the desk's name in the rows.
        find: searches for what rows sent.
        window: for how many seconds equal writes mean the same intent.
        report: called with each row that ends in the background.
    """

    def __init__(
        self, state: StateBackend, *, desk: str, find: Find, window: float, report: Report = no_report
    ) -> None:
        self._store: LedgerStore = state.ledger
        self._window = window
        self._reconciliation = Reconciliation(state.ledger, desk=desk, find=find)
        self.background = BackgroundReconciliation(
            state.ledger, state.leases, desk=desk, reconciliation=self._reconciliation, report=report
        )
        self._single_flight: SingleFlight[Written] = SingleFlight()
        self._digests: dict[str, str] = {}
        self._notes: set[asyncio.Task[None]] = set()
        self._closing = False

    async def run(self, intent: Intent, work: Work) -> Written:
        """Do the work unless its intent was done; return its result, now or then.

        Raises:
            Rejected: the key was used before with other arguments.
            NotConfirmed: the confirmation was used by another write.
            NotDone: it was sent before without an answer, and is not at the desk.
            CaseError: the desk refused it, or the state cannot be used.
        """
        if intent.key in self._single_flight and self._digests.get(intent.key) != intent.digest:
            raise messages.other_arguments()
        self._digests[intent.key] = intent.digest
        try:
            written, joined = await self._single_flight.share(
                intent.key, lambda: self._fly(intent, work), on_end=work.on_end
            )
        finally:
            if intent.key not in self._single_flight:
                self._digests.pop(intent.key, None)
        return messages.replayed(written, work.again) if joined and written.outcome != "unknown" else written

    async def is_open(self, intent: Intent) -> bool:
        """Tell whether a write was sent and has no end, so that it would be searched for and not sent.

        Raises:
            StateError: the state cannot be read.
        """
        row = await _in_time(self._store.get(intent.key), time.monotonic() + _READ_SECONDS)
        return row is not None and row.state in {"sent", "unknown"}

    async def finished(self, intent: Intent, *, again: str, window: float = 0.0) -> Written | None:
        """Return the answer to a write that has an end; None where it has none, or is another intent.

        Args:
            intent: the write.
            again: how it is done a second time on purpose.
            window: for how many seconds an equal write that is done counts as this one, where longer than usual.

        Raises:
            Rejected: the key was used before with other arguments.
            NotApplied: the desk had shown something else than asked.
            NotDone: it was sent before without an answer, and is not at the desk.
            StateError: the state cannot be read.
        """
        row = await _in_time(self._store.get(intent.key), time.monotonic() + _READ_SECONDS)
        if intent.formerly is not None and (row is None or row.intent.digest == intent.formerly[1]):
            row = await _in_time(self._store.adopt(intent), time.monotonic() + _READ_SECONDS)
        if row is None:
            return None
        if row.intent.digest != intent.digest:
            raise messages.other_arguments()
        return None if row.makes_place(max(self._window, window)) else await self._ended(row, again)

    async def close(self, seconds: float) -> None:
        """Let what has left finish, at most so long; nothing more leaves."""
        self._closing = True
        await self.background.close()
        await self._single_flight.land(seconds)
        await self._reconciliation.close()
        with anyio.CancelScope(shield=True):
            await asyncio.gather(*self._notes)

    async def _fly(self, intent: Intent, work: Work) -> Written:
        owner = secrets.token_hex(8)
        instead: LedgerRow | None = None
        pause = _FIRST_PAUSE
        while True:
            claiming = self._store.claim(
                intent, owner=owner, window=max(self._window, work.window), instead=instead
            )
            try:
                row = await _in_time(claiming, work.deadline)
            except BaseException:
                # The claim that nobody waits for any more may still be written down.
                await self._release(intent.key, owner, work.deadline)
                raise
            if row.intent.digest != intent.digest:
                raise messages.other_arguments()
            if row.owner == owner:
                try:
                    return await self._send(row, work)
                except _RowLost:
                    continue
            ended = await self._ended(row, work.again)
            if ended is not None:
                return ended
            if row.state == "claimed":
                if time.monotonic() >= work.deadline:
                    raise messages.being_sent(intent.tool)
                instead = row if row.read_at - row.claimed_at >= _TAKEN_OVER_AFTER else None
                await anyio.sleep(pause)
                pause = min(pause * 2, _FIRST_PAUSE * 5)
                continue
            ended = await self._look(row, work)
            if ended is not None:
                return ended

    async def _send(self, row: LedgerRow, work: Work) -> Written:
        key, left = row.intent.key, False

        async def before(facts: SearchFacts) -> None:
            nonlocal left
            if self._closing:
                raise messages.stopping(row.intent.tool)
            seconds = max(work.deadline - time.monotonic(), 0.0)
            marking = self._store.mark_sent(key, owner=row.owner, facts=facts, seconds=seconds, spends=work.spends)
            marked = await _in_time(marking, work.deadline)
            if marked == "lost":
                raise _RowLost
            if marked == "spent":
                raise messages.confirmation_spent(row.intent.tool)
            left = True

        beating = asyncio.create_task(self._beat(row))
        try:
            written = await work.send(before)
        except CaseError as error:
            return await self._refused(row, work, error, left=left)
        except BaseException:
            if not left:
                await self._release(key, row.owner, work.deadline)
            raise
        finally:
            beating.cancel()
        outcome = WriteOutcome(ref=written.ref or "", id=written.id or "", case=written.case or "")
        await self._note(self._store.finish(key, state="done", outcome=outcome), work.deadline)
        return written

    async def _beat(self, row: LedgerRow) -> None:
        """Show while the request is in the air that its sender is alive."""
        while True:
            await anyio.sleep(_BEAT_SECONDS)
            await _logged(self._store.beat([row.intent.key], owner=row.owner))

    async def _refused(self, row: LedgerRow, work: Work, error: CaseError, *, left: bool) -> Written:
        """Note what the error means for the row; look for it where the error leaves that open."""
        key = row.intent.key
        if isinstance(error, NotApplied):
            outcome = WriteOutcome(ref=error.ref, id=error.ref, applied=False)
            await self._note(self._store.finish(key, state="done", outcome=outcome), work.deadline)
            raise error
        if error.changed != "unknown" or not left:
            await self._release(key, row.owner, work.deadline)
            raise error
        await self._note(self._store.finish(key, state="unknown"), work.deadline)
        try:
            # A desk may show what it has done a moment later; every search that comes too soon is one too many.
            await anyio.sleep(min(max(work.deadline - time.monotonic(), 0.0) / 3, _FIRST_SEARCH_AFTER))
            kept = await _in_time(self._store.get(key), work.deadline)
            ended = await self._look(kept, work) if kept else None
        except StateError:
            return messages.unknown(row, searched=False)
        if ended is None:
            raise error
        return ended

    async def _look(self, row: LedgerRow, work: Work) -> Written | None:
        """Find out what became of a row that was sent; None where it must be claimed anew.

        Raises:
            NotDone: a search that is to be believed does not show it.
        """
        pause = _FIRST_PAUSE
        found: Found | None = Found(records=(), conclusive=True)
        while True:
            in_the_air = self._reconciliation.in_the_air(row)
            if not in_the_air and self._reconciliation.is_due(row):
                found = await self._reconciliation.search(row, work.deadline)
                settled = await self._reconciliation.settle(row, found)
                if isinstance(settled, Written):
                    return settled
                found = settled
            late = work.deadline - time.monotonic() <= pause
            if self._closing or late or not (in_the_air or found is None):
                now_row = await _in_time(self._store.get(row.intent.key), time.monotonic() + _READ_SECONDS)
                if now_row is None or now_row.has_end:
                    return await self._ended(now_row, work.again) if now_row else None
                self.background.wake()
                return messages.unknown(row, searched=found is not None)
            await anyio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            now_row = await _in_time(self._store.get(row.intent.key), work.deadline)
            if now_row is None or now_row.state == "claimed":
                return None
            if now_row.has_end:
                return await self._ended(now_row, work.again)
            row = now_row

    async def _ended(self, row: LedgerRow, again: str) -> Written | None:
        """Return what a row that ended says to a caller; None for one that has not.

        Raises:
            NotDone: a search that is to be believed did not show it.
        """
        if row.state == "not_there":
            raise messages.not_there(row, again)
        if row.state == "unresolved":
            return messages.unresolved(row, again)
        if row.state == "found":
            # The window of a row found in the background begins when a caller gets it.
            finishing = self._store.finish(row.intent.key, state="done", outcome=row.outcome)
            await self._note(finishing, time.monotonic() + _READ_SECONDS)
        return messages.stored(row, again) if row.state in {"found", "done"} else None

    async def _release(self, key: str, owner: str, deadline: float) -> None:
        with anyio.CancelScope(shield=True):
            await self._note(self._store.release(key, owner=owner), deadline)

    async def _note(self, work: Coroutine[Any, Any, None], deadline: float) -> None:
        """Let the store do what it should, and wait for it while the caller has time.

        It goes on without the caller; where it fails, a repeat will search.
        """
        task = asyncio.create_task(_logged(work))
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)
        await asyncio.wait([task], timeout=max(deadline - time.monotonic(), _NOTED_SECONDS))


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except StateError as error:
        _log.error("the state could not be written: %s", type(error).__name__)


async def _in_time(work: Awaitable[T], deadline: float) -> T:
    """Await what the store must do before the call can go on, within the caller's time.

    Raises:
        StateError: it cannot, or not in time.
    """
    try:
        with anyio.fail_after(max(deadline - time.monotonic(), 0.0)):
            return await work
    except TimeoutError:
        raise StateBusy(
            "The state did not answer in time.", retry_after=5.0, next_step="Wait 5 seconds, then repeat the call."
        ) from None
