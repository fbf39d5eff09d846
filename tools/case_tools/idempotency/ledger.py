"""Creates and appends, each done at most once whatever breaks, and found again where its answer was lost."""

import asyncio
import logging
import secrets
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import anyio

from case_tools.errors import CaseError, ConfigurationError, NotApplied
from case_tools.idempotency import messages as answers
from case_tools.idempotency.rows import Ending, Intent, Outcome, Row, SearchFacts, Store
from case_tools.idempotency.single_flight import SingleFlight
from case_tools.results import ParsedRecord, Written

_KEPT_SECONDS: Final = 30 * 24 * 3600.0
_SETTLED_SECONDS: Final = 60.0
_TAKEN_OVER_AFTER: Final = 2.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 4.0
_SEARCHES_ASIDE: Final = 2
_LATER: Final = (0.0, 2.0, 5.0, 15.0, 60.0, 300.0)
_log = logging.getLogger(__name__)

T = TypeVar("T")
Before = Callable[[SearchFacts], Awaitable[None]]
"""Awaited before the first byte of each attempt, with what a search will need to find it."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """How one call's write is done.

    Attributes:
        send: does it.
        deadline: when the caller must have an answer, by the monotonic clock.
        again: how it is done a second time on purpose.
        since: from when on an equal one that is done counts as this one, where that is before the window.
    """

    send: Callable[[Before], Awaitable[Written]]
    deadline: float
    again: str
    since: float | None = None


Find = Callable[[Row, float], Awaitable[Found | None]]
"""Search for what a row sent, until a deadline; None where it could not be searched for."""


class _NotOursAnyMore(Exception):
    """Another process took the row over before its first byte left."""


class IdempotencyLedger:
    """The writes of one desk that must not be done twice.

    Args:
        store: where the rows are kept.
        desk: the desk's name in the rows.
        find: searches for what a row sent.
        clock: seconds since 1970, by which rows of all processes are compared.
        window: for how many seconds equal arguments mean the same intent.
        life: how many seconds a request can be under way.
    """

    def __init__(
        self, store: Store, *, desk: str, find: Find, window: float, life: float, clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._desk = desk
        self._find = find
        self._clock = clock
        self._window = window
        self._life = life
        self._settled = min(_SETTLED_SECONDS, window)
        self._flights: SingleFlight[Written] = SingleFlight()
        self._digests: dict[str, str] = {}
        self._later: set[asyncio.Task[None]] = set()
        self._few_at_once = asyncio.Semaphore(_SEARCHES_ASIDE)
        self._closing = False

    async def run(self, intent: Intent, work: Work) -> Written:
        """Do the work unless its intent was done; return what it came to, now or then.

        Raises:
            Rejected: the key was given before with other arguments.
            NotDone: it was sent before without an answer, and is not at the desk.
            CaseError: the desk refused it.
        """
        if intent.key in self._flights and self._digests.get(intent.key) != intent.digest:
            raise answers.other_arguments()
        self._digests[intent.key] = intent.digest
        try:
            written, joined = await self._flights.share(intent.key, lambda: self._fly(intent, work))
        finally:
            if intent.key not in self._flights:
                self._digests.pop(intent.key, None)
        return answers.replayed(written, work.again) if joined and written.outcome != "unknown" else written

    async def finished(self, intent: Intent, *, again: str) -> Written | None:
        """Return the answer to a write that was finished before; None where it was not.

        Args:
            intent: the write.
            again: how it is done a second time on purpose.

        Raises:
            Rejected: the key was given before with other arguments.
            NotApplied: the desk had shown something else than asked.
        """
        row = await self._kept(self._store.get(intent.key))
        if row is None:
            return None
        if row.intent.digest != intent.digest:
            raise answers.other_arguments()
        expired = not intent.named and row.state == "done" and (row.ended_at or 0.0) < self._clock() - self._window
        return await self._told(row, again) if row.state in {"found", "done"} and not expired else None

    async def resume(self) -> None:
        """Begin to search for what was sent, by whomever, and has no end; forget what is old."""
        now = self._clock()
        for row in await self._kept(self._store.open_rows(self._desk, forget_before=now - _KEPT_SECONDS)):
            self._search_later(row)

    async def close(self, seconds: float) -> None:
        """Let what has left come to its end, at most so long; nothing more leaves."""
        self._closing = True
        for task in self._later:
            task.cancel()
        with anyio.CancelScope(shield=True):
            await asyncio.gather(*self._later, return_exceptions=True)
        await self._flights.land(seconds)

    async def _fly(self, intent: Intent, work: Work) -> Written:
        owner = secrets.token_hex(8)
        began = time.monotonic()
        pause = _FIRST_PAUSE / 8
        instead: Row | None = None
        while True:
            now = self._clock()
            since = min(now - self._window, now if work.since is None else work.since)
            row = await self._kept(self._store.claim(intent, owner=owner, now=now, since=since, instead=instead))
            if row.intent.digest != intent.digest:
                raise answers.other_arguments()
            if row.owner == owner:
                try:
                    return await self._send(row, work)
                except _NotOursAnyMore:
                    continue
            if row.state in {"found", "done"}:
                return await self._told(row, work.again)
            if row.state != "claimed":
                ended = await self._look(row, work)
                if ended is not None:
                    return ended
                continue
            instead = row if time.monotonic() - began >= _TAKEN_OVER_AFTER else None
            await anyio.sleep(pause)
            pause = min(pause * 2, _FIRST_PAUSE)

    async def _send(self, row: Row, work: Work) -> Written:
        key, left = row.intent.key, False

        async def before(sought: SearchFacts) -> None:
            nonlocal left
            if self._closing:
                raise answers.stopping(row.intent.tool)
            marking = self._store.mark_sent(key, owner=row.owner, sought=sought, now=self._clock())
            if not await self._kept(marking):
                raise _NotOursAnyMore
            left = True

        try:
            written = await work.send(before)
        except CaseError as error:
            return await self._refused(row, work, error)
        except BaseException:
            if not left:
                with anyio.CancelScope(shield=True):
                    await self._note(self._store.release(key, owner=row.owner))
            raise
        outcome = Outcome(ref=written.ref or "", id=written.id or "", case=written.case or "")
        await self._note(self._store.finish(key, state="done", now=self._clock(), outcome=outcome))
        return written

    async def _refused(self, row: Row, work: Work, error: CaseError) -> Written:
        """Note what the error says of the row; look for it where the error leaves that open."""
        key, now = row.intent.key, self._clock()
        if isinstance(error, NotApplied):
            outcome = Outcome(ref=error.ref, id=error.ref, applied=False)
            await self._note(self._store.finish(key, state="done", now=now, outcome=outcome))
            raise error
        if error.changed != "unknown":
            await self._note(self._store.release(key, owner=row.owner))
            raise error
        await self._note(self._store.finish(key, state="unknown", now=now))
        kept = await self._kept(self._store.get(key))
        ended = await self._look(kept, work, just_sent=True) if kept else None
        if ended is None:
            raise error
        return ended

    async def _look(self, row: Row, work: Work, *, just_sent: bool = False) -> Written | None:
        """Search for what the row sent until it is found or the time is up; None where it must be claimed anew."""
        pause = _FIRST_PAUSE
        while True:
            found = await self._search(row, work.deadline)
            if isinstance(found, Written):
                return found
            gone = self._gone(row)
            if found is not None and found.conclusive and gone > self._settled:
                await self._not_there(row, work, gone, just_sent=just_sent)
                return None
            can_tell = found is None or found.conclusive
            if self._closing or not can_tell or work.deadline - time.monotonic() <= pause:
                if just_sent:
                    self._search_later(row)
                return answers.unknown(row, searched=found is not None)
            await anyio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            now_row = await self._kept(self._store.get(row.intent.key))
            if now_row is None or now_row.state in {"claimed", "abandoned"}:
                return None
            if now_row.state in {"found", "done"}:
                return await self._told(now_row, work.again)
            row = now_row

    async def _told(self, row: Row, again: str) -> Written:
        """Return what a row came to; where no caller has heard it yet, the window begins now."""
        if row.state == "found":
            ending = self._store.finish(row.intent.key, state="done", now=self._clock(), outcome=row.outcome)
            await self._note(ending)
        return answers.stored(row, again)

    async def _not_there(self, row: Row, work: Work, gone: float, *, just_sent: bool) -> None:
        """Refuse a repeat of what is not at the desk.

        Where the key was derived, equal arguments are another intent once the window has passed since that could
        be told; then the row makes place.
        """
        if not (just_sent or row.intent.named) and gone > self._settled + self._window:
            await self._kept(self._store.finish(row.intent.key, state="abandoned", now=self._clock()))
            return
        raise answers.not_there(row, self._clock() - (row.sent_at or (0.0, 0.0))[1], work.again)

    def _gone(self, row: Row) -> float:
        """Return for how many seconds nobody has waited for the row's answer any more, negative while one may."""
        last = (row.sent_at or (0.0, 0.0))[1] + self._life if row.state == "sent" else row.ended_at or 0.0
        return self._clock() - last

    async def _search(self, row: Row, deadline: float, *, ending: Ending = "done") -> Written | Found | None:
        """Search once; what is found ends the row."""
        found = await self._find(row, deadline)
        if found is None or not found.records:
            return found
        now, records = self._clock(), found.records
        outcomes = [Outcome(ref=each.ref or each.id, id=each.id, case=each.case) for each in records]
        if found.exclusive:
            # Whoever was told that it is not there may have done it again on purpose: that is the later one's.
            told = self._gone(row) > self._settled
            taking = self._store.take(
                row.intent.key, desk=self._desk, found=outcomes, now=now, state=ending, yields=told
            )
            free = await self._kept(taking)
            if free is None:
                return replace(found, records=(), conclusive=False)
            records = [each for each in records if each.id in free]
            if not records:
                return replace(found, records=())
        else:
            await self._note(self._store.finish(row.intent.key, state=ending, now=now, outcome=outcomes[0]))
        return answers.reconciled(records)

    def _search_later(self, row: Row) -> None:
        task = asyncio.create_task(self._until_found(row))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _until_found(self, row: Row) -> None:
        for seconds in _LATER:
            await anyio.sleep(seconds)
            try:
                now_row = await self._store.get(row.intent.key)
                if now_row is None or now_row.state not in {"sent", "unknown"}:
                    return
                async with self._few_at_once:
                    found = await self._search(now_row, time.monotonic() + _SETTLED_SECONDS, ending="found")
                if isinstance(found, Written):
                    return
            except (CaseError, sqlite3.Error) as error:
                _log.warning("%s: the search for what was sent failed: %s", row.intent.tool, type(error).__name__)

    @staticmethod
    async def _kept(work: Awaitable[T]) -> T:
        """Await what the store must do before anything may leave."""
        try:
            return await work
        except sqlite3.Error as error:
            raise ConfigurationError(
                f"The state cannot be read or written ({type(error).__name__}).",
                next_step="The administrator checks the file that CASE_MCP_STATE names, and its disk.",
            ) from None

    @staticmethod
    async def _note(work: Awaitable[None]) -> None:
        """Await what the store should do; where it cannot, a repeat will search, so the call goes on."""
        try:
            await work
        except sqlite3.Error as error:
            _log.error("the state could not be written: %s", type(error).__name__)
