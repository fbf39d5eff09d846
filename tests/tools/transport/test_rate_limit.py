"""The account's requests a minute: pure, with a clock of the tests."""

import pytest

from case_tools import RateLimited
from case_tools.transport.rate_limit import RateLimit

pytestmark = pytest.mark.anyio


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Return what the test has set."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Give a clock that stands still."""
    return Clock()


async def test_a_call_that_would_wait_past_its_deadline_is_refused_with_the_seconds(clock: Clock) -> None:
    """Ours: whoever waits in vain fails at once with the seconds to wait."""

    async def take(_: int) -> float:
        return 12.2

    with pytest.raises(RateLimited) as caught:
        await RateLimit(60, take=take, monotonic=clock).wait(110)
    assert (caught.value.changed, caught.value.retry_after) == ("nothing", 12.2)
    assert str(caught.value) == (
        "The account's allowance of 60 requests a minute (CASE_MCP_RATE) is used up. Nothing was changed. "
        "Wait 13 seconds, then repeat the call."
    )


async def test_a_call_whose_turn_comes_in_time_waits_for_it_and_asks_again(clock: Clock) -> None:
    """Ours: another process may have taken the place meanwhile."""
    waits = [0.001, 0.002, 0.0]
    asked: list[int] = []

    async def take(rate: int) -> float:
        asked.append(rate)
        return waits.pop(0)

    await RateLimit(60, take=take, monotonic=clock).wait(110)
    assert asked == [60, 60, 60]


async def test_an_allowance_of_nought_is_none(clock: Clock) -> None:
    """Documented: 0 is unlimited; nothing is counted then."""

    async def take(_: int) -> float:
        raise AssertionError

    await RateLimit(0, take=take, monotonic=clock).wait(0)
