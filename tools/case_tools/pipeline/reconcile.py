"""The search for a write whose response was lost, page by page."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from case_tools.adapter.vendor import Vendor
from case_tools.errors import CaseError
from case_tools.idempotency import Found, Row
from case_tools.transport.call import Call, DeskClock
from case_tools.transport.retry import Sender

_SLACK: Final = timedelta(minutes=2)
"""What clocks may differ, and seconds be cut, between when we sent and when the desk says that it created."""

_MOST_PAGES: Final = 5
_NOT_SEARCHABLE: Final = Found(records=(), conclusive=False)


class LostWrites:
    """Searches for what a row of the ledger sent.

    Args:
        vendor: its tools know how their writes are found.
        sender: sends the searches.
        clock: the desk's time.
        timeout: for how many seconds a request can be under way.
    """

    def __init__(self, vendor: Vendor, sender: Sender, *, clock: DeskClock, timeout: float) -> None:
        self._vendor = vendor
        self._sender = sender
        self._clock = clock
        self._timeout = timedelta(seconds=timeout)

    async def find(self, row: Row, deadline: float) -> Found | None:
        """Return what a search shows; None where the desk cannot be searched now."""
        tool = self._vendor.tools.get(row.intent.tool)
        reconciler = tool.reconciler if tool else None
        facts = row.sought.facts if row.sought else None
        if tool is None or reconciler is None or facts is None or row.sought is None or row.sent_at is None:
            return _NOT_SEARCHABLE
        since, until = (datetime.fromtimestamp(each, UTC) + self._clock.offset for each in row.sent_at)
        period = (since - _SLACK, until + self._timeout + _SLACK)
        parse = partial(reconciler.parse, facts, period, row.sought.mark)
        call = Call(tool=f"the search for what {row.intent.tool} sent", deadline=deadline)
        for page in range(1, _MOST_PAGES + 1):
            request = reconciler.search(facts, period, page)
            try:
                shown = await self._sender.ask(request, parse, call, scope="cases:read", effect="read")
            except CaseError:
                return None
            if shown.records or not shown.more:
                created = tool.usual_effect == "create"
                return Found(records=shown.records, conclusive=shown.conclusive, exclusive=created)
        return _NOT_SEARCHABLE
