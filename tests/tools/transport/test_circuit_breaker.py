"""The circuit breaker: pure, with a clock of the tests."""

import pytest

from case_tools import Unavailable
from case_tools.transport.circuit_breaker import CircuitBreaker


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


def test_after_five_failures_in_a_row_calls_are_answered_at_once(clock: Clock) -> None:
    """Ours: four are not enough, and a success between them begins anew."""
    breaker = CircuitBreaker(monotonic=clock)
    for failed in (True, True, True, True, False, True, True, True, True):
        breaker.record(failed=failed)
        assert state_of(breaker) == "passes"
    breaker.record(failed=True)
    with pytest.raises(Unavailable) as caught:
        breaker.check("search_cases")
    assert (caught.value.changed, caught.value.retry_after) == ("nothing", 10.0)
    assert str(caught.value) == (
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
