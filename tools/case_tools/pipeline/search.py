"""Searches that take more than one request: by person or words, counts, and one case in full."""

import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeVar, cast

import anyio.to_thread

from case_tools.adapter.messages import Request, Resolved, Response
from case_tools.adapter.search import Comparison, RecordPage, Scan, SearchTool, Tally, counts_of
from case_tools.errors import CaseError
from case_tools.pipeline.invocation import Built
from case_tools.pipeline.learn import Learner
from case_tools.results import Page, ParsedRecord, Shown, moment
from case_tools.transport.call import Call, DeskClock
from case_tools.transport.retry import RetryingClient

_MOST_REQUESTS: Final = 5
_ROWS: Final = 50
_SHARED_SECONDS: Final = 60.0
_MOST_SHARED: Final = 64
_EVERYTHING: Final = Comparison()


T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    """A page, and when the desk gave it."""

    page: RecordPage
    at: datetime
    asked_now: bool = True


class Searches:
    """The searches of one desk.

    Args:
        client: sends requests.
        learner: learns the names that pages show.
        clock: the time, for `as_of`.
    """

    def __init__(self, client: RetryingClient, learner: Learner, clock: DeskClock) -> None:
        self._client = client
        self._learner = learner
        self._clock = clock
        self._shared: OrderedDict[str, tuple[float, _Answered]] = OrderedDict()

    async def run(self, built: Built) -> Page:
        """Make a search, with as many requests as it needs, at most five.

        Raises:
            CaseError: the desk refused it, or cannot be asked.
        """
        return await _Search(self, built).run()

    def forget(self) -> None:
        """Forget the pages that are shared, as a write may have changed them."""
        self._shared.clear()

    def allowed(self) -> int:
        """Return how many requests a search may take: a quarter of the rate that is left, at least one."""
        left = self._client.rate_left()
        return _MOST_REQUESTS if left is None else max(min(_MOST_REQUESTS, left // 4), 1)

    async def page(
        self, tool: SearchTool[Any], arguments: object, resolved: Resolved, call: Call, *, share: str = ""
    ) -> "_Answered":
        """Return one page: asked for now, or shared.

        Args:
            tool: the tool.
            arguments: the search.
            resolved: what names stand for.
            call: the deadline.
            share: the caller with whom the page is shared for a minute; empty for nobody.
        """
        request = tool.build_request(arguments, resolved)
        key = _digest(share, tool.name, request) if share else ""
        if key and (kept := self._shared.get(key)) and time.monotonic() - kept[0] < _SHARED_SECONDS:
            return replace(kept[1], asked_now=False)

        def parse(response: Response) -> RecordPage:
            found = tool.parse_records(arguments, request, response, resolved)
            self._learner.learn(found.names)
            return found

        answered = _Answered(page=await self.ask(request, parse, call), at=self._clock.own() + self._clock.offset)
        if key:
            self._shared[key] = (time.monotonic(), answered)
            if len(self._shared) > _MOST_SHARED:
                self._shared.popitem(last=False)
        return answered

    async def ask(self, request: Request, parse: Callable[[Response], T], call: Call) -> T:
        """Send one request of a search."""
        return await self._client.send(request, parse, call, scope="cases:read", effect="read")


class _Search:
    """One search on its way."""

    def __init__(self, searches: Searches, built: Built) -> None:
        self._searches = searches
        self._built = built
        self._tool = cast("SearchTool[Any]", built.invocation.tool)
        self._arguments = built.invocation.arguments
        self._resolved = built.resolved
        self._call = built.invocation.call
        self._left = _MOST_REQUESTS
        self._oldest: datetime | None = None

    async def run(self) -> Page:
        tally = self._tool.tally(self._arguments, self._resolved)
        if tally is not None:
            return await self._count(tally)
        scan = self._tool.scan(self._arguments)
        if scan is not None:
            self._left = self._searches.allowed()
            return await self._scan(scan)
        found = await self._get(self._arguments)
        if not found.records and not found.total:
            self._left = self._searches.allowed() - 1
            for other in self._tool.scans_after_nothing(self._arguments):
                if self._left > 0 and (page := await self._scan(other)).rows():
                    return page
        return await self._page(found)

    async def _get(self, arguments: object) -> RecordPage:
        return self._seen(await self._searches.page(self._tool, arguments, self._resolved, self._call))

    def _seen(self, answered: _Answered) -> RecordPage:
        self._oldest = min(self._oldest or answered.at, answered.at)
        return answered.page

    async def _page(self, found: RecordPage) -> Page:
        """Return a page of records; exactly one case in full is completed and shown whole."""
        shown, records = self._tool.shown(self._arguments), [*found.records]
        if shown.detail == "full" and len(records) == 1 and not found.has_more:
            shown = Shown(detail="full", times=shown.times, whole=True)
            records = [await self._completed(records[0])]
        # A page of other people's HTML takes up to a second; a thread lets other calls go on meanwhile.
        shown_page = await anyio.to_thread.run_sync(self._tool.page_of, records, shown)
        page = shown_page.model_copy(
            update={
                "total": found.total,
                "page": self._tool.place(self._arguments)[0],
                "has_more": found.has_more,
                "as_of": moment(self._oldest),
            }
        )
        notes = [*found.notes]
        if not records and not found.total:
            notes.append(self._tool.nothing_found(self._arguments, self._resolved))
        for note in filter(None, notes):
            page = page.noting(note)
        return page

    async def _completed(self, record: ParsedRecord) -> ParsedRecord:
        request = self._tool.rest_of(record)
        if request is None:
            return record

        def parse(response: Response) -> ParsedRecord:
            return self._tool.with_rest(record, response)

        try:
            return await self._searches.ask(request, parse, self._call)
        except CaseError:  # what the search has shown is worth more than nothing
            return record

    async def _scan(self, scan: Scan) -> Page:
        number, limit = self._tool.place(self._arguments)
        found = await self._look(scan, enough=number * limit + 1)
        matching = [record for record in found.records if scan.comparison.matches(record)]
        part = matching[(number - 1) * limit : number * limit]
        more = len(matching) > number * limit or found.has_more
        return await self._page(
            RecordPage(
                records=part,
                total=len(matching),
                has_more=more,
                notes=[scan.note, *found.notes, _coverage(found)],
            )
        )

    async def _look(self, scan: Scan, *, enough: int) -> RecordPage:
        """Return the records of a wider search, page by page until enough match or the requests are used."""
        records: list[ParsedRecord] = []
        number, used, page = 0, 0, RecordPage(records=(), total=0, has_more=True)
        while page.has_more and sum(map(scan.comparison.matches, records)) < enough:
            if used >= min(self._left, scan.pages):
                break
            number += 1
            arguments = scan.arguments.model_copy(update={"page": number, "limit": _ROWS})
            answered = await self._searches.page(
                self._tool, arguments, self._resolved, self._call, share=self._built.invocation.caller
            )
            page = self._seen(answered)
            used += answered.asked_now
            records += page.records
        self._left -= used
        return RecordPage(records=records, total=max(page.total, len(records)), has_more=page.has_more)

    async def _count(self, tally: Tally) -> Page:
        self._left = self._searches.allowed()
        scan = self._tool.scan(tally.arguments)
        if scan is None:
            scan = Scan(arguments=tally.arguments, comparison=_EVERYTHING)
            first = await self._look(replace(scan, pages=1), enough=_ROWS)
            pages_left = -(-(first.total - len(first.records)) // _ROWS)
            by_value = bool(tally.values) and len(tally.values) - 1 <= self._left
            if first.has_more and pages_left > self._left and by_value:
                return await self._count_values(tally, first.total)
        found = await self._look(scan, enough=_MOST_REQUESTS * _ROWS)
        counted = [record for record in found.records if scan.comparison.matches(record)]
        return self._counts(counts_of(counted, tally.by), len(counted), _coverage(found))

    async def _count_values(self, tally: Tally, total: int) -> Page:
        """Count by the desk's own totals: one request a value; the last value is what is left of the whole."""
        counts: dict[str, int] = {}
        for value in tally.values[:-1]:
            only = self._tool.only(tally.arguments, tally.by, value).model_copy(update={"page": 1, "limit": 1})
            counts[value] = (await self._get(only)).total
        rest = total - sum(counts.values())
        note = f"{tally.values[-1]} is what is left of the total, other values included."
        return self._counts({**counts, tally.values[-1]: max(rest, 0)}, total, note)

    def _counts(self, counts: Mapping[str, int], total: int, note: str) -> Page:
        page = self._tool.page_of((), Shown()).model_copy(
            update={
                "total": total,
                "page": 1,
                "has_more": False,
                "as_of": moment(self._oldest),
                "counts": {name: count for name, count in counts.items() if count},
            }
        )
        return page.noting(note) if note else page


def _coverage(found: RecordPage) -> str:
    if not found.has_more:
        return ""
    seen, total = len(found.records), found.total
    return f"Found in the first {seen:,} of {total:,}, in the order of the search; narrow by date for others."


def _digest(*parts: object) -> str:
    text = json.dumps([_json(part) for part in parts], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _json(part: object) -> object:
    if isinstance(part, Request):
        return [part.method, part.template, dict(part.path), list(part.query), part.body]
    return part
