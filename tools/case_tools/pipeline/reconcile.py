"""Searching the desk for writes whose response was lost, all that one page can show with one request."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

import anyio

from case_tools.adapter.messages import Period, Request, Response
from case_tools.adapter.reconciliation import Candidates, Reconciler
from case_tools.adapter.tool import Tool
from case_tools.adapter.vendor import Vendor
from case_tools.errors import CaseError, RateLimited
from case_tools.idempotency import Found
from case_tools.state import LedgerRow, RateStore
from case_tools.transport.call import Call, DeskClock
from case_tools.transport.rate_limit import WINDOW_SECONDS
from case_tools.transport.retry import RetryingClient

_SLACK: Final = timedelta(minutes=2)
"""What clocks may differ, and seconds be cut, between when we sent and when the desk says that it created."""

_TRUSTED: Final = timedelta(seconds=90)
_LONGEST_PERIOD: Final = 600.0
_MOST_PAGES, _MOST_PAGES_IN_BACKGROUND = 5, 40
_SHARE: Final = 10
_UNLIMITED: Final = 60
"""Searches a minute in the background where the account's rate is not limited."""

_PATIENCE: Final = 5.0
_NOTHING: Final = Found(records=(), conclusive=False)


class LostWrites:
    """Finds rows of the ledger at the desk.

    Args:
        vendor: knows how what a tool sent is searched for.
        client: sends the searches.
        clock: the desk's time.
        permits: counts the searches in the background, a tenth of the rate, for all processes.
        rate: the account's requests a minute; 0 for any number.
        sleep: waits for so many seconds.
    """

    def __init__(
        self,
        vendor: Vendor,
        client: RetryingClient,
        *,
        clock: DeskClock,
        permits: RateStore,
        rate: int,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._vendor = vendor
        self._client = client
        self._clock = clock
        self._permits = permits
        self._rate = max(rate // _SHARE, 1) if rate else _UNLIMITED
        self._sleep = sleep

    async def find(self, rows: Sequence[LedgerRow], deadline: float, *, background: bool) -> Mapping[str, Found]:
        """Search for rows that were sent; return what was found by key, without what could not be searched for."""
        found = dict.fromkeys((row.intent.key for row in rows), _NOTHING)
        began = self._clock.own()
        lost = [
            LostWrite(row=row, facts=row.facts.facts) for row in rows if row.facts and row.facts.facts is not None
        ]
        for name, of_tool in groupby(sorted(lost, key=_tool_of), key=_tool_of):
            tool = self._vendor.tools.get(name)
            for batch in _batches([*of_tool]):
                if tool is None or tool.reconciler is None:
                    continue
                for each in batch:
                    del found[each.row.intent.key]
                search = Search(began=began, deadline=deadline, background=background)
                found |= await self._search(tool, tool.reconciler, batch, search)
        return found

    async def _search(
        self, tool: Tool[Any], reconciler: Reconciler, batch: Sequence["LostWrite"], search: "Search"
    ) -> Mapping[str, Found]:
        """Search for what one period holds; once more where the desk's clock turns out to be another."""
        offset = self._clock.offset
        found = await self._pages(tool, reconciler, batch, search)
        if abs(self._clock.offset - offset) > _TRUSTED:
            found = await self._pages(tool, reconciler, batch, search)
        return found

    async def _pages(
        self, tool: Tool[Any], reconciler: Reconciler, batch: Sequence["LostWrite"], search: "Search"
    ) -> Mapping[str, Found]:
        now = search.began + self._clock.offset
        periods = [each.period(now) for each in batch]
        whole = (min(since for since, _ in periods), max(until for _, until in periods))
        call = Call(tool=f"the search for what {tool.name} sent", deadline=search.deadline)
        found: dict[str, Found] = {}
        left = [*batch]
        totals: dict[str, int] = {}
        for page in range(1, search.pages + 1):
            responses: dict[str, Response | None] = {}
            further: list[LostWrite] = []
            for each in left:
                request = reconciler.search(each.facts, whole, page)
                same = repr((request.method, request.template, request.path, request.query, request.body))
                if same not in responses:
                    responses[same] = await self._response(request, call, search)
                candidates = each.candidates(reconciler, each.period(now), responses[same])
                if candidates is None:
                    continue
                totals.setdefault(each.row.intent.key, candidates.total or 0)
                if candidates.more and not candidates.records:
                    further.append(each)
                    continue
                # Where rows went from the search between two pages, one may have moved to a page already read.
                shrank = (candidates.total or 0) < totals.get(each.row.intent.key, 0)
                found[each.row.intent.key] = Found(
                    records=candidates.records,
                    conclusive=candidates.conclusive and not shrank,
                    exclusive=tool.usual_effect == "create",
                )
            left = further
        return found | {each.row.intent.key: _NOTHING for each in left}

    async def _response(self, request: Request, call: Call, search: "Search") -> Response | None:
        while True:
            try:
                if not search.background:
                    return await self._ask(request, call)
                if await self._permitted(search.deadline):
                    # It takes no place in the queue: where the rate is used up, callers go first.
                    soon = min(search.deadline, time.monotonic() + _PATIENCE)
                    return await self._ask(request, replace(call, deadline=soon))
            except RateLimited as error:
                seconds = error.retry_after or 1.0
                if not search.background or time.monotonic() + seconds > search.deadline:
                    return None
                await self._sleep(seconds)
            except CaseError:
                return None
            else:
                return None

    async def _ask(self, request: Request, call: Call) -> Response:
        return await self._client.send(request, _as_it_is, call, scope="cases:read", effect="read")

    async def _permitted(self, deadline: float) -> bool:
        while (seconds := await self._permits.consume(self._rate, window=WINDOW_SECONDS, lane="background")) > 0:
            if time.monotonic() + seconds > deadline:
                return False
            await self._sleep(seconds)
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How far a search may go.

    Attributes:
        began: the time when the rows were read, by our own clock.
        deadline: when it must be over, by the monotonic clock.
        background: whether no caller waits for it.
    """

    began: datetime
    deadline: float
    background: bool

    @property
    def pages(self) -> int:
        """At most how many pages it reads."""
        return _MOST_PAGES_IN_BACKGROUND if self.background else _MOST_PAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class LostWrite:
    """A row that was sent, with what a search needs to find it."""

    row: LedgerRow
    facts: Mapping[str, Any]

    @property
    def sent_at(self) -> float:
        """When its first attempt left."""
        return self.row.sent_at[0] if self.row.sent_at else self.row.claimed_at

    def period(self, now: datetime) -> Period:
        """Return when the desk may have done it, by the desk's own clock."""
        row = self.row
        since = now - timedelta(seconds=row.read_at - self.sent_at)
        until = now - timedelta(seconds=row.read_at - (row.deadline or row.read_at))
        return since - _SLACK, until + _SLACK

    def candidates(self, reconciler: Reconciler, period: Period, response: Response | None) -> Candidates | None:
        """Return what a response shows of it; None where it cannot be read."""
        if response is None:
            return None
        mark = self.row.facts.mark if self.row.facts else ""
        try:
            return reconciler.parse(self.facts, period, mark, response)
        except CaseError:
            return None


def _batches(lost: Sequence[LostWrite]) -> Sequence[Sequence[LostWrite]]:
    """Return the rows in batches, each of what was sent within ten minutes."""
    batches: list[list[LostWrite]] = []
    for each in sorted(lost, key=_sent_at):
        if batches and each.sent_at - batches[-1][0].sent_at < _LONGEST_PERIOD:
            batches[-1].append(each)
        else:
            batches.append([each])
    return batches


def _sent_at(lost: LostWrite) -> float:
    return lost.sent_at


def _tool_of(lost: LostWrite) -> str:
    return lost.row.intent.tool


def _as_it_is(response: Response) -> Response:
    return response
