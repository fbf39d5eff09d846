"""The account's allowance, the stop after repeated failure, the pauses: pure, with a clock of the tests."""

import pytest

from case_tools import RateLimited, Unavailable
from case_tools.transport.rate_limit import CircuitBreaker, RateLimit, pause

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


def state_of(breaker: CircuitBreaker) -> str:
    """Tell whether the breaker lets a request pass."""
    try:
        breaker.check("search_cases")
    except Unavailable:
        return "stopped"
    return "passes"


async def test_a_call_that_would_wait_past_its_deadline_is_refused_with_the_seconds(clock: Clock) -> None:
    """Ours: whoever waits in vain is told at once, and for how long."""

    async def take(_: int) -> float:
        return 12.2

    with pytest.raises(RateLimited) as told:
        await RateLimit(60, take=take, monotonic=clock).wait(110)
    assert (told.value.changed, told.value.retry_after) == ("nothing", 12.2)
    assert str(told.value) == (
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


def test_after_five_failures_in_a_row_calls_are_answered_at_once(clock: Clock) -> None:
    """Ours: four are not enough, and a success between them begins anew."""
    breaker = CircuitBreaker(monotonic=clock)
    for failed in (True, True, True, True, False, True, True, True, True):
        breaker.record(failed=failed)
        assert state_of(breaker) == "passes"
    breaker.record(failed=True)
    with pytest.raises(Unavailable) as told:
        breaker.check("search_cases")
    assert (told.value.changed, told.value.retry_after) == ("nothing", 10.0)
    assert str(told.value) == (
        "The desk does not answer: search_cases was not sent, as 5 requests in a row failed. Nothing was changed. "
        "Try again in 10 seconds; it is tried anew then."
    )


def test_a_probe_is_let_through_every_ten_seconds_and_only_one(clock: Clock) -> None:
    """Ours: the others are still answered at once, until the probe has succeeded."""
    breaker = CircuitBreaker(monotonic=clock)
    for _ in range(5):
        breaker.record(failed=True)
    clock.now += 9.9
    assert state_of(breaker) == "stopped"
    clock.now += 0.1
    assert [state_of(breaker) for _ in range(3)] == ["passes", "stopped", "stopped"]
    breaker.record(failed=True)
    clock.now += 9.9
    assert state_of(breaker) == "stopped"
    clock.now += 0.1
    assert state_of(breaker) == "passes"
    breaker.record(failed=False)
    assert [state_of(breaker) for _ in range(3)] == ["passes", "passes", "passes"]


def test_a_probe_that_never_comes_back_does_not_stop_the_next(clock: Clock) -> None:
    """Ours: its caller may have gone away."""
    breaker = CircuitBreaker(monotonic=clock)
    for _ in range(5):
        breaker.record(failed=True)
    clock.now += 10
    assert state_of(breaker) == "passes"
    clock.now += 10
    assert state_of(breaker) == "passes"


def test_pauses_grow_with_chance_and_give_way_to_what_the_desk_asks() -> None:
    """Ours: between half and the whole of 0.25, 0.5, 1 ... at most 4 seconds."""
    silent = Unavailable("The desk failed.", next_step="Try again.")
    guessed = RateLimited("Too many.", next_step="Wait.", retry_after=60)
    asked = RateLimited("Too many.", next_step="Wait.", retry_after=7, by_desk=True)
    for error in (silent, guessed):
        for repeats, ceiling in enumerate([0.25, 0.5, 1, 2, 4, 4]):
            drawn = [pause(error, repeats) for _ in range(50)]
            assert ceiling / 2 <= min(drawn) < max(drawn) <= ceiling
    assert pause(asked, 0) == 7
