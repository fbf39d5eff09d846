"""What an outage of half an hour leaves is settled within ten minutes, with a tenth of the account's rate."""

from collections import deque
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final

import pytest

from case_tools import KoreSettings, Settings
from case_tools.idempotency import IdempotencyLedger
from case_tools.pipeline.reconcile import LostWrites
from case_tools.state import Intent, SearchFacts, StateBackend, WriteOutcome
from case_tools.state.sqlite.backend import open_sqlite
from case_tools.state.sqlite.clock import BootClock
from case_tools.transport.call import DeskClock
from case_tools.transport.http_client import HttpClient
from case_tools.transport.rate_limit import RateLimit
from case_tools.transport.retry import RetryingClient
from case_tools.vendors.kore import connect
from loopback import LoopbackDesk, Received, Reply

pytestmark = pytest.mark.anyio

DESK: Final = "a desk"
OUTAGE: Final = 1800.0
RATE: Final = 60
PAGE: Final = 50
BUSY: Final = 900
"""Cases that others open during the outage."""


class Time:
    """The time of state and desk, moved instead of waited for; it counts the requests to the desk."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        self.began = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)
        self.requests: deque[float] = deque()

    def now(self) -> float:
        """Return the seconds since the outage began."""
        return self.elapsed

    def wall(self) -> datetime:
        """Return the time of the day."""
        return self.began + timedelta(seconds=self.elapsed)

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.elapsed += seconds

    def asked(self) -> None:
        """Count a request."""
        self.requests.append(self.elapsed)

    def most_in_a_minute(self) -> int:
        """Return the most requests within any minute."""
        return max(sum(1 for each in self.requests if at <= each < at + 60) for at in self.requests)


def facts(number: int) -> dict[str, Any]:
    """Return what was sent."""
    return {"name": f"Parcel {number}", "desc": "Late", "emailId": "jane.roe@example.com"}


class Desk:
    """A desk that has done some of what was sent, and much else."""

    def __init__(self, loopback: LoopbackDesk, time: Time) -> None:
        self._time = time
        self._cases: list[tuple[float, dict[str, Any]]] = []
        self.works = True
        loopback.answer = self._answer

    def opens(self, number: int, at: float) -> None:
        """Open a case."""
        case = {"_id": f"ci-{number}", "refId": f"CS{number:06}", **facts(number)}
        case["userInfo"] = {"name": "Jane Roe", "emailId": case.pop("emailId")}
        self._cases.append((at, case))

    def _answer(self, received: Received) -> Reply:
        self._time.asked()
        date = format_datetime(self._time.wall(), usegmt=True)
        if not self.works:
            return Reply.of({}, status=503, date=date)
        since, until = (datetime.fromisoformat(received.body[name]) for name in ("startDate", "endDate"))
        rows = []
        for at, case in sorted(self._cases, key=lambda each: each[0], reverse=True):
            created = self._time.began + timedelta(seconds=at)
            if since <= created <= until:
                rows.append({**case, "createdAt": created.isoformat()})
        first = received.body["skip"]
        part = rows[first : first + PAGE]
        page = {"results": part, "totalResults": len(rows), "hasMore": first + PAGE < len(rows)}
        return Reply.of(page, date=date)


async def left_open(state: StateBackend) -> int:
    """Return how many rows have no end."""
    return len(await state.ledger.open_rows(DESK))


@pytest.mark.parametrize("left", [20, 200, 600])
async def test_ten_minutes_after_an_outage_nothing_is_left_to_do(
    loopback: LoopbackDesk, account: KoreSettings, tmp_path: Path, left: int
) -> None:
    """Ours: 200 old rows used up the account's rate for as long as anybody watched."""
    time = Time()
    desk = Desk(loopback, time)
    settings = Settings(desk="kore", account=account, state=":memory:", rate=RATE)
    clock = BootClock(boot="a boot", elapsed=time.now)
    state = await open_sqlite(str(tmp_path / "state.db"), desk=DESK, clock=clock)
    desk_clock = DeskClock(time.wall)
    vendor = connect(account, settings, clock=desk_clock, nonce=lambda: "0")
    rate = RateLimit(0, take=lambda _: _granted(), monotonic=time.now)
    http = HttpClient(url=vendor.url, sign=vendor.headers, proxy=False, app=None)
    client = RetryingClient(vendor, http, rate_limit=rate, clock=desk_clock, observe=lambda _, __: None)
    lost = LostWrites(vendor, client, clock=desk_clock, permits=state.rate, rate=RATE, sleep=time.sleep)
    ledger = IdempotencyLedger(state, desk=DESK, find=lost.find, window=600)
    for number in range(left):
        time.elapsed = number * OUTAGE / left
        intent = Intent(key=f"k{number}", digest="d", desk=DESK, tool="create_case", named=False)
        await state.ledger.claim(intent, owner="me", window=600)
        await state.ledger.mark_sent(intent.key, owner="me", facts=SearchFacts(facts=facts(number)), seconds=25)
        await state.ledger.finish(intent.key, state="unknown")
        if number % 2:
            desk.opens(number, time.elapsed)
    for number in range(BUSY):
        desk.opens(10_000 + number, number * OUTAGE / BUSY)
    time.elapsed = OUTAGE
    desk.works = False
    assert await ledger.background.round() <= 60
    assert await left_open(state) == left
    desk.works = True
    time.requests.clear()
    while await left_open(state):
        time.elapsed += await ledger.background.round()
        assert time.elapsed < OUTAGE + 600, f"{await left_open(state)} of {left} rows are left"
    rows = [await state.ledger.get(f"k{number}") for number in range(left)]
    assert [(row.state, row.outcome, row.facts) for row in rows if row] == [
        ("found", WriteOutcome(ref=f"CS{number:06}", id=f"ci-{number}"), None)
        if number % 2
        else ("not_there", None, None)
        for number in range(left)
    ]
    assert time.most_in_a_minute() <= RATE // 10
    print(
        f"{left} rows: settled {time.elapsed - OUTAGE:.0f} s after the outage with {len(time.requests)} requests"
    )
    await ledger.close(1)
    await client.close()
    await state.close()


async def _granted() -> float:
    return 0.0
